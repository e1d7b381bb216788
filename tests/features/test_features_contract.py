"""What every registered extractor keeps."""

import json

import numpy as np
import pytest

from imgsim.core import WORKING_SIZE, ExtractorSpec
from imgsim.errors import ParameterError
from imgsim.features import EXTRACTORS, build_extractor, load_extractor

PARAMETERS = {
    "covariance": ["scales=2,orientations=3"],
    "haralick": ["levels=16,distance=3,aggregate=all", "aggregate=mean"],
    "histogram": ["space=hsv,bins=3,grid=2", "space=lab,bins=2,grid=8"],
    "hog": ["cells=3,pixels=8,orientations=6", "mirror=alike"],
    "lbp": ["radius=2,points=6,scales=1", "scales=5", "radius=16,points=12"],
}
TEXTS = [*EXTRACTORS, *(f"{name}:{text}" for name, texts in PARAMETERS.items() for text in texts)]
BAD = [
    ("covariance:scales=0", "scales"),
    ("covariance:orientations=9", "orientations"),
    ("haralick:levels=1", "levels"),
    ("haralick:levels=257", "levels"),
    ("haralick:distance=0", "distance"),
    ("haralick:aggregate=median", "aggregate"),
    ("histogram:space=cmyk", "space"),
    ("histogram:bins=1", "bins"),
    ("histogram:grid=9", "grid"),
    ("hog:cells=1", "cells"),
    ("hog:pixels=3", "pixels"),
    ("hog:orientations=1", "orientations"),
    ("hog:mirror=both", "mirror"),
    ("lbp:radius=0", "radius"),
    ("lbp:points=13", "points"),
    ("lbp:scales=6", "scales"),
    ("lbp:margin=-1", "margin"),
]


def photos():
    rng = np.random.default_rng(7)
    noise = rng.integers(0, 256, (97, 64, 3), np.uint8)
    grey = np.repeat(rng.integers(0, 256, (40, 50, 1), np.uint8), 3, axis=2)
    ramp = np.linspace(0, 255, 80 * 60 * 3).reshape(80, 60, 3).astype(np.uint8)
    return {
        "noise": noise,
        "grey": grey,
        "ramp": ramp,
        "flipped": noise[:, ::-1],
        "strided": noise[::3, 1::2],
        "channels last turned": noise[..., ::-1],
        "transposed": ramp.transpose(1, 0, 2),
        "read-only": np.broadcast_to(np.uint8([10, 200, 30]), (9, 11, 3)),
        "black": np.zeros((20, 30, 3), np.uint8),
        "white": np.full((33, 5, 3), 255, np.uint8),
        "one pixel": noise[:1, :1],
        "one row": noise[:1],
        "one column": noise[:, :1],
        "two by two": noise[:2, :2],
        "long": rng.integers(0, 256, (2, 3000, 3), np.uint8),
    }


PHOTOS = photos()


@pytest.mark.parametrize("text", TEXTS)
def test_every_photo_gives_one_finite_row(text):
    extractor = load_extractor(text)
    rows = extractor.extract(list(PHOTOS.values()))
    assert rows.shape == (len(PHOTOS), extractor.dim)
    assert rows.dtype == np.float32
    assert np.isfinite(rows).all()


@pytest.mark.parametrize("text", TEXTS)
def test_a_row_depends_on_its_photo_alone(text):
    extractor = load_extractor(text)
    batch = extractor.extract(list(PHOTOS.values()))
    for name, row in zip(reversed(PHOTOS), batch[::-1], strict=True):
        np.testing.assert_array_equal(extractor.extract([PHOTOS[name]])[0], row, err_msg=name)


@pytest.mark.parametrize("text", TEXTS)
def test_views_and_copies_give_the_same_row_and_are_left_alone(text):
    extractor = load_extractor(text)
    for name in ("flipped", "strided", "channels last turned", "transposed", "read-only"):
        copy = PHOTOS[name].copy()
        np.testing.assert_array_equal(*extractor.extract([PHOTOS[name], copy]), err_msg=name)
        np.testing.assert_array_equal(PHOTOS[name], copy)


@pytest.mark.parametrize("text", TEXTS)
def test_photos_are_told_apart(text):
    rows = load_extractor(text).extract([PHOTOS["noise"], PHOTOS["ramp"]])
    assert (rows[0] != rows[1]).any()


@pytest.mark.parametrize("text", TEXTS)
def test_no_photos_give_no_rows(text):
    extractor = load_extractor(text)
    assert extractor.extract([]).shape == (0, extractor.dim)


@pytest.mark.parametrize("text", TEXTS)
def test_the_spec_rebuilds_the_extractor(text):
    extractor = load_extractor(text)
    stored = extractor.spec.to_json()
    rebuilt = build_extractor(ExtractorSpec.from_json(stored))
    assert rebuilt == extractor
    assert rebuilt.spec.to_json() == stored
    assert json.loads(stored)["name"] == text.partition(":")[0]
    assert load_extractor(str(extractor.spec)) == extractor


@pytest.mark.parametrize("name", list(EXTRACTORS))
def test_declarations_fit_the_rows(name):
    extractor = load_extractor(name)
    rows = extractor.extract(list(PHOTOS.values()))
    assert extractor.binary == np.isin(rows, (0, 1)).all()
    assert extractor.scale.working_size >= WORKING_SIZE
    assert "\n" not in extractor.paper
    assert extractor.paper
    if extractor.metric == "hellinger":
        np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-5)
        assert (rows >= 0).all()


@pytest.mark.parametrize("name", list(EXTRACTORS))
def test_an_unknown_parameter_is_named(name):
    with pytest.raises(ParameterError, match=rf"^{name} takes no parameter 'colour'; it takes: .+$"):
        load_extractor(f"{name}:colour=1")


@pytest.mark.parametrize(("text", "parameter"), BAD)
def test_a_value_out_of_range_is_explained_in_one_line(text, parameter):
    with pytest.raises(ParameterError, match=rf"^[a-z_]+: {parameter} is .*, not \S+$"):
        load_extractor(text)
