"""Predictions of the shortcut are scikit-learn's own, in every regime; what follows from them is scikit-learn's too."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from imgsim.core import Scale
from imgsim.errors import ImgsimError
from imgsim.evaluation import classification
from imgsim.evaluation.classification import ALONE, classify, estimate_work, stratified_folds
from imgsim.evaluation.estimates import estimate_classification
from imgsim.evaluation.logistic import UNSURE, SharedFit


@pytest.fixture(autouse=True)
def _one_thread():
    with threadpool_limits(1):
        yield


def draw(count, dim, classes, *, apart=1.5, seed=0):
    """Overlapping classes of values at all scales, as float32 like features."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    mixed = (rng.standard_normal((classes, dim)) * apart / np.sqrt(dim) * 2)[labels] + rng.standard_normal((count, dim))
    return (mixed * 10.0 ** rng.integers(-3, 4, dim) + rng.standard_normal(dim)).astype(np.float32), labels


def constant(features):
    features[:, 1] = 0.1
    features[:, 3] = 0
    return features


def almost_constant(features):
    features[:, 1] = 0.1
    features[7, 1] = 0.3  # constant without photo 7
    return features


def with_copies(features):
    features[20:30] = features[:10]
    return features


def far_out(count, dim, classes, *, seed):
    """Values with heavy tails: some photos are tens of deviations away from all others."""
    rng = np.random.default_rng(seed)
    return rng.standard_t(1.5, (count, dim)).astype(np.float32), np.arange(count) % classes


REGIMES = {
    "two classes": draw(60, 6, 2),
    "two classes, one value": draw(40, 1, 2),
    "two classes of unequal size": (draw(50, 6, 2)[0], np.arange(50) % 10 > 0),
    "three classes": draw(60, 6, 3),
    "many classes": draw(72, 8, 18, apart=2.5),
    "two photos a class": draw(24, 5, 12, apart=3),
    "more values than photos": draw(40, 90, 4),
    "classes far apart": draw(45, 5, 3, apart=20),
    "no signal": draw(60, 6, 3, apart=0),
    "constant values": (constant(draw(48, 6, 4)[0]), draw(48, 6, 4)[1]),
    "a value constant without one photo": (almost_constant(draw(48, 6, 4)[0]), draw(48, 6, 4)[1]),
    "copies": (with_copies(draw(48, 6, 4)[0]), draw(48, 6, 4)[1]),
    "noise of rounding": (np.column_stack([draw(48, 3, 3)[0], 1e9 + np.arange(48) % 2 * 1e-7]), np.arange(48) % 3),
    "photos far out": far_out(40, 24, 4, seed=1),
    "photos far out, two classes": far_out(40, 24, 2, seed=2),
    "named classes": (draw(48, 6, 3)[0], np.array(["shoe", "hat", "coat"])[np.arange(48) % 3]),
}


def plainly(features, labels):
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    return cross_val_predict(pipeline, features.astype(np.float64), labels, cv=LeaveOneOut())


@pytest.mark.parametrize("regime", REGIMES)
def test_predictions_are_those_of_scikit_learn(regime):
    features, labels = REGIMES[regime]
    result = classify(features, labels)
    np.testing.assert_array_equal(result.classes[result.predicted], plainly(features, labels))
    np.testing.assert_array_equal(result.classes[result.truth], labels)
    assert result.procedure == "leave-one-out"
    assert result.judged.all()
    assert result.judged.all()


def test_most_predictions_need_no_fit_of_their_own():
    for regime in ("two classes", "three classes", "constant values", "classes far apart"):
        assert classify(*REGIMES[regime]).fits <= len(REGIMES[regime][1]) // 4


def test_large_problems_are_left_to_scikit_learn(monkeypatch):
    features, labels = REGIMES["three classes"]
    short = classify(features, labels)
    monkeypatch.setattr(classification, "MOST_PARAMETERS", 20)
    long = classify(features, labels)
    assert short.fits < long.fits == len(labels)
    np.testing.assert_array_equal(short.predicted, long.predicted)


def test_the_number_of_jobs_changes_nothing():
    features, labels = REGIMES["many classes"]
    one, three = (classify(features, labels, jobs=jobs) for jobs in (1, 3))
    np.testing.assert_array_equal(one.predicted, three.predicted)
    assert one.fits == three.fits


def test_long_work_is_done_in_processes_and_predicts_the_same(monkeypatch, capfd):
    features, labels = REGIMES["more values than photos"]
    threads = classify(features, labels, jobs=2)
    monkeypatch.setattr(classification, "LONG", 0)
    monkeypatch.setattr(classification, "predict_fold", None)  # here; not there
    heard = []
    processes = classify(features, labels, jobs=2, advanced=heard.append)
    assert processes.fits == threads.fits > 1
    np.testing.assert_array_equal(processes.predicted, threads.predicted)
    assert sum(heard) == len(labels)
    assert capfd.readouterr() == ("", "")


