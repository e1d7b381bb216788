"""How well rows tell near scores from far ones: figures of an epoch, and what a run came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.evaluation.intervals import Estimate, bootstrap
from imgsim.evaluation.triplet_decisions import CHANCE, find_partners, wrong_share
from imgsim.training.embeddings.outcome import POOLED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.evaluation.score_widths import Widths

LEAST = 3  # photos that correlate


class ScoreFigures(NamedTuple):
    """Of each photo with a near and a far one, the share of its triplets that are decided rightly, (A,).

    And of each whose distances and differences of scores vary, how these correlate, (C,).
    """

    right: NDArray[np.float64]
    correlations: NDArray[np.float64]

    @property
    def spearman(self) -> float:
        """The mean correlation; NaN where there is none."""
        return float(self.correlations.mean()) if len(self.correlations) else float("nan")

    def named(self) -> dict[str, float]:
        """Give both figures by their names."""
        return {"accuracy": float(self.right.mean()) if len(self.right) else float("nan"), "spearman": self.spearman}


class ScoreOutcome(NamedTuple):
    """Figures of some rows on a part's photos, and how far their accuracy is above the pooled rows'."""

    part: str
    rows: str
    photos: int
    accuracy: Estimate
    spearman: float
    gain: Estimate | None

    def to_row(self) -> dict[str, Any]:
        """Name its figures; F1 is that of true triplets alone, where precision is 1."""
        gain = self.gain or Estimate(float("nan"), float("nan"), float("nan"))
        figures = {
            "accuracy": self.accuracy.value,
            "low": self.accuracy.low,
            "high": self.accuracy.high,
            "chance": CHANCE,
            "f1_of_true": 2 * self.accuracy.value / (1 + self.accuracy.value),
            "spearman": self.spearman,
            "gain": gain.value,
            "gain_low": gain.low,
            "gain_high": gain.high,
        }
        told = {name: None if np.isnan(value) else round(value, 4) for name, value in figures.items()}
        return {"part": self.part, "rows": self.rows, "photos": self.photos, **told}


def judge_scored(rows: Features, scores: NDArray[np.float64], widths: Widths) -> ScoreFigures:
    """Let each photo decide its triplets, as `imgsim.evaluation.triplet_decisions` does, by the cosine.

    Parameters
    ----------
    rows : ndarray of float32, shape (N, D)
        Of length 1.
    scores : ndarray of float64, shape (N,)
        Finite.
    widths : Widths
        Up to which difference scores are near, and beyond which they are far.

    Returns
    -------
    ScoreFigures
        Beside the share of triplets, Spearman's correlation of a photo's distances from all others with the
        differences of their scores; photos of which either is constant have none.

    References
    ----------
    C. Spearman, "The proof and measurement of association between two things", American Journal of Psychology 1904.
    """
    right, correlations = [], []
    for place in range(len(scores)):
        distances = 1 - rows @ rows[place]
        near, far = find_partners(scores, place, widths)
        wrong, pairs = wrong_share(distances[near], distances[far])
        if pairs:
            right.append(1 - wrong)
        others = np.arange(len(scores)) != place
        told = _correlation(distances[others], np.abs(scores - scores[place])[others])
        if told is not None:
            correlations.append(told)
    return ScoreFigures(np.array(right, np.float64), np.array(correlations, np.float64))


def compare_scored(part: str, judged: Mapping[str, ScoreFigures], seed: int) -> list[ScoreOutcome]:
    """Compare rows, judged on the same photos, with the pooled ones; photos are what is resampled."""
    pooled = judged[POOLED].right
    outcomes = []
    for name, figures in judged.items():
        gain = None if name == POOLED else bootstrap(figures.right - pooled, seed=seed)
        accuracy = bootstrap(figures.right, seed=seed)
        outcomes.append(ScoreOutcome(part, name, len(figures.right), accuracy, figures.spearman, gain))
    return outcomes


def _correlation(distances: NDArray[np.floating], differences: NDArray[np.float64]) -> float | None:
    from scipy.stats import rankdata

    if len(distances) < LEAST:
        return None
    first, second = (rankdata(values) - (len(values) + 1) / 2 for values in (distances, differences))
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum() / scale) if scale else None
