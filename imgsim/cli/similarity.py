"""The column `similarity`: 1 - distance, of the metrics that it means something for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.index.index import Index

SIMILARITY = "similarity"
COSINES = ("cosine", "centred_cosine", "correlation")


def without_similarity(index: Index, names: Sequence[str] | None) -> tuple[Sequence[str] | None, bool]:
    """Take the similarity out of what is to be shown, and tell whether it was in; an attribute so named goes first."""
    if not names or SIMILARITY not in names or SIMILARITY in index.facts.types():
        return names, False
    return tuple(name for name in names if name != SIMILARITY), True


def check_similarity(index: Index, extractors: Sequence[str], metric: str | None, *, by_photo: bool) -> None:
    """Make sure that 1 - distance is a similarity."""
    if not by_photo:
        raise ParameterError("similarity is about comparing photos: name a PHOTO")
    metrics = index.distance(extractors, metric).metrics
    if len(metrics) > 1:
        raise ParameterError(
            f"similarity is 1 - distance by cosine of one extractor, and here {len(metrics)} are fused: name one"
        )
    if metrics[0] not in COSINES:
        raise ParameterError(
            f"similarity is 1 - distance by {', '.join(COSINES[:-1])} or {COSINES[-1]}, and here distances are by "
            f"{metrics[0]}"
        )
