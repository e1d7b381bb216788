"""A projection that begins as a linear map: as far apart as the map has rows, or as nearly so as its width allows."""

from __future__ import annotations

import numpy as np
import pytest

from imgsim.training.embeddings.linear.linear_methods import Form, fit_map
from imgsim.training.embeddings.linear_head import project_map

PHOTOS, WIDTH = 24, 40


@pytest.fixture(scope="module")
def rows():
    """Rows of six classes, and of as many photos that no map was learned from."""
    rng = np.random.default_rng(3)
    means = rng.standard_normal((2, 6, WIDTH))
    drawn = means[:, np.arange(PHOTOS) % 6] + rng.standard_normal((2, PHOTOS, WIDTH)) * np.linspace(0.1, 2, WIDTH)
    return (drawn / np.linalg.norm(drawn, axis=2, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def mapped(rows):
    codes = np.arange(PHOTOS) % 6
    return fit_map(rows[0].astype(np.float64), codes, "whitening", Form(0.3), dim=WIDTH, seed=0)


def inner(made):
    products = made @ made.T
    return products / np.linalg.norm(products)


def project(mapped, rows, dim, seed=0):
    weight, bias = project_map(mapped, rows[0], dim, np.random.default_rng(seed))
    assert weight.shape == (dim, WIDTH)
    assert np.linalg.norm(weight) == pytest.approx(min(dim, WIDTH) ** 0.5)
    return rows[1] @ weight.T + bias, rows[0] @ weight.T + bias


@pytest.mark.parametrize("dim", [WIDTH, 64])
def test_as_many_values_as_the_map_has_or_more_keep_all_it_tells(mapped, rows, dim):
    for made, given in zip(project(mapped, rows, dim), rows[::-1], strict=True):
        assert np.allclose(inner(made), inner(mapped(given)))
        assert (made.std(axis=0) > 0).all()


def test_fewer_values_keep_the_axes_along_which_photos_differ_most(mapped, rows):
    made = mapped(rows[0])
    axes, lengths, across = np.linalg.svd(made, full_matrices=False)
    nearest = (axes[:, :8] * lengths[:8]) @ across[:8]
    assert np.allclose(inner(project(mapped, rows, 8)[1]), inner(nearest))


def test_what_lies_across_the_photos_that_taught_is_as_long_as_it_was_on_average(mapped, rows):
    drawn = [project(mapped, rows, 32, seed) for seed in range(400)]
    assert np.allclose(inner(drawn[0][1]), inner(mapped(rows[0])))
    expected = mapped(rows[1]) @ mapped(rows[1]).T
    length = (mapped(rows[0]) ** 2).sum()
    mean = np.mean([other @ other.T * length / (own**2).sum() for other, own in drawn], axis=0)
    assert np.abs(mean - expected).max() < 0.05 * np.abs(expected).max()
