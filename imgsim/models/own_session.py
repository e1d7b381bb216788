"""A network that somebody brought as an ONNX file, run as its own kind of a trunk: RGB images in, maps out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.errors import WeightsError
from imgsim.models.session import Session

if TYPE_CHECKING:
    import onnxruntime
    from numpy.typing import NDArray

TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class OwnSession(Session):
    """Brings images into the form that its header tells of, and what comes out of them into that of maps."""

    def _check(self) -> None:
        """Make sure that the graph has the input and the output that its header names."""
        details = self.header.details
        inputs = {one.name: one.type for one in self._session.get_inputs()}
        outputs = {one.name for one in self._session.get_outputs()}
        if [*inputs] != [details["input"]] or details["output"] not in outputs or not {*inputs.values()} <= {*TYPES}:
            raise WeightsError(f"not a network as it was imported: it does not make {details['output']} of images")
        self._dtype = TYPES[inputs[details["input"]]]
        self.takes_any_size = details["sizes"] == "any"

    def _compute(self, values: NDArray[np.float32], options: onnxruntime.RunOptions) -> NDArray[np.float32]:
        details = self.header.details
        given = laid_out(values, details["layout"], details["channels"]).astype(self._dtype)
        return to_maps(self._session.run([details["output"]], {details["input"]: given}, options)[0], details["axes"])


def laid_out(images: NDArray[np.float32], layout: str, channels: str) -> NDArray[np.float32]:
    """Bring RGB images (N, 3, H, W) into a layout, and their channels into an order."""
    ordered = images[:, ::-1] if channels == "bgr" else images
    return np.ascontiguousarray(ordered.transpose(0, 2, 3, 1) if layout == "NHWC" else ordered)


def to_maps(answer: NDArray[Any], axes: str) -> NDArray[np.float32]:
    """Bring rows, rows of tokens or maps of any layout into maps (N, C, h, w); what has other axes stays as it is."""
    if answer.ndim != len(axes):
        return answer
    if axes == "NHWC":
        answer = answer.transpose(0, 3, 1, 2)
    elif axes == "NTC":
        answer = answer.transpose(0, 2, 1)[..., None]
    elif axes == "NC":
        answer = answer[:, :, None, None]
    return np.ascontiguousarray(answer, np.float32)
