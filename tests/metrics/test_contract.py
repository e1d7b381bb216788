"""What every registered metric promises, whatever its formula."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, pdist, squareform

from imgsim.errors import MetricDomainError, ParameterError, UnknownNameError
from imgsim.metrics import METRICS, load_metric, measure_statistics

NAMES = sorted(METRICS)
SCIPY = sorted(set(NAMES) - {"inner_product", "hellinger", "chi2", "centred_cosine"})
BOOLEAN = [name for name in NAMES if METRICS.load(name).domain == "boolean"]


def rows_for(name, rng, count=12, dim=16):
    rows = rng.random((count, dim)).astype(np.float32)
    return (rows > 0.5).astype(np.float32) if name in BOOLEAN else rows


@pytest.mark.parametrize("name", NAMES)
def test_degenerate_rows_give_finite_distances(name, rng):
    rows = rows_for(name, rng)
    rows[0] = 0
    rows[1] = 0
    rows[2] = 1
    rows[4] = rows[3]
    distances = load_metric(name).fit(measure_statistics(rows))(rows, rows)
    assert distances.shape == (12, 12)
    assert distances.dtype == np.float64
    assert np.isfinite(distances).all()
    np.testing.assert_allclose(distances, distances.T, atol=1e-12)
    if name not in ("inner_product", "russellrao"):
        assert distances[0, 1] == distances[3, 4] == 0


@pytest.mark.parametrize("name", SCIPY)
def test_agrees_with_scipy(name, rng):
    rows = rows_for(name, rng, count=40)
    ours = load_metric(name).fit(measure_statistics(rows))(rows, rows)
    scipys = squareform(pdist(rows != 0 if name in BOOLEAN else rows.astype(np.float64), name))
    if name == "russellrao":  # scipy's squareform puts zeros on the diagonal
        np.fill_diagonal(ours, 0)
    np.testing.assert_allclose(ours, scipys, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_bounds_enclose_the_exact_distances(name, rng):
    rows = rows_for(name, rng, count=300, dim=64)
    rows[7] = rows[3]
    rows[9] = 0
    metric = load_metric(name).fit(measure_statistics(rows))
    embedded = metric.embed(rows)
    norms = np.einsum("nd,nd->n", embedded, embedded).astype(np.float32)
    queries = embedded[[0, 3, 9]]  # 9: a row of zeros, where cosine has no product to go by
    for query, lower, upper in zip(queries, *metric.bounds(queries, embedded, norms), strict=True):
        exact = metric.exact(query, embedded)
        assert (lower <= exact).all()
        assert (exact <= upper).all()
        if query.any():
            assert np.max(upper - lower) < 0.02 * max(1.0, np.max(np.abs(exact)))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), exponent=st.integers(-25, 15), dim=st.sampled_from([1, 7, 64, 1000]))
def test_bounds_enclose_at_every_scale(name, seed, exponent, dim):
    rng = np.random.default_rng(seed)
    rows = (rows_for(name, rng, 20, dim) * rng.random((20, 1)) * 10.0**exponent).astype(np.float32)
    metric = load_metric(name).fit(measure_statistics(rows))
    rows[[4, 5]] = rows[[3, 3]]
    rows[[2, 6]] = 0
    for kind in (np.float32, np.float64):
        embedded = metric.embed(rows).astype(kind)
        norms = np.einsum("nd,nd->n", embedded, embedded)
        lower, upper = metric.bounds(embedded[:5], embedded, norms)
        exact = np.array([metric.exact(query, embedded) for query in embedded[:5]])
        assert (lower <= exact).all()
        assert (exact <= upper).all()


@pytest.mark.parametrize("name", ["cosine", "euclidean", "hellinger", "inner_product", "cityblock", "hamming"])
def test_several_queries_are_enclosed_as_each_alone(name, rng):
    rows = rows_for(name, rng, count=40)
    rows[5] = 0
    metric = load_metric(name).fit()
    embedded = metric.embed(rows)
    norms = np.einsum("nd,nd->n", embedded, embedded)
    lower, upper = metric.bounds(embedded[3:9], embedded, norms)
    for place, query in enumerate(embedded[3:9]):
        alone_lower, alone_upper = metric.bounds(query[None], embedded, norms)
        assert (np.maximum(lower[place], alone_lower[0]) <= np.minimum(upper[place], alone_upper[0])).all()
        np.testing.assert_allclose(upper[place] - lower[place], (alone_upper - alone_lower)[0], atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scale", [0.01, 1.0, 1000.0])
def test_no_distance_leaves_the_range(name, scale, rng):
    rows = rows_for(name, rng, count=40) * np.float32(scale)
    if METRICS.load(name).domain == "real":
        rows[20:] -= rows[:20]
        rows[1] = -rows[0]
    rows[2], rows[3] = 0, 1
    rows[4, ::2], rows[5, 1::2] = 0, 0  # nothing in common
    rows[4, 1::2], rows[5, ::2] = 1, 1
    metric = load_metric(name)
    distances = metric.fit(measure_statistics(rows))(rows, rows)
    least, most = metric.range
    assert distances.min() >= least
    assert distances.max() <= most + 1e-6
    if np.isfinite(most):
        assert distances.max() > 0.9 * most  # no looser than it has to be


@pytest.mark.parametrize("name", NAMES)
def test_a_distance_does_not_depend_on_its_neighbours(name, rng):
    rows = rows_for(name, rng, count=50)
    metric = load_metric(name).fit(measure_statistics(rows))
    whole = metric(rows, rows)
    np.testing.assert_array_equal(metric(rows[3:4], rows[17:18])[0, 0], whole[3, 17])


def test_hellinger_chi2_and_inner_product_by_hand():
    rows = np.array([[1, 1, 2], [4, 0, 0], [0, 0, 0]], np.float32)
    hellinger = load_metric("hellinger").fit()(rows, rows)
    assert hellinger[0, 1] == pytest.approx(np.sqrt(1 - np.sqrt(0.25)), abs=1e-6)
    assert hellinger[1, 2] == pytest.approx(np.sqrt(0.5))
    assert load_metric("chi2").fit()(rows, rows)[0, 1] == pytest.approx((9 / 5 + 1 + 2) / 2)
    assert load_metric("inner_product").fit()(rows, rows)[0].tolist() == [-6, -4, 0]


def test_centred_cosine_by_hand():
    rows = np.array([[3, 1], [1, 3], [3, 3], [1, 1]], np.float32)  # about (2, 2)
    metric = load_metric("centred_cosine").fit(measure_statistics(rows))
    np.testing.assert_allclose(metric(rows[:1], rows)[0], [0, 2, 1, 1], atol=1e-12)
    alone = load_metric("centred_cosine").fit(measure_statistics(rows[:1]))
    assert alone(rows[1:2], rows[2:3])[0, 0] == pytest.approx(1 - 4 / np.sqrt(20))
    with pytest.raises(MetricDomainError, match="needs the statistics"):
        load_metric("centred_cosine").fit()


def test_minkowski_takes_its_order():
    rows = np.array([[0, 0], [3, 4]], np.float32)
    assert load_metric("minkowski:p=1").fit()(rows, rows)[0, 1] == pytest.approx(7)
    assert load_metric("minkowski:p=3").fit()(rows, rows)[0, 1] == pytest.approx(91 ** (1 / 3))


def test_packed_hamming_equals_scipys(rng):
    rows = (rng.random((20, 64)) > 0.5).astype(np.float32)
    metric = load_metric("hamming", binary=True).fit()
    assert metric.embed(rows).shape == (20, 8)
    np.testing.assert_allclose(metric(rows, rows), cdist(rows, rows, "hamming"))


@pytest.mark.parametrize("name", ["seuclidean", "mahalanobis"])
def test_values_that_do_not_vary_do_not_count(name, rng):
    rows = rng.random((30, 4)).astype(np.float32)
    rows[:, 2] = 5
    metric = load_metric(name).fit(measure_statistics(rows))
    moved = rows[:1].copy()
    moved[0, 2] = 9
    assert metric(rows[:1], moved)[0, 0] == 0
    assert metric(rows[:1], rows[1:2])[0, 0] > 0


@pytest.mark.parametrize("name", ["seuclidean", "mahalanobis"])
def test_a_gallery_of_one_falls_back_to_euclidean(name):
    rows = np.array([[1, 2]], np.float32)
    metric = load_metric(name).fit(measure_statistics(rows))
    assert metric(np.array([[4, 6]], np.float32), rows)[0, 0] == pytest.approx(5)


@pytest.mark.parametrize("name", ["hellinger", "jensenshannon", "chi2"])
def test_negative_features_are_refused_by_name(name):
    rows = np.array([[1, -1], [0, 1]], np.float32)
    with pytest.raises(MetricDomainError, match=f"{name}.*negative"):
        load_metric(name).fit()(rows, rows)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("cosinus", UnknownNameError, "did you mean cosine"),
        ("cosine:p=2", ParameterError, "cosine takes no parameter p"),
        ("minkowski:p=0.5", ParameterError, "at least 1"),
        ("minkowski:p=x", ParameterError, "numbers"),
        ("cosine@0.5", ParameterError, "weights belong to extractors"),
    ],
)
def test_names_that_do_not_fit_say_so(text, error, message):
    with pytest.raises(error, match=message):
        load_metric(text)
