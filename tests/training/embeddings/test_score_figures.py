"""Figures of rows by scores against plain loops, and how scored photos are dealt."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from imgsim.errors import EvaluationError, ParameterError
from imgsim.evaluation.score_widths import Widths, check_widths
from imgsim.training.embeddings.score_figures import compare_scored, judge_scored
from imgsim.training.embeddings.scored_photos import check_partners, split_scored, widths_for
from imgsim.training.split_file import SplitPhotos, read_splits, spell_splits

WIDTHS = Widths(10, 30)


def rows_of(count, dim=5, seed=0):
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_figures_are_those_of_a_plain_loop():
    rows, scores = rows_of(25), np.random.default_rng(1).integers(0, 100, 25).astype(float)
    right, correlations = [], []
    for anchor in range(25):
        others = [place for place in range(25) if place != anchor]
        distances = {place: 1 - float(rows[place] @ rows[anchor]) for place in others}
        apart = {place: abs(scores[place] - scores[anchor]) for place in others}
        decided = [
            (distances[near] < distances[far]) + (distances[near] == distances[far]) / 2
            for near in others
            for far in others
            if apart[near] <= 10 and apart[far] > 30
        ]
        right += [np.mean(decided)] if decided else []
        correlations.append(spearmanr(list(distances.values()), list(apart.values()))[0])
    judged = judge_scored(rows, scores, WIDTHS)
    np.testing.assert_allclose(judged.right, right)
    np.testing.assert_allclose(judged.correlations, correlations)
    assert judged.named() == {
        "accuracy": pytest.approx(np.mean(right)),
        "spearman": pytest.approx(np.mean(correlations)),
    }


def test_rows_along_a_line_of_scores_decide_all_rightly_and_gain_on_others():
    scores = np.linspace(0, 90, 30)
    line = np.stack([np.cos(scores / 60), np.sin(scores / 60)], axis=1).astype(np.float32)
    judged = {"embedding": judge_scored(line, scores, WIDTHS), "pooled": judge_scored(rows_of(30), scores, WIDTHS)}
    trained, pooled = compare_scored("test", judged, seed=0)
    assert (trained.accuracy.value, trained.spearman) == (1.0, pytest.approx(1.0, abs=0.01))
    assert trained.gain.low > 0
    assert pooled.gain is None
    told = pooled.to_row()
    assert told["chance"] == 0.5
    assert told["f1_of_true"] == pytest.approx(2 * told["accuracy"] / (1 + told["accuracy"]), abs=1e-4)
    assert told["low"] <= told["accuracy"] <= told["high"]


def test_copies_and_groups_are_never_in_two_parts():
    copies = np.array([*range(36), *range(4)])
    scored = np.ones(40, bool)
    scored[39] = False
    parts = split_scored(scored, copies, None, shares=(0.6, 0.2, 0.2), seed=1)
    assert parts[39] == -1
    assert parts[36:39].tolist() == parts[:3].tolist()
    assert set(parts.tolist()) == {-1, 0, 1, 2}
    groups = np.arange(40) % 8
    groups[7] = -1
    parts = split_scored(scored, copies, groups, shares=(0.6, 0.2, 0.2), seed=1)
    of_group = [set(parts[(groups == group) & scored].tolist()) for group in range(8)]
    assert all(len(found) == 1 for found in of_group)
    assert parts[7] == -1
    assert set(parts.tolist()) == {-1, 0, 1, 2}


def test_too_few_groups_are_told():
    with pytest.raises(EvaluationError, match="2 groups are too few to give any to "):
        split_scored(np.ones(9, bool), np.arange(9), np.arange(9) % 2, shares=(0.6, 0.2, 0.2), seed=0)
    with pytest.raises(EvaluationError, match="no photo has a score and a group"):
        split_scored(np.ones(9, bool), np.arange(9), np.full(9, -1), shares=(0.6, 0.2, 0.2), seed=0)


def split_of(scores, parts, tmp_path):
    names = sorted({repr(score) for score in scores})
    labels = np.array([names.index(repr(score)) for score in scores])
    paths = [f"{number}.png" for number in range(len(scores))]
    (tmp_path / "splits.csv").write_bytes(
        spell_splits(SplitPhotos(paths, names, labels, np.array(parts), np.arange(len(scores))))
    )
    return read_splits(str(tmp_path / "splits.csv"))


def test_scores_come_back_to_the_last_bit_and_quantiles_are_of_the_photos_that_train(tmp_path):
    scores = [0.1 + 0.2, 1 / 3, 10.0, 1e9, -4.5]
    split = split_of(scores, [0, 0, 0, 1, 2], tmp_path)
    assert split.scores.tolist() == scores
    assert widths_for("1:q1", split) == Widths(1.0, 10.0 - (0.1 + 0.2))
    assert widths_for("", split) is None


def test_a_part_without_near_and_far_scores_is_told(tmp_path):
    split = split_of([0.0, 1.0, 50.0, 0.0, 1.0, 50.0, 0.0, 1.0, 2.0], [0, 0, 0, 1, 1, 1, 2, 2, 2], tmp_path)
    with pytest.raises(EvaluationError, match=r"^widths: test: none of its 3 photos, scored 0 to 2, has both "):
        check_partners(split, Widths(5, 30))
    check_partners(split, Widths(1, 1))


@pytest.mark.parametrize(("within", "beyond"), [("5", "x"), ("30", "5"), ("q2", "q3"), ("-1", "4")])
def test_texts_that_are_no_widths_are_told_before_there_are_scores(within, beyond):
    with pytest.raises(ParameterError, match=r"^widths: "):
        check_widths("widths", within, beyond)
    check_widths("widths", "q0.1", "3")
