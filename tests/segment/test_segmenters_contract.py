"""What every registered segmenter keeps."""

import json
import pickle

import numpy as np
import pytest

from imgsim.segment.base_segmenter import PhotoFile, SegmenterSpec
from imgsim.segment.known_labels import known_labels
from imgsim.segment.segmenter_table import SEGMENTERS, build_segmenter
from tests.features.test_features_contract import PHOTOS

NAMES = [*SEGMENTERS]
STEMS = {name.replace(" ", "-"): image for name, image in PHOTOS.items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_photo_has_a_map_of_its_size_and_of_known_labels(name, load):
    segmenter = load(name, STEMS)
    assert segmenter.names[0] == "background"
    assert len({*segmenter.names}) == len(segmenter.names) <= 256
    for stem, image in STEMS.items():
        labels = segmenter.segment(image, PhotoFile(f"{stem}.jpg"))
        assert (labels.dtype, labels.shape) == (np.uint8, image.shape[:2]), stem
        assert labels.max() < len(segmenter.names), stem


@pytest.mark.parametrize("name", NAMES)
def test_a_map_depends_on_its_photo_alone_and_leaves_it_alone(name, load):
    segmenter = load(name, STEMS)
    first = {stem: segmenter.segment(image, PhotoFile(f"{stem}.jpg")) for stem, image in STEMS.items()}
    for stem, image in reversed(STEMS.items()):
        copy = image.copy()
        np.testing.assert_array_equal(segmenter.segment(copy, PhotoFile(f"{stem}.jpg")), first[stem], err_msg=stem)
        np.testing.assert_array_equal(image, copy)


@pytest.mark.parametrize("name", NAMES)
def test_the_spec_rebuilds_the_segmenter(name, load):
    segmenter = load(name, STEMS)
    stored = segmenter.spec.to_json()
    spec = SegmenterSpec.from_json(stored)
    assert (spec.name, type(spec)) == (name, SegmenterSpec)
    rebuilt = build_segmenter(spec)
    assert rebuilt.spec.to_json() == stored
    assert json.loads(stored)["version"] >= 1
    noise = PhotoFile("noise.jpg")
    np.testing.assert_array_equal(rebuilt.segment(PHOTOS["noise"], noise), segmenter.segment(PHOTOS["noise"], noise))


@pytest.mark.parametrize("name", NAMES)
def test_it_travels_to_processes(name, load):
    segmenter = load(name, STEMS)
    noise = PhotoFile("noise.jpg")
    expected = segmenter.segment(PHOTOS["noise"], noise)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(segmenter)).segment(PHOTOS["noise"], noise), expected)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_where_it_was_described(name, load):
    assert load(name, STEMS).paper.strip()


@pytest.mark.parametrize("name", NAMES)
def test_its_labels_are_known_without_it(name, load):
    segmenter = load(name, STEMS)
    known = known_labels(name, dict(segmenter.spec.params))
    assert known
    assert known == tuple(segmenter.names[1:])[: len(known)]
