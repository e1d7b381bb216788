"""Photos become arrays in one call; the package shows what it offers."""

import subprocess
import sys

import numpy as np
import PIL.Image
import pytest

import imgsim
from imgsim.metrics import load_metric


@pytest.fixture
def photos(make_photos):
    return sorted(make_photos(5).glob("*.png"))


def test_dir_shows_what_there_is_and_each_is_there():
    assert set(imgsim.__all__) <= set(dir(imgsim))
    assert all(getattr(imgsim, name) is not None for name in imgsim.__all__)
    with pytest.raises(AttributeError, match="no attribute 'extrac'"):
        _ = imgsim.extrac


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, imgsim; print(sorted({'numpy', 'cv2', 'sklearn', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_query_takes_what_a_photo_comes_as(photos):
    imgsim.update_index(photos[0].parent, extractors=["phash"])
    with imgsim.Index.open(photos[0].parent) as index:
        expected = [match.path for match in index.search(photos[0], include_self=True)]
        for query in (PIL.Image.open(photos[0]), imgsim.read_image(photos[0]), photos[0].read_bytes(), [photos[0]]):
            assert [match.path for match in index.search(query, include_self=True)] == expected
        with pytest.raises(TypeError, match="a photo is a path"):
            index.search([7])


def test_one_photo_is_a_list_of_one(photos):
    rows = imgsim.extract(photos, "phash")
    assert (rows.shape, rows.dtype) == ((5, 64), np.float32)
    np.testing.assert_array_equal(imgsim.extract(photos[0], "phash"), rows[:1])
    np.testing.assert_array_equal(imgsim.extract(photos[0].read_bytes(), "phash"), rows[:1])
    np.testing.assert_array_equal(imgsim.extract(imgsim.read_image(photos[0]), "phash"), rows[:1])
    assert imgsim.extract([], "phash").shape == (0, 64)


def test_a_pil_image_is_turned_and_composed_as_its_file_would_be(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    path = tmp_path / "turned.png"
    with PIL.Image.open(path) as picture:
        np.testing.assert_array_equal(imgsim.extract([picture], "hog"), imgsim.extract([path], "hog"))


def test_grey_arrays_are_photos_too():
    grey = np.random.default_rng(0).integers(0, 256, (40, 50), np.uint8)
    np.testing.assert_array_equal(imgsim.extract(grey, "hog"), imgsim.extract(np.dstack([grey] * 3), "hog"))


def test_distances_are_those_of_the_metric_on_the_rows(photos):
    rows = imgsim.extract(photos, "histogram")
    expected = load_metric("hellinger").fit()(rows, rows)
    np.testing.assert_array_equal(imgsim.distances(photos, extractors="histogram"), expected)
    part = imgsim.distances(photos[:2], photos, extractors="histogram")
    np.testing.assert_array_equal(part, expected[:2])


def test_fused_distances_are_weighted_in_units_of_their_median(photos):
    def alone(name):
        matrix = imgsim.distances(photos, extractors=name)
        return matrix / np.median(matrix[np.triu_indices(5, 1)])

    fused = imgsim.distances(photos, extractors=["histogram@1", "hog@3"])
    np.testing.assert_allclose(fused, (alone("histogram") + 3 * alone("hog")) / 4, atol=1e-6)


def test_two_processes_give_the_same_rows(make_photos):
    photos = sorted(make_photos(40, folder="many").glob("*.png"))
    np.testing.assert_array_equal(imgsim.extract(photos, "hog", jobs=2), imgsim.extract(photos, "hog"))
