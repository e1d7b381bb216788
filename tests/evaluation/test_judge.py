"""Judging candidates in an index, and saying which differences are real."""

import json
import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from imgsim.errors import EvaluationError, ImgsimError
from imgsim.evaluation.candidates import (
    Candidate,
    bare_extractors,
    extractor_grid,
    metric_grid,
    parse_candidates,
    split_fused,
)
from imgsim.evaluation.comparison import compare_with_best, give_verdicts, mcnemar
from imgsim.evaluation.judge import Judge
from imgsim.features import EXTRACTORS, load_extractor
from imgsim.images.read import read_image
from imgsim.index.index import open_index
from imgsim.index.update import update_index
from imgsim.metrics import METRICS, load_metric, measure_statistics, median_pair_distance
from imgsim.reports.judgement_rows import TITLES, to_cells, to_flat, to_notes, to_objects
from tests.galleries import term_of
from tests.photos import draw_photo

COUNT = 12
CODES = np.arange(COUNT) % 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number in range(COUNT):
        draw_photo(folder / f"{number:02}.png", number)
    update_index(folder, extractors=["histogram:bins=4", "lbp", "phash"])
    return folder


@pytest.fixture
def judge(folder):
    with open_index(folder) as index, index.snapshot():
        yield lambda codes=CODES, **options: Judge(index.distance, codes, **options)


def rows_of(folder, text):
    extractor = load_extractor(text)
    return np.concatenate([extractor.extract([read_image(folder / f"{n:02}.png")]) for n in range(COUNT)])


def plain_recall_at_1(distances):
    np.fill_diagonal(distances, np.inf)
    return (CODES[distances.argmin(axis=1)] == CODES).mean()


@pytest.mark.parametrize("metric", ["hellinger", "cosine", "cityblock"])
def test_retrieval_is_that_of_a_plain_loop(folder, judge, metric):
    judgement = judge(full=False).judge(Candidate(("histogram",), metric))
    rows = rows_of(folder, "histogram:bins=4")
    expected = plain_recall_at_1(load_metric(metric).fit()(rows, rows))
    assert judgement.figures["recall@1"].value == pytest.approx(expected)
    assert len(judgement.queries) == COUNT
    assert judgement.counts == {"classes": 3, "alone": 0, "left_out": 0}
    assert judgement.metric == metric
    assert judgement.specs == (str(load_extractor("histogram:bins=4").spec),)


def test_fused_extractors_are_judged_by_the_distance_that_a_query_has(folder, judge):
    judgement = judge(full=False).judge(Candidate(("histogram@0.3", "lbp@0.7")))
    total = np.zeros((COUNT, COUNT))
    for text, weight in (("histogram:bins=4", 0.3), ("lbp", 0.7)):
        rows = rows_of(folder, text)
        metric = load_metric(load_extractor(text).metric).fit()
        total += weight * metric(rows, rows) / median_pair_distance(metric, measure_statistics(rows))
    assert judgement.figures["recall@1"].value == pytest.approx(plain_recall_at_1(total))
    assert judgement.metric == "hellinger"


def test_classification_is_scikit_learns(folder, judge):
    judgement = judge().judge(Candidate(("lbp",)))
    plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    predicted = cross_val_predict(plain, rows_of(folder, "lbp").astype(float), CODES, cv=LeaveOneOut())
    np.testing.assert_array_equal(judgement.classification.predicted, predicted)
    assert judgement.figures["loocv_accuracy"].value == pytest.approx((predicted == CODES).mean())


def test_pairs_are_of_whole_photos_wherever_their_parts_stand(rng):
    # Of each photo first a part, at random, and then the whole, which lies far from other classes'.
    whole = np.tile([False, True], COUNT)
    rows = rng.random((2 * COUNT, 3)).astype(np.float32)
    rows[whole, 0] += 10 * CODES
    term = term_of(rows, photos=np.repeat([f"photo {n}" for n in range(COUNT)], 2))
    term = replace(term, gallery=replace(term.gallery, whole=whole))
    cut = SimpleNamespace(
        specs=("x",), metrics=("euclidean",), terms=lambda: [term], features=lambda: (rows[whole], np.ones(COUNT, bool))
    )
    judgement = Judge(lambda *_: cut, CODES).judge(Candidate(("x",)))
    assert judgement.pairs.roc_auc == 1


def test_photos_without_label_take_no_part(judge):
    codes = np.where(np.arange(COUNT) < 9, CODES, -1)
    codes[8] = 7
    judgement = judge(codes).judge(Candidate(("lbp",)))
    assert judgement.counts == {"classes": 3, "alone": 1, "left_out": 3}
    assert judgement.queries.tolist() == list(range(8))
    assert len(judgement.classification.predicted) == 9


