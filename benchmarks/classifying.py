"""Leave-one-out logistic regression, against scikit-learn's plain loop; both predict the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.measuring import interleave, seconds, slowdown
from imgsim.evaluation.classification import classify
from imgsim.processes import default_jobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmarks.measuring import Figure, Setting
    from imgsim.core import Features

    Codes = NDArray[np.intp]

PHOTOS, CLASSES, MEASURES, DIRECTIONS = 2000, 10, 13, 4


def leave_one_out(setting: Setting) -> list[Figure]:
    """Predict each photo from the others; the plain loop has one thread for linear algebra, as `plain.py`."""
    from threadpoolctl import threadpool_limits

    features, labels = _features(min(PHOTOS, 4 * setting.small))
    predicted: dict[str, Codes] = {}

    def timed(name: str, predict: Callable[[], Codes]) -> Callable[[], float]:
        return lambda: seconds(lambda: predicted.update({name: predict()}))

    runs = {
        "ours": timed("ours", lambda: classify(features, labels, jobs=default_jobs(), most_work=np.inf).predicted),
        "theirs": timed("theirs", lambda: _plain(features, labels)),
    }
    with threadpool_limits(1):
        times = interleave(runs, max(1, setting.repeats // 3), warm_up=False)
    np.testing.assert_array_equal(predicted["ours"], predicted["theirs"])
    name = "leave-one-out regression of {} x {}, {} classes".format(*features.shape, CLASSES)
    return [slowdown(name, "LeaveOneOut, cross_val_predict", times, 1 / 3)]


def _features(count: int) -> tuple[Features, Codes]:
    """Make up features like Haralick's: classes that overlap, four directions much alike, values of any magnitude."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % CLASSES
    photos = 0.4 * rng.standard_normal((CLASSES, MEASURES))[labels] + rng.standard_normal((count, MEASURES))
    mixed = photos @ rng.standard_normal((MEASURES, MEASURES))
    directions = [mixed + rng.standard_normal(mixed.shape) for _ in range(DIRECTIONS)]
    magnitudes = 10 ** rng.uniform(-3, 4, MEASURES * DIRECTIONS)
    return (np.concatenate(directions, axis=1) * magnitudes).astype(np.float32), labels


def _plain(features: Features, labels: Codes) -> Codes:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import LeaveOneOut, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    predicted: Codes = cross_val_predict(pipeline, features.astype(np.float64), labels, cv=LeaveOneOut())
    return predicted
