"""What a trained classifier came to on photos that it did not learn from, beside what it is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.evaluation.label_figures import LabelFigures, judge_labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgsim.training.split_file import SplitPhotos

TRAINED, PROBE = "network", "regression"  # whose probabilities
JUDGED = ("validation", "test")  # parts


class LabelOutcome(NamedTuple):
    """Figures of a part's photos, by whose probabilities."""

    part: str
    rows: str
    figures: LabelFigures

    def to_row(self) -> dict[str, Any]:
        """Name its figures."""
        return {"part": self.part, "rows": self.rows, **self.figures.to_row()}


def judge_part(
    split: SplitPhotos, part: str, rows: str, probabilities: NDArray[np.floating], seed: int
) -> LabelOutcome:
    """Judge probabilities (N, C) of the photos of a part that are no copies of an earlier one."""
    return LabelOutcome(part, rows, judge_labels(probabilities, split.labels[split.asked(part)], seed=seed))