@pytest.mark.parametrize("codes", [np.arange(COUNT), np.full(COUNT, -1)])
def test_labels_that_leave_nothing_to_find_are_refused(judge, codes):
    with pytest.raises(EvaluationError, match="no class has two photos"):
        judge(codes).judge(Candidate(("lbp",)))


def test_of_one_class_there_is_retrieval_alone(judge):
    judgement = judge(np.zeros(COUNT, int)).judge(Candidate(("lbp",)))
    assert judgement.figures["map"].value == 1
    assert (judgement.classification, judgement.pairs) == (None, None)
    assert not any(name.startswith(("loocv", "pair")) for name in judgement.figures)
    with pytest.raises(EvaluationError, match="no loocv_accuracy to compare by"):
        give_verdicts([judgement], "loocv_accuracy", seed=0)


def test_progress_goes_from_nothing_to_all(judge):
    heard = {}
    judge(advanced=lambda what, share: heard.setdefault(what, []).append(share)).judge(Candidate(("phash",)))
    assert list(heard) == ["phash: ranking", "phash: classifying"]
    assert all(shares[0] == 0 and shares[-1] == 1 and shares == sorted(shares) for shares in heard.values())


def test_verdicts_compare_with_the_best_on_the_same_queries(judge):
    judgements = [judge(full=False).judge(Candidate((name,))) for name in ("lbp", "histogram", "phash")]
    verdicts = give_verdicts(judgements, "map", seed=0)
    values = [judgement.figures["map"].value for judgement in judgements]
    best = int(np.argmax(values))
    assert verdicts[best] == ("best", 0.0, None)
    for place in {0, 1, 2} - {best}:
        assert verdicts[place].difference == pytest.approx(values[place] - values[best])
        assert verdicts[place].word == ("worse" if verdicts[place].p_value < 0.05 else "not told apart")


def test_accuracies_are_compared_by_mcnemars_test_on_the_photos_judged(judge):
    codes = np.where(np.arange(COUNT) < 10, CODES, -1)
    codes[9] = 7
    judgements = [judge(codes).judge(Candidate((name,))) for name in ("lbp", "histogram")]
    verdicts = give_verdicts(judgements, "loocv_accuracy", seed=0)
    right = [judgement.classification.correct for judgement in judgements]
    for judgement, correct in zip(judgements, right, strict=True):
        np.testing.assert_array_equal(judgement.outcomes["loocv_accuracy"], correct)
    only = [int((right[place] & ~right[1 - place]).sum()) for place in (0, 1)]
    (other,) = (verdict for verdict in verdicts if verdict.word != "best")
    assert other.p_value == pytest.approx(mcnemar(*only))
    assert other.difference == pytest.approx(-abs(right[0].mean() - right[1].mean()))


def test_queries_without_a_figure_are_not_compared():
    asked = np.arange(4)
    values = [np.array([1.0, 2.0, np.nan, 4.0]), np.array([0.0, 1.0, 5.0, np.nan])]
    _, verdict = compare_with_best(0, [(asked, values[0]), (asked, values[1])], seed=0)
    assert verdict.difference == -1


def test_notes_name_the_extractors_where_they_differ():
    rows = [
        {"extractor": "lbp", "alone": 2, "left_out": 0, "loocv_procedure": "10-fold"},
        {"extractor": "hog", "alone": 2, "left_out": 3, "loocv_procedure": "leave-one-out"},
        {"extractor": "lbp", "alone": 2, "left_out": 0, "loocv_procedure": "10-fold"},
    ]
    alone, left_out, folds = to_notes(rows)
    assert alone == "2 photos are alone in their class: they ask nothing, but may be found"
    assert left_out == "3 photos have no label or no features, or are copies, and take no part (hog)"
    assert folds.startswith("accuracy and macro F1 are by 10-fold")
    assert folds.endswith("(lbp)")


def test_rows_have_every_figure_with_its_interval(judge):
    judgements = [judge().judge(Candidate((name,))) for name in ("lbp", "phash")]
    rows = to_objects(judgements, give_verdicts(judgements, "recall@1", seed=0), "recall@1")
    assert json.loads(json.dumps(rows)) == rows
    promised = ["recall@1", "recall@5", "recall@10", "map", "map@r", "ndcg", "loocv_accuracy", "loocv_macro_f1"]
    for row in rows:
        assert {"extractor", "metric", "n", *promised, *(f"{name}_ci" for name in promised)} <= set(row)
        for name in promised:
            low, high = row[f"{name}_ci"]
            assert 0 <= low <= row[name] <= high <= 1
    flat = to_flat(rows)
    assert not any(isinstance(value, list) for row in flat for value in row.values())
    assert flat[0]["map_low"] == rows[0]["map_ci"][0]
    header, *lines = to_cells(rows, TITLES)
    assert header[:3] == ["extractor", "metric", "n"]
    assert all(len(line) == len(header) for line in lines)
    assert {line[-1].split(" p ")[0] for line in lines} <= {"best", "worse", "not told apart"}


