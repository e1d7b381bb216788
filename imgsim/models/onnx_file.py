"""An ONNX file with a header, written by torch. Of imgsim's models, all are."""

from __future__ import annotations

import io
import os
import warnings
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from imgsim.errors import MissingDependencyError, WeightsError
from imgsim.models.header import KINDS, Header, write_header
from imgsim.models.tensors import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


def require_onnx() -> None:
    """Raise MissingDependencyError where onnx is not installed, before anything is downloaded or traced."""
    if find_spec("onnx") is None:
        raise MissingDependencyError("onnx", "deep")


def write_onnx(
    network: torch.nn.Module, sample: torch.Tensor, header: Header, axes: dict[int, str], what: str
) -> bytes:
    """Export a network with a header; `axes` are those of any length, of what it gives as far as it has them.

    `what` names it in errors.
    """
    kind, buffer = KINDS[header.kind], io.BytesIO()
    require_onnx()
    given = {axis: name for axis, name in axes.items() if axis < kind.axes}
    with warnings.catch_warnings(), _silent(1), _silent(2):
        warnings.simplefilter("ignore")  # the exporter calls itself old; the new one takes eight times as long
        try:
            torch.onnx.export(
                network,
                (sample,),
                buffer,  # type: ignore[arg-type]
                input_names=[kind.takes],
                output_names=[kind.gives],
                dynamic_axes={kind.takes: axes, kind.gives: given},
                opset_version=17,
                dynamo=False,
            )
        except torch.onnx.OnnxExporterError as error:
            reason = str(error).partition("\n")[0].partition("  [")[0].partition(". Please")[0]
            raise WeightsError(f"{what} cannot be exported ({reason})") from error
    return write_header(buffer.getvalue(), header)


@contextmanager
def _silent(descriptor: int) -> Iterator[None]:
    """Let nothing be written to a file descriptor: torch does so from C++, a whole graph where it fails at one."""
    try:
        kept = os.dup(descriptor)
    except OSError:  # it is closed
        yield
        return
    with open(kept, "wb"), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), descriptor)
        try:
            yield
        finally:
            os.dup2(kept, descriptor)
