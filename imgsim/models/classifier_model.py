"""Classifiers in the model cache, and what their files say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgsim.errors import WeightsError
from imgsim.models.header import CLASSIFIERS, KINDS, LONGEST, Header
from imgsim.models.header_details import LONGEST_TEXT, is_text
from imgsim.models.model_shelf import ModelShelf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.models.architectures import Preprocessing

CLASSIFIER_MODELS = ModelShelf("classifier", "classifiers.json", CLASSIFIERS)


def check_labels(labels: Sequence[str]) -> None:
    """Raise WeightsError where a class has a name that a model file cannot have."""
    for label in labels:
        if not is_text(label):
            told = f"a name is printable, and of {LONGEST_TEXT} characters at most: rename the class"
            raise WeightsError(f"class {label[:60]!r}: {told}")
    if len(set(labels)) < len(labels):
        raise WeightsError("two classes have the same name")


def classifier_header(
    kind: str,
    labels: Sequence[str],
    details: Mapping[str, Any],
    parents: Mapping[str, str],
    *,
    images: Preprocessing | None = None,
    licence: str = "",
) -> Header:
    """Make the header of a classifier of these classes, in the order of its probabilities; WeightsError if too long.

    `parents` are SHA-256: of `photos`, what it learned from, and of what else it was made of.
    """
    check_labels(labels)
    outputs = {KINDS[kind].gives: ("n", len(labels))}
    header = Header(kind, parents, images, outputs, {"labels": list(labels), **details}, licence)
    if len("".join(header.to_properties().values())) > LONGEST // 2:
        raise WeightsError(f"{len(labels):,} classes have names too long for a model file: give shorter ones")
    return header
