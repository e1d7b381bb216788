"""From features to a plane."""

import numpy as np
import pytest

from imgsim.reports.figures import PlotError
from imgsim.reports.projection import METHODS, project


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 12])
@pytest.mark.parametrize("dim", [1, 2, 70])
def test_any_number_of_photos_and_values(method, count, dim, rng):
    points = project(rng.normal(size=(count, dim)), method)
    assert points.shape == (count, 2)
    assert points.dtype == np.float64
    assert np.isfinite(points).all()
    assert len(np.unique(points, axis=0)) == count


@pytest.mark.parametrize("method", METHODS)
def test_equal_photos_lie_at_the_origin(method):
    assert not project(np.full((9, 4), 2.5), method).any()


def test_pca_keeps_the_distances_of_a_plane(rng):
    plane = rng.normal(size=(20, 2)) * [3, 1]
    turned = plane @ np.linalg.qr(rng.normal(size=(6, 6)))[0][:2]
    points = project(turned)
    np.testing.assert_allclose(
        np.linalg.norm(points[:, None] - points, axis=2), np.linalg.norm(plane[:, None] - plane, axis=2), atol=1e-12
    )
    assert points[:, 0].var() > points[:, 1].var()


def test_tsne_parts_clusters_and_repeats_itself(rng):
    features = np.repeat(100 * np.eye(3, 80), 20, axis=0) + rng.normal(size=(60, 80))
    points = project(features, "tsne", seed=3)
    assert (project(features, "tsne", seed=3) == points).all()
    nearest = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(nearest, np.inf)
    assert (nearest.argmin(axis=1) // 20 == np.arange(60) // 20).all()


@pytest.mark.parametrize(
    ("features", "method", "message"),
    [
        ([[1.0, 2.0]], "umap", "unknown projection 'umap': choose from pca, tsne"),
        ([[np.nan, 2.0]], "pca", "the features: 1 of 2 values are NaN"),
        (np.zeros((0, 4)), "pca", "the features: there is nothing in it"),
        ([1.0, 2.0], "pca", r"the features: its shape is \(2,\)"),
    ],
)
def test_what_cannot_be_projected_is_refused(features, method, message):
    with pytest.raises(PlotError, match=message):
        project(features, method)
