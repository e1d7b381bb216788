"""How well a classifier's probabilities say what photos show: as a whole, class by class, and how far to trust them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.evaluation.intervals import wilson
from imgsim.evaluation.label_figures import LabelFigures, judge_labels
from imgsim.evaluation.probabilities import CONFIDENCE_BINS, Reliability, measure_reliability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassJudgement:
    """Figures of N photos; which classes (K, K) were taken for which; how sure answers were, in bins, and how right."""

    labels: tuple[str, ...]
    figures: LabelFigures
    confusion: NDArray[np.intp]
    reliability: Reliability
    confidence: float  # the mean probability of what was said

    def to_row(self) -> dict[str, Any]:
        """Name the figures as a whole."""
        calibration = {"ece": self.reliability.calibration_error, "confidence": self.confidence}
        return {**self.figures.to_row(), **{name: round(value, 4) for name, value in calibration.items()}}

    def class_rows(self) -> list[dict[str, Any]]:
        """Name the figures of each class: of how many photos, and what else they are said to be most often."""
        return [self._class_row(place) for place in range(len(self.labels))]

    def _class_row(self, place: int) -> dict[str, Any]:
        right = int(self.confusion[place, place])
        photos, said = int(self.confusion[place].sum()), int(self.confusion[:, place].sum())
        recall = wilson(right, photos)
        others = np.where(np.arange(len(self.labels)) == place, 0, self.confusion[place])
        most = int(others.argmax())
        return {
            "class": self.labels[place],
            "photos": photos,
            "precision": round(right / said, 4) if said else None,
            "recall": round(recall.value, 4) if photos else None,
            "recall_low": round(recall.low, 4) if photos else None,
            "recall_high": round(recall.high, 4) if photos else None,
            "f1": round(2 * right / (photos + said), 4) if photos + said else None,
            "taken_for": self.labels[most] if others[most] else "",
            "times": int(others[most]),
        }


def judge_classes(
    probabilities: NDArray[np.floating], truth: NDArray[np.intp], labels: Sequence[str], *, seed: int = 0
) -> ClassJudgement:
    """Judge probabilities (N, C) of classes by those that photos are of, (N,).

    Examples
    --------
    >>> judged = judge_classes(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 1]), ["bag", "coat"])
    >>> judged.confusion.tolist(), judged.class_rows()[1]["taken_for"], round(judged.to_row()["ece"], 2)
    ([[1, 0], [1, 0]], 'bag', 0.35)
    """
    said = probabilities.argmax(axis=1)
    confusion = np.zeros((len(labels), len(labels)), np.intp)
    np.add.at(confusion, (truth, said), 1)
    sure = probabilities.max(axis=1)
    return ClassJudgement(
        tuple(labels),
        judge_labels(probabilities, truth, seed=seed),
        confusion,
        measure_reliability(np.minimum(sure, 1.0), said == truth, bins=CONFIDENCE_BINS),
        float(sure.mean()),
    )
