"""The encoder is a scikit-learn transformer like any other, of paths, PIL images and arrays."""

import pickle

import numpy as np
import PIL.Image
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import get_tags

import imgsim
from imgsim.errors import ImageReadError, UnknownNameError


@pytest.fixture
def photos(make_photos):
    return sorted(map(str, make_photos(6).glob("*.png")))


@pytest.fixture
def shades(tmp_path):
    """Twelve paths of photos that are reddish or bluish, and which they are."""
    rng = np.random.default_rng(0)
    paths, names = [], []
    for place in range(12):
        pixels = rng.integers(0, 60, (32, 32, 3), np.uint8)
        pixels[..., 2 * (place % 2)] += 180
        PIL.Image.fromarray(pixels).save(tmp_path / f"{place}.png")
        paths.append(str(tmp_path / f"{place}.png"))
        names.append(("red", "blue")[place % 2])
    return paths, names


def test_rows_are_those_of_the_extractor_whatever_a_photo_comes_as(photos):
    encoder = imgsim.Encoder("histogram")
    rows = encoder.fit_transform(photos)
    extractor = imgsim.load_extractor("histogram")
    images = [imgsim.read_image(path) for path in photos]
    np.testing.assert_array_equal(rows, extractor.extract(images))
    np.testing.assert_array_equal(encoder.transform(images), rows)
    np.testing.assert_array_equal(encoder.transform([PIL.Image.open(path) for path in photos]), rows)
    np.testing.assert_array_equal(encoder.transform(np.array(photos, object)[:, None]), rows)


def test_it_is_cloned_set_and_pickled(photos):
    encoder = imgsim.Encoder("histogram:bins=4", max_megapixels=5)
    limits = {"max_megapixels": 5, "max_seconds": 60, "max_memory": 4000}
    assert encoder.get_params() == {"extractor": "histogram:bins=4", "jobs": 1, **limits}
    twin = clone(encoder).set_params(extractor="phash")
    assert (twin.extractor, encoder.extractor) == ("phash", "histogram:bins=4")
    again = pickle.loads(pickle.dumps(encoder.fit(photos)))
    np.testing.assert_array_equal(again.transform(photos), encoder.transform(photos))


def test_its_tags_are_true():
    tags = get_tags(imgsim.Encoder())
    assert not tags.requires_fit
    assert tags.no_validation
    assert (tags.input_tags.string, tags.input_tags.one_d_array, tags.input_tags.two_d_array) == (True, True, False)


def test_it_names_its_columns_for_tables(photos):
    pandas = pytest.importorskip("pandas")
    encoder = imgsim.Encoder("histogram:bins=2").set_output(transform="pandas")
    table = encoder.fit_transform(pandas.Series(photos))
    assert list(table.columns) == [f"histogram{place}" for place in range(8)]
    assert list(encoder.get_feature_names_out()) == list(table.columns)
    np.testing.assert_array_equal(table.to_numpy(), imgsim.extract(photos, "histogram:bins=2"))
    columns = pandas.DataFrame({"photo": photos})
    np.testing.assert_array_equal(encoder.transform(columns).to_numpy(), table.to_numpy())


def test_a_pipeline_learns_from_paths(shades):
    paths, names = shades
    pipeline = make_pipeline(imgsim.Encoder("histogram"), LogisticRegression())
    assert cross_val_score(pipeline, paths, names, cv=3).tolist() == [1.0, 1.0, 1.0]


def test_extractors_are_searched_through_like_any_parameter(shades):
    paths, names = shades
    pipeline = Pipeline([("encoder", imgsim.Encoder()), ("classifier", LogisticRegression())])
    search = GridSearchCV(pipeline, {"encoder__extractor": ["lbp", "histogram"]}, cv=3).fit(paths, names)
    assert search.best_params_ == {"encoder__extractor": "histogram"}


def test_fitting_knows_an_extractor_that_there_is_not(photos):
    with pytest.raises(UnknownNameError, match="histogram"):
        imgsim.Encoder("histogramm").fit(photos)


@pytest.mark.parametrize(
    ("photo", "message"),
    [
        (3, "not int"),
        (np.zeros((4, 4, 3)), "not an array of float64"),
        (np.zeros((4, 4, 4), np.uint8), r"shape \(4, 4, 4\)"),
        (None, "not NoneType"),
    ],
)
def test_something_that_is_no_photo_is_told_what_is_expected(photo, message):
    with pytest.raises(TypeError, match=f"a photo is a path, .*{message}"):
        imgsim.Encoder("phash").transform([photo])


def test_photos_that_are_no_list_and_tables_of_more_columns_are_told():
    with pytest.raises(TypeError, match="photos are a list"):
        imgsim.extract(5)
    with pytest.raises(TypeError, match="one column, not 2"):
        imgsim.extract(np.array([["a", "b"]], object))


def test_a_photo_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "x.jpg").write_bytes(b"nothing")
    with pytest.raises(ImageReadError, match=r"x\.jpg: not a picture"):
        imgsim.Encoder("phash").transform([tmp_path / "x.jpg"])
