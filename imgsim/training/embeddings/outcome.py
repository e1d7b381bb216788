"""What a trained network came to on photos that it did not learn from, beside what it began as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.evaluation.intervals import Estimate, bootstrap, wilson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from imgsim.training.embeddings.retrieval_figures import RetrievalFigures

TRAINED, MAPPED = "embedding", "linear"  # whose rows: the trained network's, and those of a linear map of the pooled
POOLED = "pooled"  # the backbone's rows before training: what others are compared with


class Outcome(NamedTuple):
    """Figures of some rows on a part's photos, and how far their recall@1 is above the pooled rows'."""

    part: str
    rows: str
    photos: int
    classes: int
    recall: Estimate
    precision: float
    gain: Estimate | None

    def to_row(self) -> dict[str, Any]:
        """Name its figures."""
        gain = self.gain or Estimate(float("nan"), float("nan"), float("nan"))
        figures = {
            "recall@1": self.recall.value,
            "low": self.recall.low,
            "high": self.recall.high,
            "map@r": self.precision,
            "gain": gain.value,
            "gain_low": gain.low,
            "gain_high": gain.high,
        }
        told = {name: None if np.isnan(value) else round(value, 4) for name, value in figures.items()}
        return {"part": self.part, "rows": self.rows, "photos": self.photos, "classes": self.classes, **told}


def compare_rows(part: str, judged: Mapping[str, RetrievalFigures], seed: int) -> list[Outcome]:
    """Compare rows, judged on the same photos, with the pooled ones; classes are what is resampled for a gain."""
    pooled = judged[POOLED]
    outcomes = []
    for name, figures in judged.items():
        count = len(figures.recall)
        gain = None if name == POOLED else _gain(figures.recall - pooled.recall, figures.labels, seed)
        recall = wilson(int(figures.recall.sum()), count)
        classes = len(np.unique(figures.labels))
        outcomes.append(Outcome(part, name, count, classes, recall, figures.map_at_r, gain))
    return outcomes


def _gain(differences: NDArray[np.float64], labels: NDArray[np.int64], seed: int) -> Estimate:
    """Estimate a mean difference, with an interval by the bootstrap over classes."""
    of_class = np.unique(labels, return_inverse=True)[1]
    sums = np.stack([np.bincount(of_class, differences), np.bincount(of_class)], axis=1)
    return bootstrap(sums, lambda rows, counts: counts @ rows[:, 0] / (counts @ rows[:, 1]), seed=seed)
