"""Candidates judged by pairs of a lost thing and a found one."""

from typing import NamedTuple

import numpy as np
import pytest

from imgsim.errors import EvaluationError
from imgsim.evaluation.candidates import Candidate
from imgsim.evaluation.comparison import give_verdicts
from imgsim.evaluation.pair_judge import PairJudge, calibrate_pairs
from imgsim.evaluation.pair_labels import label_pairs
from imgsim.metrics import load_metric
from imgsim.search.gallery import lay_out
from imgsim.search.ranking import Term
from imgsim.search.thing_side import take_part

HOG = Candidate(("hog",))


class Line(NamedTuple):
    """Things at places on a line, compared by how far they are apart."""

    lost: list
    found: list
    one: bool = False
    specs = ("line",)
    metrics = ("euclidean",)

    def sides(self):
        metric = load_metric("euclidean").fit()
        sides = []
        for places in (self.lost, self.found):
            rows = np.array(places, np.float32)[:, None]
            term = Term(lay_out(np.nan_to_num(rows), metric), metric)
            term.gallery.present[:] = np.isfinite(rows[:, 0])
            sides.append(take_part([term], np.arange(len(rows)), np.arange(len(rows))))
        return tuple(sides)


def judge(line, labels, **options):
    return PairJudge(lambda *_: line, labels, **options).judge(HOG)


def test_figures_are_those_of_the_ranks():
    line = Line([0, 10, 20, 30], [0.5, 9, 13, 26, 21, 40])
    found = judge(line, label_pairs([(0, 0), (1, 2), (3, 5)], [(1, 1)], said=[(0, 1), (2, 4)]))
    assert found.queries.tolist() == [0, 1, 3]
    assert found.outcomes["recall@1"].tolist() == [1, 0, 0]
    assert found.outcomes["map"].tolist() == [1, 1 / 2, 1 / 3]
    assert found.figures["map"].value == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert found.figures["recall@1"].low < 1 / 3 < found.figures["recall@1"].high
    assert dict(found.counts) == {"found_things": 6, "confirmed": 3, "rejected": 1}
    assert np.isnan(found.figures["pair_f1"].value)
    assert found.remarks == (
        "3 confirmed and 1 rejected pairs are too few to judge pairs by a threshold: two of each are needed",
    )
    assert found.curves.recalls.tolist() == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 1])


def test_rejected_pairs_are_what_thresholds_are_judged_by():
    line = Line([0, 10, 20, 30], [1, 11, 22, 31, 25, 27])
    labels = label_pairs([(n, n) for n in range(4)], [(2, 4), (3, 5), (3, 4)])
    found = judge(line, labels)
    assert found.figures["pair_roc_auc"].value == 1
    assert found.pairs.negatives == 3
    assert judge(line, labels, full=False).pairs is None


def test_what_lacks_features_is_left_out():
    line = Line([0, np.nan, 20], [1, 11, np.nan, 20])
    found = judge(line, label_pairs([(0, 0), (1, 1), (2, 2), (2, 3)], [(0, 2), (0, 1)]))
    assert found.queries.tolist() == [0, 2]
    assert dict(found.counts) == {"found_things": 3, "confirmed": 2, "rejected": 1}
    with pytest.raises(EvaluationError, match="no confirmed pair has features on both sides"):
        judge(line, label_pairs([(1, 1)], []))


def test_in_one_index_no_thing_finds_itself():
    places = [0, 10, 2, 13]
    labels = label_pairs([(0, 2), (1, 3)], [])
    assert judge(Line(places, places, one=True), labels).outcomes["recall@1"].tolist() == [1, 1]
    assert judge(Line(places, places), labels).outcomes["recall@1"].tolist() == [0, 0]


def test_candidates_are_compared_on_the_lost_things():
    lost = list(range(0, 200, 10))
    good, bad = Line(lost, [place + 1 for place in lost]), Line(lost, lost[1:] + lost[:1])
    labels = label_pairs([(n, n) for n in range(20)], [])
    verdicts = give_verdicts([judge(good, labels), judge(bad, labels)], "recall@1", seed=0)
    assert [verdict.word for verdict in verdicts] == ["best", "worse"]


def test_a_calibration_is_of_the_pairs_that_were_shown():
    rng = np.random.default_rng(0)
    lost = np.arange(40) * 10.0
    line = Line(lost, [*(lost + rng.uniform(0, 2, 40)), *(lost + rng.uniform(1, 5, 40))])
    labels = label_pairs([(n, n) for n in range(40)], [], said=[(n, 40 + n) for n in range(40)])
    fit = calibrate_pairs(line, labels, seed=0)
    near, far = fit.calibration([0.3, 4.5])
    assert near > 0.8
    assert far < 0.2
    assert fit.reliability.count.sum() == 80
    assert fit.folds == 5


def test_too_few_of_either_kind_are_refused():
    line = Line(range(10), range(10))
    with pytest.raises(EvaluationError, match="10 pairs are the same thing and 0 are not: calibration needs 5 of each"):
        calibrate_pairs(line, label_pairs([(n, n) for n in range(10)], []), seed=0)
    with pytest.raises(EvaluationError, match="1 pair is the same thing and 9 are not"):
        calibrate_pairs(line, label_pairs([(0, 0)], [(0, n) for n in range(1, 10)]), seed=0)


@pytest.mark.parametrize("rerank", ["k_reciprocal:k1=3,k2=2,shortlist=5", "k_reciprocal:k1=2,k2=1,shortlist=3"])
def test_reranked_things_are_not_among_what_they_find(rerank):
    """Each lost thing of one index is asked for apart, on a found side without it: the ranks are the same."""
    places = np.random.default_rng(3).normal(size=9).round(2).tolist()
    pairs = [(0, 4), (2, 7), (3, 1), (8, 5)]
    judged = PairJudge(lambda *_: Line(places, places, one=True), label_pairs(pairs, []), full=False)
    whole = judged.judge(Candidate(("hog",), None, rerank))
    for number, (lost, found) in enumerate(pairs):
        others = [np.nan if place == lost else value for place, value in enumerate(places)]
        labels = label_pairs([(lost, found)], [])
        alone = PairJudge(lambda *_, there=others: Line(places, there), labels, full=False)
        one = alone.judge(Candidate(("hog",), None, rerank))
        assert one.outcomes["map"][0] == whole.outcomes["map"][number]
    assert whole.queries.tolist() == [0, 2, 3, 8]
