"""PCA-whitening."""

import numpy as np
import pytest

from imgsim.errors import WeightsError
from imgsim.models.whitening import fit_whitening, load_whitening, store_whitening, unit_rows


@pytest.fixture
def rows(rng):
    return (rng.standard_normal((200, 12)) @ rng.standard_normal((12, 12)) + 3).astype(np.float32)


def test_whitened_features_are_uncorrelated_and_of_unit_variance(rows):
    fitted = fit_whitening(rows, 6)
    whitened = (rows - fitted.mean) @ fitted.projection
    np.testing.assert_allclose(np.cov(whitened.T), np.eye(6), atol=1e-3)
    np.testing.assert_allclose(fitted.apply(rows), unit_rows(whitened), atol=1e-4)
    assert fitted.apply(rows).dtype == np.float32
    assert fitted.dim == 6


def test_the_largest_axes_are_kept(rng):
    rows = rng.standard_normal((300, 5)) * [1, 9, 1, 5, 1]
    axes = fit_whitening(rows.astype(np.float32), 2).projection
    assert abs(axes).argmax(axis=0).tolist() == [1, 3]


def test_a_row_does_not_depend_on_the_others(rows):
    fitted = fit_whitening(rows, 4)
    np.testing.assert_array_equal(fitted.apply(rows[:7])[3], fitted.apply(rows[3:4])[0])
    assert fitted.apply(rows[:0]).shape == (0, 4)


@pytest.mark.parametrize(("photos", "dim"), [(5, 5), (0, 1), (1, 1), (200, 13), (200, 0)])
def test_too_few_photos_or_values(rows, photos, dim):
    with pytest.raises(WeightsError, match=rf"^{dim} axes cannot be fitted to {photos} photos: at most \d+$"):
        fit_whitening(rows[:photos], dim)


def test_photos_all_alike_are_refused(rows):
    with pytest.raises(WeightsError, match="alike"):
        fit_whitening(np.repeat(rows[:1], 9, axis=0), 2)


def test_features_of_lower_rank_stay_finite(rng):
    rows = (rng.standard_normal((30, 2)) @ rng.standard_normal((2, 8))).astype(np.float32)
    assert np.isfinite(fit_whitening(rows, 5).apply(rows)).all()


def test_it_comes_back_from_the_cache_under_its_hash(rows):
    fitted = fit_whitening(rows, 4)
    digest = store_whitening(fitted)
    assert store_whitening(fit_whitening(rows, 4)) == digest
    assert store_whitening(fit_whitening(rows, 3)) != digest
    np.testing.assert_array_equal(load_whitening(digest).projection, fitted.projection)
    np.testing.assert_array_equal(load_whitening(digest).mean, fitted.mean)
    named = store_whitening(fit_whitening(rows, 4, fitted_to="{}"))
    assert named != digest
    assert load_whitening(named).fitted_to == "{}"


def test_a_missing_or_damaged_one_is_told(rows, cache):
    digest = store_whitening(fit_whitening(rows, 4))
    (file,) = cache.iterdir()
    data = bytearray(file.read_bytes())
    data[200] ^= 1
    file.write_bytes(data)
    with pytest.raises(WeightsError, match=rf"{digest}\.npz: damaged or tampered with: fit it again"):
        load_whitening(digest)
    file.unlink()
    with pytest.raises(WeightsError, match=rf"^no whitening--{digest}\.npz in .*: copy it .*, or fit one by "):
        load_whitening(digest)
