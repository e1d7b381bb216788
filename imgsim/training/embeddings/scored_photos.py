"""Photos whose labels are scores: how they are dealt to parts, and whether each part has near and far ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import EvaluationError
from imgsim.evaluation.score_widths import Widths, find_widths
from imgsim.evaluation.triplet_decisions import find_partners
from imgsim.training.embeddings.splits import check_shares, deal_classes
from imgsim.training.split_file import PARTS, UNUSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.training.split_file import SplitPhotos


def split_scored(
    scored: NDArray[np.bool_],
    copies: NDArray[np.intp],
    groups: NDArray[np.intp] | None,
    *,
    shares: Sequence[float],
    seed: int,
) -> NDArray[np.int8]:
    """Give photos (N,) their parts: 0 train, 1 validation, 2 test, -1 those without a score or a group.

    Photos of one number in `copies` (N,) stay together, and so do those of one of `groups` (N,), -1 being none.
    """
    check_shares(shares, shares[:2])
    units = np.where(scored, copies if groups is None else groups, UNUSED)
    if not (units >= 0).any():
        raise EvaluationError("no photo has a score" + " and a group" * (groups is not None))
    parts = deal_classes(units, copies, shares, np.random.default_rng(seed))
    for number, part in enumerate(PARTS):
        if shares[number] and not (parts == number).any():
            what = "photos that are not copies" if groups is None else "groups"
            told = f"{len(np.unique(units[units >= 0]))} {what} are too few to give any to {part}"
            raise EvaluationError(f"{told}: give more, or other shares")
    return parts


def widths_for(widths: str, split: SplitPhotos) -> Widths | None:
    """Read widths, ``5:30``, quantiles being those of the photos that train; None where there are none."""
    if not widths:
        return None
    within, _, beyond = widths.partition(":")
    return find_widths("widths", within, beyond, split.scores[split.asked("train")])


def check_partners(split: SplitPhotos, widths: Widths) -> None:
    """Make sure that in each part that judges a photo has a near one and a far one."""
    for part in PARTS[1:]:
        scores = split.scores[split.asked(part)]
        pairs = (find_partners(scores, place, widths) for place in range(len(scores)))
        if len(scores) and not any(near.any() and far.any() for near, far in pairs):
            told = f"none of its {len(scores)} photos, scored {scores.min():g} to {scores.max():g}, has both"
            apart = f"one within {widths.within:g} and one beyond {widths.beyond:g}"
            raise EvaluationError(f"widths: {part}: {told} {apart}: give other widths, or more photos")
