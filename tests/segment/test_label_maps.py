"""Label maps, the parts on them, and what is cut out."""

import numpy as np
import pytest

from imgsim.errors import ParameterError, UnknownNameError
from imgsim.segment.cut_parts import BACKGROUNDS, LEAST, cut_out, find_parts
from imgsim.segment.grabcut import GrabCut
from imgsim.segment.label_maps import enlarge
from imgsim.segment.label_names import with_background
from imgsim.segment.segmenter_table import load_parts

IMAGE = np.random.default_rng(3).integers(0, 256, (40, 30, 3), np.uint8)
LABELS = np.zeros((40, 30), np.uint8)
LABELS[10:30, 5:15] = 1
LABELS[20:35, 20:28] = 2
NAMES = ["background", "hat", "bag", "shoe"]


def test_a_map_is_brought_to_other_sizes_without_new_labels():
    labels = np.random.default_rng(0).choice(np.uint8([0, 3, 9]), (17, 23))
    for shape in [(17, 23), (40, 11), (5, 5), (1, 1), (68, 92)]:
        there = enlarge(labels, shape)
        assert there.shape == shape
        assert {*np.unique(there)} <= {0, 3, 9}
    np.testing.assert_array_equal(enlarge(enlarge(LABELS, (80, 60)), (40, 30)), LABELS)


def test_backgrounds_of_any_name_are_one_and_come_first():
    assert with_background(["Hat", "Background", "null", "hat"]) == (("background", "hat"), (1, 0, 0, 1))


def test_parts_are_those_that_are_there_alone_and_joined():
    hat, both = find_parts(LABELS, NAMES, [("hat",), ("shoe",), ("hat", "bag")])
    assert (hat.name, both.name) == ("hat", "hat+bag")
    assert tuple(hat.box) == (5, 10, 10, 20)
    assert tuple(both.box) == (5, 10, 23, 25)
    assert both.area_share == pytest.approx((200 + 120) / 1200, abs=1e-4)
    assert tuple(hat.share_box) == (0.1667, 0.25, 0.3333, 0.5)


def test_stray_pixels_are_no_part():
    labels = np.zeros((100, 100), np.uint8)
    labels[0, : int(LEAST * 10000) - 1] = 1
    assert find_parts(labels, NAMES, [("hat",)]) == []
    labels[0, : int(LEAST * 10000) + 1] = 1
    assert len(find_parts(labels, NAMES, [("hat",)])) == 1


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_what_is_marked_stays_and_the_rest_is_replaced(background):
    mask = LABELS > 0
    out = cut_out(IMAGE, mask, background, crop=False)
    assert (out.shape, out.dtype) == (IMAGE.shape, np.uint8)
    np.testing.assert_array_equal(out[mask], IMAGE[mask])
    assert (out[~mask] != IMAGE[~mask]).any(axis=1).mean() > 0.9
    if background != "blur":
        shade = {"white": [255] * 3, "black": [0] * 3, "mean": IMAGE[~mask].mean(axis=0).round()}[background]
        assert (out[~mask] == shade).all()
    cropped = cut_out(IMAGE, mask, background, crop=True)
    np.testing.assert_array_equal(cropped, out[10:35, 5:28])


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_a_photo_that_is_all_thing_stays_as_it_is(background):
    np.testing.assert_array_equal(cut_out(IMAGE, np.ones((40, 30), bool), background, crop=True), IMAGE)


def test_labels_are_named_as_people_do():
    assert load_parts("grabcut") == (GrabCut(), (("thing",),))
    assert load_parts("grabcut:size=64,Thing,seed=saliency") == (GrabCut(size=64, seed="saliency"), (("thing",),))


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("grabct", UnknownNameError, "unknown segmenter 'grabct': did you mean grabcut?"),
        ("grabcut:thin", UnknownNameError, "unknown label of grabcut 'thin': did you mean thing?"),
        ("grabcut:", ParameterError, "'grabcut:': write NAME[:LABEL,...], for example grabcut, or segformer:dress,bag"),
        ("grabcut:size=big", ParameterError, "grabcut: size is a whole number, not 'big'"),
        ("grabcut:depth=3", ParameterError, "grabcut takes no parameter 'depth'; it takes: iterations, seed, size"),
        ("mask", ParameterError, "mask needs its folder: mask:folder=..."),
        ("dnn", ParameterError, "dnn needs its model: dnn:model=..."),
        ("segformer:sha256=0", ParameterError, "segformer takes no parameter 'sha256'; it takes: model"),
    ],
)
def test_what_cannot_be_meant_is_one_line(text, error, told):
    with pytest.raises(error) as caught:
        load_parts(text)
    assert str(caught.value) == told
