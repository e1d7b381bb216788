"""From a name in the shell, or a spec in an index, to a segmenter."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, NamedTuple, get_type_hints

from imgsim.errors import ExtractorMismatchError, ParameterError, UnknownNameError
from imgsim.models.model_shelf import DIGITS
from imgsim.models.segmenter_model import SEGMENTER_MODELS
from imgsim.naming import typed_params
from imgsim.registry import Registry
from imgsim.segment.label_names import label_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imgsim.segment.base_segmenter import Segmenter, SegmenterSpec

Labels = tuple[tuple[str, ...], ...]  # of each part that is asked for, those that it joins

SEGMENTERS: Registry[Callable[..., Segmenter]] = Registry(
    "segmenter",
    {
        "dnn": "imgsim.segment.dnn:DnnSegmenter",
        "grabcut": "imgsim.segment.grabcut:GrabCut",
        "mask": "imgsim.segment.mask_files:MaskFiles",
        "segformer": "imgsim.segment.segformer:SegFormer",
    },
)
NO_SEGMENTER = "none"  # what is typed for whole photos
SETTLED = ("sha256",)  # a parameter that nobody types: the digest of what was loaded


class AskedParts(NamedTuple):
    """A segmenter, and which parts of a photo are wanted by its labels."""

    segmenter: Segmenter
    labels: Labels


def load_parts(text: str) -> AskedParts:
    """Load the segmenter and the labels that a text names, ``NAME[:key=value,...,LABEL[+LABEL],...]``.

    Each LABEL is a part of its own, several with ``+`` are one; without any, each label that a photo has is one.

    Examples
    --------
    >>> asked = load_parts("grabcut:size=96")
    >>> asked.segmenter.size, asked.labels
    (96, (('thing',),))
    """
    name, colon, rest = text.partition(":")
    items = [item.strip() for item in rest.split(",")] if colon else []
    if not name or not all(items):
        raise ParameterError(f"{text!r}: write NAME[:LABEL,...], for example grabcut, or segformer:dress,bag")
    if name == SEGMENTER_MODELS.title:  # as `imgsim models` writes them
        meant = f"segformer:model={rest}" if DIGITS.fullmatch(rest) else rest or "NAME"
        raise ParameterError(f"{text!r}: write {meant}")
    params = dict(item.split("=", 1) for item in items if "=" in item)
    segmenter = load_segmenter(*means_segmenter(name, params))
    return AskedParts(segmenter, choose_labels(segmenter, [item for item in items if "=" not in item]))


def means_segmenter(name: str, params: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Put the segmenter that runs it in place of an imported model's name."""
    if name not in SEGMENTERS and name in SEGMENTER_MODELS.names():
        return "segformer", {"model": name, **params}
    return name, params


def load_segmenter(name: str, params: dict[str, str]) -> Segmenter:
    """Load a segmenter by its name, or that of an imported model, and its parameters as they were typed."""
    if name not in SEGMENTERS:
        raise UnknownNameError("segmenter", name, [*SEGMENTERS, *SEGMENTER_MODELS.names()])
    factory: Any = SEGMENTERS.load(name)
    declared = get_type_hints(factory)
    taken = {field.name for field in fields(factory)} - {*SETTLED}
    lacking = [one.name for one in fields(factory) if one.default is MISSING and one.name not in params]
    if lacking:
        raise ParameterError(f"{name} needs its {lacking[0]}: {name}:{lacking[0]}=...")
    typed = typed_params(name, params, {key: hint for key, hint in declared.items() if key in taken})
    segmenter: Segmenter = factory(**typed)
    return segmenter


def build_segmenter(spec: SegmenterSpec, *, renewed: bool = False) -> Segmenter:
    """Rebuild the segmenter that a spec describes; ExtractorMismatchError if it would make other maps now.

    `renewed`, what is there now under its parameters, be its files others or not; imported weights are meant as before.
    """
    params = dict(spec.params)
    if renewed and len(params) > 1:  # the digest is not all there is to find it by
        params.pop("sha256", None)
    try:
        segmenter = SEGMENTERS.load(spec.name)(**params)
    except TypeError as error:
        raise ParameterError(f"{spec.name} takes no such parameters as {dict(spec.params)}") from error
    if segmenter.spec != spec and not renewed:
        raise ExtractorMismatchError(f"{spec} was another version of it, or had other weights: name it anew")
    return segmenter


def choose_labels(segmenter: Segmenter, wanted: Sequence[str]) -> Labels:
    """Find which of a segmenter's labels are wanted, all without any; UnknownNameError for one that it does not know.

    Capitals and spaces count for nothing: ``upper-clothes`` is Upper clothes.
    """
    known = {label_key(name): name for name in segmenter.names[1:]}
    if not wanted:
        return tuple((name,) for name in segmenter.names[1:])
    joined = [tuple(label_key(label) for label in text.split("+")) for text in wanted]
    for label in (label for labels in joined for label in labels):
        if label not in known:
            raise UnknownNameError(f"label of {segmenter.spec.name}", label, known)
    return tuple(dict.fromkeys(tuple(known[label] for label in labels) for labels in joined))
