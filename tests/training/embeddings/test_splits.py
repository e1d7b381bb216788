"""No photo in two parts, no copy of it either; the same seed gives the same parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsim.errors import EvaluationError, ParameterError, TableError
from imgsim.training.embeddings.splits import SPLITS, split_photos
from imgsim.training.split_file import collect, read_splits, spell_splits

SHARES = (0.6, 0.2, 0.2)


def numbered(count):
    return np.arange(count)


def test_classes_are_whole_in_one_part():
    codes = np.repeat(np.arange(20), 5)
    parts = split_photos(codes, numbered(100), by="classes", shares=SHARES, seed=3)
    assert all(len(np.unique(parts[codes == code])) == 1 for code in range(20))
    assert [(parts == part).sum() for part in range(3)] == [60, 20, 20]


def test_within_classes_each_part_has_two_of_a_class_or_none():
    codes = np.repeat(np.arange(6), [2, 5, 6, 8, 10, 40])
    parts = split_photos(codes, numbered(71), by="photos", shares=SHARES, seed=0)
    counted = [[int((parts[codes == code] == part).sum()) for part in range(3)] for code in range(6)]
    assert counted == [[2, 0, 0], [5, 0, 0], [2, 2, 2], [4, 2, 2], [6, 2, 2], [24, 8, 8]]


@pytest.mark.parametrize("by", SPLITS)
def test_a_seed_gives_the_same_parts_and_another_others(by):
    codes = np.repeat(np.arange(12), 8)
    first, again, other = (
        split_photos(codes, numbered(96), by=by, shares=SHARES, seed=seed).tolist() for seed in (1, 1, 2)
    )
    assert first == again != other


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-1, 7), st.integers(0, 40)), min_size=60, max_size=90), st.sampled_from(SPLITS))
def test_copies_are_never_apart(photos, by):
    codes, groups = (np.array(column) for column in zip(*photos, strict=True))
    try:
        parts = split_photos(codes, groups, by=by, shares=SHARES, seed=0)
    except EvaluationError:
        return
    used = parts >= 0
    assert not used[codes < 0].any()
    for group in np.unique(groups[used]):
        assert len(np.unique(parts[used & (groups == group)])) == 1
    if by == "classes":
        assert all(len(np.unique(parts[used & (codes == code)])) <= 1 for code in np.unique(codes))


def test_a_class_of_one_photo_and_its_copies_is_left_out():
    codes = np.array([0, 0, 1, *np.repeat(np.arange(2, 12), 3)])
    groups = np.array([0, 0, *range(1, 32)])
    parts = split_photos(codes, groups, by="classes", shares=SHARES, seed=0)
    assert parts[:3].tolist() == [-1, -1, -1]
    assert (parts[3:] >= 0).all()


def test_too_few_classes_are_told():
    with pytest.raises(EvaluationError, match="no class has two photos"):
        split_photos(np.arange(9), numbered(9), by="classes", shares=SHARES, seed=0)
    with pytest.raises(EvaluationError, match="2 classes of two photos or more are too few to give any to test"):
        split_photos(np.repeat([0, 1], 4), numbered(8), by="classes", shares=SHARES, seed=0)
    with pytest.raises(EvaluationError, match="2 classes .* are too few to give any to validation"):
        split_photos(np.repeat([0, 1], 4), numbered(8), by="photos", shares=SHARES, seed=0)


@pytest.mark.parametrize(
    "shares", [(0.5, 0.5), (0.6, 0.2, 0.3), (1, 0, 0), (0.9, float("nan"), 0.1), (1.2, -0.1, -0.1)]
)
def test_shares_must_make_a_whole(shares):
    with pytest.raises(ParameterError, match="1 together"):
        split_photos(np.repeat([0, 1], 4), numbered(8), by="classes", shares=shares, seed=0)


def test_without_a_test_share_none_is_kept_apart():
    codes = np.repeat(np.arange(10), 6)
    for by in SPLITS:
        parts = split_photos(codes, numbered(60), by=by, shares=(0.8, 0.2, 0), seed=0)
        assert set(parts.tolist()) == {0, 1}


def test_parts_are_read_as_they_were_written(tmp_path):
    paths = ["a/1.jpg", 'b/"odd", \n name.jpg', "c/\udcff.jpg", "d/3.jpg", "d/4.jpg"]
    codes, groups = np.array([4, 4, 2, -1, 2]), np.array([9, 9, 3, 4, 5])
    photos = collect(paths, list("vwxyz"), codes, np.array([0, 0, 1, -1, 2], np.int8), groups)
    (tmp_path / "splits.csv").write_bytes(spell_splits(photos))
    read = read_splits(str(tmp_path / "splits.csv"))
    assert read.paths == photos.paths == [paths[place] for place in (0, 1, 2, 4)]
    assert (read.names, read.labels.tolist()) == (["x", "z"], [1, 1, 0, 0])
    assert (read.parts.tolist(), read.groups.tolist()) == ([0, 0, 1, 2], [2, 2, 0, 1])
    assert (read.places("train").tolist(), read.asked("train").tolist()) == ([0, 1], [0])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("path,label\na,b\n", "not the parts of a run"),
        ("path,label,split,copies\na,b,dev,1\n", "row 2"),
        ("path,label,split,copies\na,b,test,1\na,b,train,2\n", "twice"),
    ],
)
def test_what_is_no_file_of_parts_is_told(tmp_path, text, told):
    (tmp_path / "splits.csv").write_text(text)
    with pytest.raises(TableError, match=told):
        read_splits(str(tmp_path / "splits.csv"))