@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(1, 40), st.floats(0, 4))
@settings(max_examples=8, deadline=None)
def test_certain_means_wherever_the_solver_stops(seed, classes, dim, apart):
    features, labels = draw(30, dim, classes, apart=apart, seed=seed)
    rows, rng = features.astype(np.float64), np.random.default_rng(seed)
    predicted = SharedFit(rows, labels).predict(np.arange(30))
    for photo in np.flatnonzero(predicted != UNSURE)[:6]:
        kept = np.arange(30) != photo
        scaler = StandardScaler().fit(rows[kept])
        for _ in range(4):  # from far away, the solver stops at other points than from zero
            solver = LogisticRegression(max_iter=1000, warm_start=True)
            scores = classes if classes > 2 else 1
            solver.coef_, solver.intercept_ = rng.normal(0, 3, (scores, dim)), rng.normal(0, 3, scores)
            solver.fit(scaler.transform(rows[kept]), labels[kept])
            assert solver.predict(scaler.transform(rows[[photo]]))[0] == predicted[photo]


def test_a_photo_alone_in_its_class_is_a_candidate_but_not_judged():
    features, labels = draw(48, 6, 3)
    labels = labels.copy()
    labels[5] = 9
    result = classify(features, labels)
    judged = labels != 9
    assert np.count_nonzero(~result.judged) == 1
    assert result.predicted[5] == ALONE
    np.testing.assert_array_equal(result.judged, judged)
    np.testing.assert_array_equal(result.classes[result.predicted[judged]], plainly(features, labels)[judged])
    assert len(result.correct) == 47


def test_figures_are_those_of_scikit_learn():
    features, labels = draw(60, 5, 4, apart=1)
    result = classify(features, labels)
    predicted = result.classes[result.predicted]
    figures = estimate_classification(result)
    assert 0.2 < figures["loocv_accuracy"].value < 0.95
    assert figures["loocv_accuracy"].value == pytest.approx(accuracy_score(labels, predicted))
    assert figures["loocv_macro_f1"].value == pytest.approx(f1_score(labels, predicted, average="macro"))
    np.testing.assert_array_equal(result.confusion, confusion_matrix(labels, predicted))


def test_above_a_size_there_are_ten_folds():
    features, labels = draw(90, 6, 3)
    labels = labels.copy()
    labels[4] = 7  # alone: never left out
    work = estimate_work(90, 6, 4)
    result = classify(features, labels, most_work=work - 1, seed=3)
    assert result.procedure == "10-fold"
    assert result.fits == 10
    assert classify(features, labels, most_work=work, seed=3).procedure == "leave-one-out"
    for fold in stratified_folds(result.truth, 10, seed=3):
        left_out = np.isin(np.arange(90), fold) & (labels != 7)
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        pipeline.fit(features[~left_out].astype(np.float64), labels[~left_out])
        expected = pipeline.predict(features[left_out].astype(np.float64))
        np.testing.assert_array_equal(result.classes[result.predicted[left_out]], expected)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=80), st.integers(2, 10), st.integers(0, 99))
def test_folds_have_their_share_of_each_class(labels, folds, seed):
    codes = np.unique(labels, return_inverse=True)[1]
    dealt = stratified_folds(codes, folds, seed=seed)
    assert sorted(np.concatenate(dealt).tolist()) == list(range(len(codes)))
    for counts in (np.array([np.count_nonzero(codes[fold] == code) for fold in dealt]) for code in np.unique(codes)):
        assert np.ptp(counts) <= 1
        assert counts.max() < counts.sum() or counts.sum() == 1
    assert np.ptp([len(fold) for fold in dealt]) <= 1


@pytest.mark.parametrize("limit", [0, np.inf])
def test_progress_adds_up_to_all_photos(limit):
    features, labels = draw(40, 4, 3)
    labels = np.append(labels[:-1], 8)
    heard = []
    classify(features, labels, most_work=limit, advanced=heard.append)
    assert sum(heard) == 40
    assert min(heard) >= 0


@pytest.mark.parametrize("long", [np.inf, 0], ids=["threads", "processes"])
@pytest.mark.parametrize("most_work", [0, np.inf], ids=["folds", "leave-one-out"])
def test_many_classes_are_no_reason_to_warn(monkeypatch, capfd, long, most_work):
    monkeypatch.setattr(classification, "LONG", long)
    monkeypatch.setattr(classification, "FOLDS", 3)
    labels = np.append(np.repeat(np.arange(6), 2), np.arange(6, 24))
    features = np.random.default_rng(0).standard_normal((len(labels), 8)).astype(np.float32)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        figures = estimate_classification(classify(features, labels, jobs=2, most_work=most_work))
        assert 0 <= figures["loocv_macro_f1"].value <= 1
    assert not said
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("labels", "message"), [([1, 1, 1], "needs two classes"), ([1, 2, 3], "needs a class with two photos")]
)
def test_too_few_classes_or_photos_are_said(labels, message):
    with pytest.raises(ImgsimError, match=message):
        classify(np.eye(3, dtype=np.float32), labels)


def test_haralick_of_real_textures(shared_data):
    from imgsim.features import load_extractor
    from imgsim.images.read import read_image

    paths = sorted((shared_data / "textures").rglob("*.jpg"))
    photos = [read_image(path, scale=Scale(128)) for path in paths]
    features, labels = load_extractor("haralick").extract(photos), [path.parent.name for path in paths]
    result = classify(features, labels, jobs=2)
    np.testing.assert_array_equal(result.classes[result.predicted], plainly(features, labels))
    assert result.correct.mean() > 0.2
