"""What a classifier answers: its labels by probability, or first of all that it is none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.features.classifier import Classifier

DIGITS = 6  # of probabilities, as they are told and kept


@runtime_checkable
class Unsure(Protocol):
    """A classifier that may answer that a photo shows nothing of what it knows."""

    @property
    def other(self) -> str:
        """The label that says so."""

    @property
    def threshold(self) -> float:
        """The probability that another label needs to be the answer."""


class RankedLabel(NamedTuple):
    """A label that a photo may have: 1 is the answer's rank."""

    rank: int
    label: str
    probability: float


def rank_labels(classifier: Classifier, row: NDArray[np.float32], k: int | None = None) -> list[RankedLabel]:
    """Rank the labels of a photo by its row of probabilities (C,), the first k or all; equal ones as the columns stand.

    What stands for no label comes first where nothing reaches the classifier's threshold, and last elsewhere.
    """
    labels = classifier.labels
    order = np.argsort(-row, kind="stable").tolist()
    if isinstance(classifier, Unsure):
        place = labels.index(classifier.other)
        order.remove(place)
        order.insert(0 if row[order[0]] < classifier.threshold else len(order), place)
    return [
        RankedLabel(rank, labels[place], round(float(row[place]), DIGITS)) for rank, place in enumerate(order[:k], 1)
    ]
