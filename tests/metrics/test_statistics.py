"""Statistics gathered in chunks equal those of the whole."""

import numpy as np
import pytest

from imgsim.metrics import StatisticsBuilder, load_metric, measure_statistics, median_pair_distance


def test_chunks_give_what_numpy_gives(rng):
    rows = (rng.random((500, 6)) * [1, 10, 100, 1e4, 1e-3, 1] + 1e4).astype(np.float32)
    builder = StatisticsBuilder(6, 500)
    for start in range(0, 500, 70):
        builder.add(rows[start : start + 70])
    statistics = builder.result()
    wide = rows.astype(np.float64)
    np.testing.assert_allclose(statistics.mean, wide.mean(axis=0))
    np.testing.assert_allclose(statistics.variance, wide.var(axis=0, ddof=1), rtol=1e-9)
    assert statistics.covariance is not None
    np.testing.assert_allclose(statistics.covariance, np.cov(wide.T), rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(statistics.sample, measure_statistics(rows).sample)
    assert statistics.sample.shape == (256, 6)


def test_the_median_pair_distance_is_the_median_over_pairs():
    rows = np.array([[0], [1], [3]], np.float32)
    assert median_pair_distance(load_metric("euclidean").fit(), measure_statistics(rows)) == 2


@pytest.mark.parametrize("rows", [np.zeros((0, 3)), np.ones((1, 3)), np.ones((9, 3))])
def test_no_unit_is_one(rows):
    statistics = measure_statistics(rows.astype(np.float32))
    assert median_pair_distance(load_metric("euclidean").fit(), statistics) == 1
