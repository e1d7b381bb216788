"""What a classifier is compared with and may begin as: a logistic regression of rows before training."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.training.classifiers.label_outcome import PROBE, LabelOutcome, judge_part
from imgsim.training.classifiers.probe_fit import choose_form, fit_probe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.training.classifiers.probe_fit import FittedProbe
    from imgsim.training.part_rows import PartRows
    from imgsim.training.split_file import SplitPhotos

BEGUN = "as it begins"  # whose rows they are, where it is told how far they are


class BaselineProbe(NamedTuple):
    """Rows of each part's photos before training, and the probe that was fitted to those that train."""

    pooled: dict[str, Features]
    probe: FittedProbe

    @property
    def deviation(self) -> NDArray[np.float64]:
        """How far each value of the rows that train deviates, (D,)."""
        deviation: NDArray[np.float64] = self.pooled["train"].std(axis=0, dtype=np.float64)
        return deviation

    def judge(self, split: SplitPhotos, part: str, seed: int) -> LabelOutcome:
        """Judge what it says of a part's photos."""
        return judge_part(split, part, PROBE, self.probe.probabilities(self.pooled[part]), seed)


def fit_baseline(rows: PartRows, split: SplitPhotos, seed: int) -> BaselineProbe:
    """Fit a probe to the rows before training."""
    pooled, places = rows.pooled(BEGUN), split.asked("train")
    labels, groups = split.labels[places], split.groups[places]
    key = (split.paths_of(places), labels.tobytes(), groups.tobytes(), seed)
    return BaselineProbe(pooled, rows.once("probe", key, lambda: _fit_rows(pooled["train"], labels, groups, seed)))


def _fit_rows(rows: Features, labels: NDArray[np.int64], groups: NDArray[np.intp], seed: int) -> FittedProbe:
    """Fit a logistic regression to rows (N, D), its form chosen by cross-validation, as `imgsim train probe` does."""
    known, codes, widths = rows.astype(np.float64), labels.astype(np.intp), [rows.shape[1]]
    form, _ = choose_form(known, codes, groups, widths, seed=seed)
    return fit_probe(known, codes, widths, form, int(labels.max()) + 1)
