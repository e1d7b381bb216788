"""Models that OpenCV runs, TFLite or ONNX, of which a small file beside them says what they take and give."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from imgsim.core import Scale
from imgsim.errors import WeightsError
from imgsim.images.opencv import cv2
from imgsim.segment.base_segmenter import NO_FILE, LabelMap, LoadedSegmenter, PhotoFile, SegmenterSpec
from imgsim.segment.dnn_description import DnnDescription, read_description
from imgsim.segment.label_names import with_background

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Image


@dataclass(frozen=True)
class DnnSegmenter(LoadedSegmenter):
    """Label a photo's pixels by a model that OpenCV runs: scores of pixels, or boxes around things.

    Parameters
    ----------
    model : str
        A JSON file that describes it, see docs/segmenting.md.
    sha256 : str
        Of the model and of what describes it.
    """

    model: str
    sha256: str = ""

    paper: ClassVar[str] = "as its model's"

    def __post_init__(self) -> None:
        description = read_description(self.model)
        if self.sha256 not in ("", description.sha256):
            told = f"{self.model}: the model, or its description, is another than before: name it anew"
            raise WeightsError(told)
        object.__setattr__(self, "model", description.path)
        object.__setattr__(self, "sha256", description.sha256)
        _ = self._network  # what OpenCV cannot parse is told at once

    @property
    def spec(self) -> SegmenterSpec:
        """What rebuilds this segmenter."""
        return SegmenterSpec("dnn", (("model", self.model), ("sha256", self.sha256)), 1)

    @property
    def names(self) -> tuple[str, ...]:
        """What its labels mean, the background first."""
        return self._description.names

    @property
    def scale(self) -> Scale:
        """How large the image is that it wants."""
        return Scale(max(self._description.size), exact=False)

    def segment(self, image: Image, photo: PhotoFile = NO_FILE) -> LabelMap:
        """Label the pixels of an image (H, W, 3), which is squeezed into the size that the model takes: (H, W)."""
        del photo
        answer, shape = self._run(image), image.shape[:2]
        described = self._description
        if described.gives == "boxes":
            return self._draw_boxes(answer, shape)
        scores = np.squeeze(answer, 0) if answer.ndim == 4 else answer
        scores = scores.transpose(2, 0, 1) if described.layout == "NHWC" else scores
        expected = 1 if described.gives == "mask" else len(described.labels)
        if scores.ndim != 3 or len(scores) != expected:
            told = f"{self.model}: its model gives {answer.shape}, not maps of {expected} score{'s' * (expected != 1)}"
            raise WeightsError(told)
        larger = [cv2.resize(np.ascontiguousarray(one), shape[::-1]) for one in scores.astype(np.float32)]
        if described.gives == "mask":
            return (larger[0] >= described.threshold).astype(np.uint8)
        places = np.array(with_background(described.labels)[1], np.uint8)
        best: LabelMap = places[np.argmax(larger, axis=0)]
        return best

    def _draw_boxes(self, answer: NDArray[np.float32], shape: tuple[int, int]) -> LabelMap:
        """Fill the boxes that are sure enough, the surest last: (H, W)."""
        described = self._description
        if answer.shape[-1] != len(described.columns):
            told = f"{self.model}: its model gives {answer.shape}, not boxes of {len(described.columns)} columns"
            raise WeightsError(told)
        rows = dict(zip(described.columns, answer.reshape(-1, len(described.columns)).T, strict=True))
        labels = np.zeros(shape, np.uint8)
        size = (1.0, 1.0) if described.units == "share" else described.size
        order = np.argsort(rows["score"], kind="stable")
        for place in order[rows["score"][order] >= described.threshold].tolist():
            label = round(float(rows["label"][place])) - described.first
            if 0 <= label < len(described.labels):
                left, right = (round(float(rows[name][place]) / size[0] * shape[1]) for name in ("left", "right"))
                top, bottom = (round(float(rows[name][place]) / size[1] * shape[0]) for name in ("top", "bottom"))
                labels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = 1 + label
        return labels

    def _run(self, image: Image) -> NDArray[np.float32]:
        described = self._description
        resized = cv2.resize(np.ascontiguousarray(image), described.size, interpolation=cv2.INTER_AREA)
        pixels = resized[..., ::-1] if described.channels == "bgr" else resized
        values = (pixels.astype(np.float32) / 255 - np.array(described.mean, np.float32)) / np.array(
            described.deviation, np.float32
        )
        network: Any = self._network
        try:
            network.setInput(np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32))
            answer = network.forward(described.output) if described.output else network.forward()
        except cv2.error as error:
            told = f"{described.file}: OpenCV cannot run it on {described.size[0]} x {described.size[1]} pixels"
            raise WeightsError(f"{told} ({_reason(error)})") from error
        return np.asarray(answer, np.float32)

    @cached_property
    def _description(self) -> DnnDescription:
        return read_description(self.model)

    @cached_property
    def _network(self) -> Any:  # noqa: ANN401 (OpenCV's own)
        try:
            return cv2.dnn.readNet(self._description.file)
        except cv2.error as error:
            told = f"{self._description.file}: OpenCV {cv2.__version__} cannot parse it ({_reason(error)})"
            raise WeightsError(told) from error


def _reason(error: Exception) -> str:
    """Give what OpenCV says is wrong, without where in its source."""
    text = " ".join(str(error).split()).partition("error: ")[2] or " ".join(str(error).split())
    return text.partition(") ")[2][:100] or text[:100]
