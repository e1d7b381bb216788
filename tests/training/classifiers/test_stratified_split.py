"""Each class is parted alike, copies are never apart, and what is tested was learned."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgsim.errors import EvaluationError
from imgsim.training.classifiers.stratified_split import check_learned, count_parts, stratified_split


def counts(codes, parts):
    return [one[1:] for one in count_parts(codes, parts, [str(code) for code in range(codes.max() + 1)])]


def test_a_fifth_of_each_class_tests_and_a_tenth_of_the_rest_validates():
    codes = np.repeat(np.arange(10), 30)
    counted = counts(codes, stratified_split(codes, np.arange(300), seed=4))
    assert {test for _, _, test in counted} == {6}
    assert {validation for _, validation, _ in counted} == {2, 3}
    assert np.sum(counted, axis=0).tolist() == [216, 24, 60]


def test_small_classes_keep_a_photo_to_learn_from_and_give_one_to_test():
    codes = np.repeat(np.arange(4), [1, 2, 3, 94])
    assert counts(codes, stratified_split(codes, np.arange(100), seed=0))[:3] == [(1, 0, 0), (1, 0, 1), (2, 0, 1)]


def test_no_share_tests_nothing():
    codes = np.repeat(np.arange(3), [4, 10, 40])
    assert np.sum(counts(codes, stratified_split(codes, np.arange(54), seed=0, test=0)), axis=0).tolist() == [49, 5, 0]
    parts = stratified_split(codes, np.arange(54), seed=0, test=0, validation=0)
    assert (parts == 0).all()


def test_a_seed_gives_the_same_parts_and_another_others():
    codes = np.repeat(np.arange(5), 12)
    one, again, other = (stratified_split(codes, np.arange(60), seed=seed).tolist() for seed in (1, 1, 2))
    assert one == again != other


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 30)), min_size=1, max_size=90),
    st.floats(0.05, 0.6),
    st.floats(0, 0.6),
)
def test_copies_are_never_apart_and_each_class_of_its_own_is_learned(photos, test, validation):
    codes, groups = (np.array(column) for column in zip(*photos, strict=True))
    parts = stratified_split(codes, groups, seed=0, test=test, validation=validation)
    assert ((parts >= 0) == (codes >= 0)).all()
    for group in np.unique(groups[codes >= 0]):
        assert len(np.unique(parts[(groups == group) & (codes >= 0)])) == 1
    torn = {group for group in groups if len(set(codes[(groups == group) & (codes >= 0)])) > 1}
    for code in {code for code in codes if code >= 0 and not torn & set(groups[codes == code])}:
        assert (parts[codes == code] == 0).any()


def test_what_nothing_is_learned_of_is_named():
    codes, names = np.array([0, 0, 1, 2, 2]), ["cup", "fork", "plate"]
    check_learned(count_parts(codes, np.array([0, 2, 0, 0, 2]), names))
    with pytest.raises(EvaluationError, match=r"^2 classes have no photo to learn from.*\(fork, plate\)"):
        check_learned(count_parts(codes, np.array([0, 0, 2, 1, 2]), names))
    with pytest.raises(EvaluationError, match=r"and there is one \(cup\): give two or more"):
        check_learned(count_parts(codes, np.array([0, 0, -1, -1, -1]), names))
