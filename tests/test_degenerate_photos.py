"""Every metric between features of photos that show nothing, of one photo, of equal ones: finite, or a word why not."""

import numpy as np
import pytest

from imgsim.errors import MetricDomainError
from imgsim.features import EXTRACTORS, load_extractor
from imgsim.features.measure import measure_all
from imgsim.metrics import METRICS
from imgsim.metrics.fusion import fused_distances

FOLDERS = ["one", "twins", "black", "white", "flat", "pixels", "thin", "mixed"]


def grey(value, height=40, width=50):
    return np.full((height, width, 3), value, np.uint8)


def photos_of(folder):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (3, 40, 50, 3), dtype=np.uint8)
    return {
        "one": [noise[0]],
        "twins": [noise[0], noise[0]],
        "black": [grey(0)] * 4,
        "white": [grey(255)] * 4,
        "flat": [grey(value) for value in (0, 80, 80, 255)],
        "pixels": [grey(value, 1, 1) for value in (0, 80, 160, 255)],
        "thin": [noise[0][:1], noise[1][:1], noise[0][:, :1], noise[1][:, :1]],
        "mixed": [grey(0), grey(0), grey(255), grey(128, 1, 1), *noise],
    }[folder]


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("name", list(EXTRACTORS))
def test_distances_are_numbers(name, folder):
    extractor = load_extractor(name)
    (rows,) = measure_all(photos_of(folder), [extractor])
    assert np.isfinite(rows).all()
    for metric in METRICS:
        if metric == "mahalanobis" and extractor.dim > 200 and folder != "twins":
            continue  # a second each
        try:
            distances = fused_distances([extractor], [rows], [rows], weights=[1.0], metric=metric)
        except MetricDomainError:
            assert metric in ("chi2", "hellinger", "jensenshannon")
            assert rows.min() < 0
            continue
        assert np.isfinite(distances).all(), metric
        np.testing.assert_allclose(distances, distances.T, atol=1e-12, err_msg=metric)
        same = (rows[:, None] == rows[None]).all(axis=2)
        if metric not in ("inner_product", "russellrao"):
            assert (distances[same] == 0).all(), metric
