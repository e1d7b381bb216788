"""Confirmed pairs as classes, beside a plain loop, and what was rejected beside them."""

import numpy as np
import pytest

from imgsim.training.embeddings.linear.held_out_classes import Beside, judge_plain, split_classes
from imgsim.training.embeddings.linear.linear_model import LinearSettings, find_learnable, learn_map
from imgsim.training.embeddings.linear.pair_chains import chain_pairs, check_chains
from imgsim.training.embeddings.linear.refusals import LearningError

NONE = np.zeros((0, 2), np.intp)


def chained(pairs, things):
    """Merge sets until none share a thing."""
    sets = [{thing} for thing in range(things)]
    for one, other in pairs:
        mine, theirs = (next(known for known in sets if thing in known) for thing in (one, other))
        if mine is not theirs:
            sets.remove(theirs)
            mine |= theirs
    return [known for known in sets if any(thing in pair for pair in pairs for thing in known)]


@pytest.mark.parametrize("seed", range(5))
def test_chains_are_those_of_a_plain_loop(seed):
    rng = np.random.default_rng(seed)
    pairs, rejected = rng.integers(0, 30, (14, 2)), rng.integers(0, 40, (20, 2))
    chains = chain_pairs(pairs, rejected, 40)
    sets = chained(pairs.tolist(), 40)
    torn = [pair for pair in rejected.tolist() if any(set(pair) <= known for known in sets)]
    whole = [known for known in sets if not any(set(pair) <= known for pair in torn)]
    assert sorted(map(sorted, whole)) == sorted(
        np.flatnonzero(chains.codes == code).tolist() for code in range(chains.codes.max() + 1)
    )
    assert sorted(chains.torn.tolist()) == sorted(torn)
    outside = set(range(40)) - set().union(*sets)
    against = {
        (thing, int(chains.codes[other]))
        for pair in rejected.tolist()
        for thing, other in (pair, pair[::-1])
        if thing in outside and any(other in known for known in whole)
    }
    assert {tuple(pair) for pair in chains.rejected.tolist()} == against


def test_what_shares_a_photo_is_one_thing_unless_that_is_contradicted():
    confirmed = np.array([[0, 1], [1, 2], [3, 4]])
    assert chain_pairs(confirmed, NONE, 6).codes.tolist() == [0, 0, 0, 1, 1, -1]
    chains = chain_pairs(confirmed, np.array([[0, 2], [2, 5]]), 6)
    assert chains.codes.tolist() == [-1, -1, -1, 0, 0, -1]
    assert chains.torn.tolist() == [[0, 2]]
    assert chains.rejected.tolist() == []  # who was in a torn chain is known to be nothing


def test_five_things_of_two_photos_are_needed():
    check_chains(np.repeat(np.arange(5), 2))
    with pytest.raises(LearningError, match="^by confirmed pairs 4 things have two photos or more: 5 are needed$"):
        check_chains(np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, -1]))
    with pytest.raises(LearningError, match="0 things have"):
        check_chains(np.array([-1, -1]))


def test_what_was_rejected_stands_beside_its_class_where_that_is_held_out():
    rng = np.random.default_rng(0)
    rows, codes = rng.normal(size=(24, 4)) + 9, np.repeat(np.arange(8), 3)
    near = rows[codes == 2].mean(axis=0, keepdims=True)
    beside = Beside(np.concatenate([near, near + 50]), np.array([[0, 2], [0, 3], [1, 40]]))

    def distances(some):
        return np.linalg.norm(some[:, None] - some, axis=2)

    folds = split_classes(codes, 4, 0)
    alone, judged = (list(judge_plain(rows, codes, folds, distances, one)) for one in (None, beside))
    assert [(one.classes, one.photos) for one in judged] == [(one.classes, one.photos) for one in alone] == [(2, 6)] * 4
    for fold, one, other in zip(folds, alone, judged, strict=True):
        mine = codes[fold.held_out]
        if not {2, 3} & set(mine):
            assert one == other
            continue
        some = np.concatenate([rows[fold.held_out], near])
        measured = distances(some)
        np.fill_diagonal(measured, np.inf)
        found = np.append(mine, -1)[measured[:-1].argmin(axis=1)] == mine
        assert other.figures["recall@1"] == pytest.approx(found.mean())
        assert other.figures["map@r"] < one.figures["map@r"] or 2 not in mine
    known = find_learnable(rows.astype("f4"), codes + 1, Beside(beside.rows, beside.pairs + np.array([0, 1])))
    assert known.beside.pairs.tolist() == [[0, 2], [0, 3]]  # by their new numbers
    learned = learn_map(known, LinearSettings(folds=4), distances)
    plain = [one.figures["map@r"] for one in learned.judged if one.form is None]
    assert plain == pytest.approx([one.figures["map@r"] for one in judged])
