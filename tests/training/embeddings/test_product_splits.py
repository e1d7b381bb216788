"""The two protocols of Stanford Online Products: who learns, who asks, and whom."""

import numpy as np
import pytest

from imgsim.errors import EvaluationError, ParameterError
from imgsim.training.embeddings.product_splits import describe_parts, split_products
from imgsim.training.embeddings.recipe import LEAVE_ONE_OUT, ONE_QUERY, TrainingRecipe
from imgsim.training.split_file import collect, read_splits, spell_splits

SHARES = (0.6, 0.2, 0.2)
TRAIN, VALIDATION, TEST, QUERY = range(4)


def laid_out(learned, tested):
    """Give classes and lists of photos, in no order."""
    sizes = [*learned, *tested]
    order = np.random.default_rng(1).permutation(sum(sizes))
    return np.repeat(np.arange(len(sizes)), sizes)[order], np.repeat([False, True], [sum(learned), sum(tested)])[order]


def counted(parts, codes):
    return [[int((parts[codes == code] == part).sum()) for part in range(4)] for code in range(codes.max() + 1)]


def split(codes, tests, by, shares=SHARES, seed=0):
    return split_products(codes, tests, by=by, shares=shares, seed=seed)


def test_by_one_query_two_of_six_validate_and_one_of_two_asks():
    codes, tests = laid_out([1, 2, 5, 6, 9], [1, 2, 7])
    parts = split(codes, tests, ONE_QUERY)
    assert counted(parts, codes) == [
        *([0, 0, 0, 0], [2, 0, 0, 0], [5, 0, 0, 0], [4, 2, 0, 0], [7, 2, 0, 0]),
        *([0, 0, 1, 0], [0, 0, 1, 1], [0, 0, 6, 1]),
    ]
    assert split(codes, tests, ONE_QUERY).tolist() == parts.tolist() != split(codes, tests, ONE_QUERY, seed=1).tolist()


def test_by_leave_one_out_all_tested_ask_and_whole_classes_validate():
    codes, tests = laid_out([4] * 40, [1, 2, 7])
    parts = split(codes, tests, LEAVE_ONE_OUT)
    assert counted(parts, codes)[40:] == [[0, 0, 1, 0], [0, 0, 2, 0], [0, 0, 7, 0]]
    assert sorted(map(tuple, counted(parts, codes)[:40])) == [(0, 4, 0, 0)] * 10 + [(4, 0, 0, 0)] * 30
    parts = split(codes, tests, LEAVE_ONE_OUT, shares=(1, 0, 0))
    assert counted(parts, codes)[:40] == [[4, 0, 0, 0]] * 40


def test_of_classes_as_many_and_as_large_the_published_counts_follow():
    learned = [10] * 199 + [9] * (4233 - 199) + [3] * (11318 - 4233)  # 8,466 photos are two of 4,233 classes
    tested = [6] * 3922 + [5] * (11316 - 3922)
    codes, tests = laid_out(learned, tested)
    assert [int((~tests).sum()), int(tests.sum())] == [59551, 60502]
    parts = split(codes, tests, ONE_QUERY)
    assert np.bincount(parts).tolist() == [51085, 8466, 49186, 11316]
    every = split(codes, tests, LEAVE_ONE_OUT, shares=(1, 0, 0))
    assert np.bincount(every).tolist() == [59551, 0, 60502]
    assert describe_parts(every, codes, np.arange(len(codes))) == (
        "59,551 photos of 11,318 classes to train, 60,502 photos of 11,316 classes that are asked for"
    )


def test_copies_of_photos_to_learn_from_are_told_and_stay():
    codes, tests = laid_out([6, 6], [3, 3])
    groups = np.arange(18)
    groups[np.flatnonzero(tests)[:2]] = groups[np.flatnonzero(~tests)[0]]
    parts = split(codes, tests, ONE_QUERY)
    assert describe_parts(parts, codes, groups).endswith("; 2 test photos are copies of photos to learn from, and stay")
    assert (parts[tests] >= TEST).all()


@pytest.mark.parametrize(
    ("learned", "tested", "by", "told"),
    [
        ([6], [1, 1], ONE_QUERY, "no class on the list to test by has two photos"),
        ([6, 6], [1], LEAVE_ONE_OUT, "no class on the list to test by has two photos"),
        ([5, 2], [2], ONE_QUERY, "no class on the list to learn from has 6 photos: none is left to validate"),
        ([5], [2], LEAVE_ONE_OUT, "too few classes: none is left to validate"),
        ([1, 1], [2], LEAVE_ONE_OUT, "none is left to train"),
    ],
)
def test_too_few_photos_are_told(learned, tested, by, told):
    with pytest.raises(EvaluationError, match=told):
        split(*laid_out(learned, tested), by)


def test_shares_are_of_one_protocol_alone():
    with pytest.raises(ParameterError, match="1 together"):
        split(*laid_out([6], [2]), LEAVE_ONE_OUT, shares=(0, 1, 0))
    with pytest.raises(ParameterError, match="products-one-query deals photos by rules of its own: leave shares out"):
        TrainingRecipe.make({"split": ONE_QUERY, "shares": "0.8:0.1:0.1"})
    assert TrainingRecipe(split=LEAVE_ONE_OUT, shares="1:0:0").parts == (1, 0, 0)


def test_who_asks_is_written_and_read(tmp_path):
    codes, parts = np.array([0, 0, 1, 1, 1]), np.array([TRAIN, VALIDATION, TEST, QUERY, TEST], np.int8)
    photos = collect(list("abcde"), ["x", "y"], codes, parts, np.arange(5))
    (tmp_path / "splits.csv").write_bytes(spell_splits(photos))
    read = read_splits(str(tmp_path / "splits.csv"))
    assert read.places("test").tolist() == read.asked("test").tolist() == [2, 3, 4]
    assert read.queries("test").tolist() == [False, True, False]
    assert (read.queries("validation"), read.places("validation").tolist()) == (None, [1])
    assert b"d,y,query,3\n" in (tmp_path / "splits.csv").read_bytes()
