"""How the figures of docs/kinds.md are come by."""

import numpy as np
import pytest

from benchmarks.kinds import CLOTHING, WORN, Told, answers_of, cut_outs
from imgsim.features.office_categories import office_categories
from imgsim.models.imagenet_kinds import imagenet_synsets
from tests.features.test_kinds import installed


def test_clothing_is_told_by_kinds_that_exist_each_for_one_class():
    kinds = [kind for some in CLOTHING.values() for kind in some]
    assert len(set(kinds)) == len(kinds)
    assert set(kinds) <= imagenet_synsets().keys()


def test_what_is_cut_out_has_a_category():
    assert {right for _, right in WORN.values()} <= {category.english for category in office_categories()}


@installed
def test_an_answer_is_the_likeliest_category_or_other():
    names = [category.english for category in office_categories()]
    rows = np.zeros((3, len(names) + 1), np.float32)
    rows[:, -1] = 0.6
    rows[0, names.index("wallet")], rows[1, names.index("wallet")] = 0.3, 0.2
    assert answers_of(Told(["a", "b", "c"], rows), 0.25) == ["wallet", "other", "other"]


def test_cut_outs_are_things_of_the_masks(shared_data):
    pytest.importorskip("scipy.io")
    found = list(cut_outs(shared_data))
    assert {one.worn for one in found} == set(WORN)
    assert min(min(one.image.shape[:2]) for one in found) > 20
