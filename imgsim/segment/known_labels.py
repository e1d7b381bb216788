"""Which labels segmenters know, told without loading them: NumPy is not imported, nor what runs their models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.models.header import SEGMENTER, read_header
from imgsim.models.segmenter_model import find_segmenter
from imgsim.segment.dnn_description import read_description
from imgsim.segment.label_lists import MATLAB, find_list, read_list
from imgsim.segment.label_names import THING, with_background

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Labels = tuple[str, ...]


def known_labels(name: str, params: Mapping[str, str]) -> Labels:
    """List what a segmenter of the table knows besides the background; nothing where only loading it would tell."""
    told = _TOLD.get(name)
    return told(params) if told else ()


def _of_described(params: Mapping[str, str]) -> Labels:
    return read_description(params["model"]).names[1:]


def _of_masks(params: Mapping[str, str]) -> Labels:
    """List what a text beside masks names: MATLAB's lists take SciPy, and numbers without names are any."""
    path = find_list(params["folder"])
    return () if path.endswith(MATLAB) else read_list(path)[1:] if path else (THING,)


def _of_imported(params: Mapping[str, str]) -> Labels:
    model = find_segmenter(params.get("sha256") or params.get("model", ""))
    return with_background(read_header(model.path, SEGMENTER).details["names"])[0][1:]


_TOLD: dict[str, Callable[[Mapping[str, str]], Labels]] = {
    "dnn": _of_described,
    "grabcut": lambda _: (THING,),
    "mask": _of_masks,
    "segformer": _of_imported,
}