def test_candidates_are_each_with_each():
    candidates = parse_candidates(["hog", "lbp@2+hog"], ["cosine", "euclidean"])
    assert [(one.name, one.metric) for one in candidates] == [
        ("hog", "cosine"),
        ("hog", "euclidean"),
        ("lbp@2+hog", "cosine"),
        ("lbp@2+hog", "euclidean"),
    ]
    assert bare_extractors(candidates) == ["hog", "lbp"]


@pytest.mark.parametrize("name", [*EXTRACTORS])
@pytest.mark.parametrize("weight", ["", "@0.3"])
def test_a_full_spec_is_one_extractor_alone_and_fused(name, weight):
    full = f"{load_extractor(name).spec}{weight}"
    others = ("hog", f"haralick:aggregate=mean+range{weight}", "resnet18:pooling=gem@2", "timm/xception41.tf_in1k")
    assert split_fused(full) == (full,)
    for other in (*others, full):
        assert split_fused(f"{full}+{other}") == (full, other)
        assert split_fused(f"{other}+{full}+{other}") == (other, full, other)
    (candidate,) = parse_candidates([f"{full}+phash"])
    assert (candidate.extractors, candidate.name) == ((full, "phash"), f"{full}+phash")


def test_a_wrong_parameter_within_a_fusion_is_told_by_its_extractor():
    with pytest.raises(ImgsimError, match="haralick: aggregate is one of .*, not 'mean\\+rnge'"):
        parse_candidates(["haralick:aggregate=mean+rnge"])
    with pytest.raises(ImgsimError, match="unknown extractor 'hogg'"):
        parse_candidates(["lbp+hogg"])


@pytest.mark.parametrize("texts", [["hogg"], ["hog:cells=x"], ["hog+"], ["hog@0"]])
def test_a_wrong_name_is_told_before_any_work(texts):
    with pytest.raises(ImgsimError, match=r"hog|did you mean|write NAME"):
        parse_candidates(texts)


def test_the_grid_is_of_names_that_exist(monkeypatch, tmp_path):
    monkeypatch.setenv("IMGSIM_MODELS", os.fspath(tmp_path))
    for extractor in extractor_grid():
        metrics = metric_grid(extractor)
        assert metrics[0] == load_extractor(extractor).metric
        assert set(metrics) <= set(METRICS)
        assert len(set(metrics)) == len(metrics)


def remarks_on(rows, name="euclidean", codes=CODES, full=False, **candidate):
    distance = SimpleNamespace(
        specs=("x",),
        metrics=(name,),
        terms=lambda: [term_of(rows, name)],
        features=lambda: (rows, np.ones(len(rows), bool)),
    )
    return Judge(lambda *_: distance, codes, full=full).judge(Candidate(("x",), **candidate)).remarks


@pytest.mark.parametrize("full", [False, True])
def test_a_constant_extractor_is_remarked_on(full):
    (remark,) = remarks_on(np.ones((COUNT, 5), np.float32), full=full)
    assert remark == "x by euclidean: nearly all distances are equal, about 0: it hardly tells photos apart"


def test_distances_within_a_hundredth_are_nearly_equal():
    # Corners of a simplex are equally far from each other; a shift of one coordinate moves them apart a little.
    corners = np.eye(COUNT, dtype=np.float32)
    assert "about 1.41" in remarks_on(corners)[0]
    nearly = corners * (1 + 0.004 * np.arange(COUNT, dtype=np.float32) / COUNT)[:, None]
    assert "about 1.42" in remarks_on(nearly)[0]
    apart = corners * (1 + 0.2 * np.arange(COUNT, dtype=np.float32))[:, None]
    assert remarks_on(apart) == ()


def test_what_tells_classes_apart_and_nothing_else_is_not_remarked_on():
    # Nearly all pairs of many classes are of different ones, and equally far apart: half of those looked at are not.
    codes = np.arange(60) % 30
    assert remarks_on(np.eye(30, dtype=np.float32)[codes], codes=codes) == ()


def test_nothing_is_remarked_where_little_is_known(folder, judge):
    assert remarks_on(np.ones((4, 5), np.float32), codes=np.array([0, 0, 1, 1])) == ()  # four pairs
    assert remarks_on(np.ones((COUNT, 5), np.float32), codes=np.zeros(COUNT, int)) == ()  # one class, as is said
    reranked = "k_reciprocal:k1=3,k2=2"
    assert remarks_on(np.ones((COUNT, 5), np.float32), rerank=reranked) == ()  # without it the same is said
    for extractor in ("histogram", "lbp", "phash"):
        assert judge(full=False).judge(Candidate((extractor,))).remarks == ()
