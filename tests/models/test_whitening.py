"""PCA-whitening."""

import hashlib
import io
import zipfile

import numpy as np
import pytest

from imgsim.cli.remedies import explain
from imgsim.core import ExtractorSpec
from imgsim.errors import WeightsError
from imgsim.metrics.product import unit_rows
from imgsim.models.whitening import fit_whitening, load_whitening, store_whitening


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
    spec = ExtractorSpec("resnet18").to_json()
    named = store_whitening(fit_whitening(rows, 4, fitted_to=spec))
    assert named != digest
    assert load_whitening(named).fitted_to == spec


def test_a_missing_or_damaged_one_is_told(rows, cache):
    digest = store_whitening(fit_whitening(rows, 4))
    (file,) = cache.iterdir()
    data = bytearray(file.read_bytes())
    data[200] ^= 1
    file.write_bytes(data)
    with pytest.raises(WeightsError, match=rf"{digest}\.npz: damaged or tampered with$") as caught:
        load_whitening(digest)
    assert explain(caught.value).endswith(": fit it again by `imgsim models whiten`")
    file.unlink()
    with pytest.raises(WeightsError, match=rf"^no whitening--{digest}\.npz in ") as caught:
        load_whitening(digest)
    assert explain(caught.value).endswith(
        ": copy it from the model cache that has it, or fit one by `imgsim models whiten`"
    )


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def vast():
    """A few kilobytes that unpack to a gigabyte."""
    buffer, header = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (1 << 20,)})
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("mean", "projection", "fitted_to"):
            archive.writestr(f"{name}.npy", header.getvalue() + bytes(1 << 22))
    return buffer.getvalue()


def absurd():
    """A header that promises more values than there is memory."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (1 << 46,)})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mean.npy", header.getvalue())
    return buffer.getvalue()


GOOD = {"mean": np.zeros(4, "f4"), "projection": np.eye(4, 2, dtype="f4"), "fitted_to": np.array("")}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        npz(**GOOD)[:-40],
        npz(),
        npz(mean=np.zeros(4, "f4")),
        npz(**GOOD | {"mean": np.array([{}] * 4, object)}),
        npz(**GOOD | {"mean": np.array(list("abcd"))}),
        npz(**GOOD | {"mean": np.zeros(4, "f8")}),
        npz(**GOOD | {"mean": np.zeros(3, "f4")}),
        npz(**GOOD | {"mean": np.zeros((4, 1), "f4")}),
        npz(**GOOD | {"mean": np.array([0, 0, 0, np.nan], "f4")}),
        npz(**GOOD | {"projection": np.array(5, "f4")}),
        npz(**GOOD | {"projection": np.zeros(4, "f4")}),
        npz(**GOOD | {"projection": np.zeros((4, 0), "f4")}),
        npz(**GOOD | {"projection": np.zeros((4, 5), "f4")}),
        npz(**GOOD | {"projection": np.full((4, 2), np.inf, "f4")}),
        npz(**GOOD | {"projection": np.zeros((4, 2), "c8")}),
        npz(mean=np.zeros(0, "f4"), projection=np.zeros((0, 0), "f4"), fitted_to=np.array("")),
        npz(**GOOD | {"fitted_to": np.array("no spec")}),
        npz(**GOOD | {"fitted_to": np.array("{}")}),
        npz(**GOOD | {"fitted_to": np.array(5)}),
        npz(**GOOD | {"fitted_to": np.array(["a", "b"])}),
        vast(),
        absurd(),
    ],
)
def test_what_is_no_whitening_is_told_in_one_line_though_it_digests_to_its_name(cache, data):
    digest = hashlib.sha256(data).hexdigest()[:12]
    cache.mkdir()
    (cache / f"whitening--{digest}.npz").write_bytes(data)
    with pytest.raises(WeightsError, match=rf"whitening--{digest}\.npz: not a whitening") as caught:
        load_whitening(digest)
    assert explain(caught.value).endswith(": fit it again by `imgsim models whiten`")
    assert "\n" not in str(caught.value)


def test_the_arrays_that_are_wrong_above_are_otherwise_right(cache):
    digest = hashlib.sha256(npz(**GOOD)).hexdigest()[:12]
    cache.mkdir()
    (cache / f"whitening--{digest}.npz").write_bytes(npz(**GOOD))
    assert load_whitening(digest).dim == 2
