"""Linear maps learned from classes: their closed forms against a plain computation, and what is chosen."""

import numpy as np
import pytest
from scipy import linalg

from imgsim.core import ExtractorSpec
from imgsim.evaluation.ranks import RelevantRanks
from imgsim.models.graph import check_graph
from imgsim.models.header import LINEAR, Header, check_seal
from imgsim.models.session import Session
from imgsim.training.embeddings.linear.held_out_classes import (
    cosines,
    cross_validate,
    mean_figure,
    rank_relevant,
    split_classes,
)
from imgsim.training.embeddings.linear.linear_methods import METHODS, SHRINKAGES, Form, choose_dim, fit_map
from imgsim.training.embeddings.linear.linear_model import (
    LinearSettings,
    find_learnable,
    learn_map,
    write_model,
)
from imgsim.training.embeddings.linear.refusals import LearningError
from imgsim.training.embeddings.linear.within_class import Differences
from imgsim.training.photos_digest import photos_digest

WIDTH = 12


def draw(classes=8, each=5, width=WIDTH, seed=0, noise=3.0):
    """Classes that differ along some axes, and in themselves along others, far more."""
    rng = np.random.default_rng(seed)
    means = rng.standard_normal((classes, width))
    spread = np.diag(np.where(np.arange(width) < width // 3, noise, 0.3))
    codes = np.repeat(np.arange(classes), each)
    return means[codes] + rng.standard_normal((len(codes), width)) @ spread, codes


def within(rows, codes):
    """The pooled covariance, a loop over the classes."""
    total = np.zeros((rows.shape[1], rows.shape[1]))
    for code in set(codes.tolist()):
        mine = rows[codes == code] - rows[codes == code].mean(axis=0)
        total += mine.T @ mine
    return total / (len(rows) - len(set(codes.tolist())))


def shrunk(covariance, shrinkage):
    width = len(covariance)
    return (1 - shrinkage) * covariance + shrinkage * np.trace(covariance) / width * np.eye(width)


def distances(rows):
    return 1 - cosines(rows @ rows.T)


def gram(rows):
    return rows @ rows.T


@pytest.mark.parametrize("each", [2, 5, 40])
@pytest.mark.parametrize("shrinkage", [0.05, 0.5, 1.0])
def test_whitening_is_the_inverse_root_of_the_shrunk_covariance(each, shrinkage):
    rows, codes = draw(each=each)
    learned = fit_map(rows, codes, "whitening", Form(shrinkage), dim=WIDTH, seed=0)
    expected = linalg.inv(linalg.sqrtm(shrunk(within(rows, codes), shrinkage)))
    assert np.allclose(learned.projection, expected, atol=1e-9)
    assert np.allclose(learned.mean, rows.mean(axis=0))


def test_fewer_rows_than_values_whiten_likewise():
    rows, codes = draw(classes=3, each=2)
    learned = fit_map(rows, codes, "whitening", Form(0.3), dim=WIDTH, seed=0)
    expected = linalg.inv(linalg.sqrtm(shrunk(within(rows, codes), 0.3)))
    assert np.allclose(learned.projection, expected, atol=1e-9)


def test_pairs_of_all_within_classes_tell_what_classes_tell():
    """Of classes that are equally large, the covariance of all differences is that within the classes."""
    rows, codes = draw(each=4)
    pairs = np.array([(i, j) for i in range(len(rows)) for j in range(i) if codes[i] == codes[j]])
    of_pairs, of_classes = Differences.of_pairs(rows, pairs), Differences.of_classes(rows, codes)
    assert np.allclose(of_pairs.whitener(0.2)(rows), of_classes.whitener(0.2)(rows))


def test_fewer_axes_are_those_along_which_whitened_rows_differ_most():
    rows, codes = draw()
    whole = fit_map(rows, codes, "whitening", Form(0.1), dim=WIDTH, seed=0)(rows)
    some = fit_map(rows, codes, "whitening", Form(0.1), dim=4, seed=0)(rows)
    variances, axes = np.linalg.eigh(np.cov(whole.T))
    expected = whole @ axes[:, np.argsort(-variances)[:4]]
    assert np.allclose(gram(some), gram(expected))


@pytest.mark.parametrize("shrinkage", [0.05, 0.6])
def test_discriminants_solve_the_generalised_eigenproblem(shrinkage):
    rows, codes = draw()
    learned = fit_map(rows, codes, "lda", Form(shrinkage), dim=3, seed=0)
    means = np.array([rows[codes == code].mean(axis=0) for code in range(8)])[codes] - rows.mean(axis=0)
    values, vectors = linalg.eigh(means.T @ means, shrunk(within(rows, codes), shrinkage))
    expected = vectors[:, np.argsort(-values)[:3]]
    assert np.allclose(gram(learned(rows)), gram((rows - rows.mean(axis=0)) @ expected))


def test_discriminants_are_those_of_scikit_learn():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rows, codes = draw()
    learned = fit_map(rows, codes, "lda", Form(1e-9), dim=7, seed=0)(rows)
    theirs = LinearDiscriminantAnalysis(solver="svd").fit(rows, codes).transform(rows)
    share = (len(rows) - 8) / len(rows)  # they divide by all rows, not by those less the classes
    assert np.allclose(gram(learned), share * gram(theirs), rtol=1e-4, atol=1e-5)


def test_components_are_turned_so_that_neighbours_are_of_the_class():
    rows, codes = draw(each=6)
    learned = fit_map(rows, codes, "nca", Form(1.0), dim=4, seed=0)
    again = fit_map(rows, codes, "nca", Form(1.0), dim=4, seed=0)
    assert np.array_equal(learned.projection, again.projection)

    def chance(mapped):
        """Of drawing a neighbour of one's class, by NIPS 2004, equation 1, in units of the nearest's distance."""
        apart = ((mapped[:, None] - mapped) ** 2).sum(axis=2)
        np.fill_diagonal(apart, np.inf)
        near = np.exp(-apart / np.median(apart.min(axis=1)))
        return float((near * (codes == codes[:, None])).sum() / near.sum())

    started = fit_map(rows, codes, "whitening", Form(1.0), dim=4, seed=0)
    assert chance(learned(rows)) > 1.5 * chance(started(rows))


@pytest.mark.parametrize("method", METHODS)
def test_values_of_another_scale_change_nothing_where_they_are_scaled(method):
    rows, codes = draw()
    units = np.logspace(-3, 3, WIDTH)
    plain = fit_map(rows, codes, method, Form(0.3, scaled=True), dim=5, seed=0)
    other = fit_map(rows * units, codes, method, Form(0.3, scaled=True), dim=5, seed=0)
    assert np.allclose(gram(plain(rows)), gram(other(rows * units)), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scaled", [False, True])
def test_a_value_that_never_varies_is_no_trouble(method, scaled):
    rows, codes = draw()
    rows[:, 3] = 7.1
    learned = fit_map(rows, codes, method, Form(0.3, scaled), dim=4, seed=0)
    assert np.isfinite(learned.projection).all()
    if scaled:
        assert np.array_equal(learned(rows), learned(rows + 5 * (np.arange(WIDTH) == 3)))


def test_products_of_whitened_rows_need_no_matrix():
    rows, codes = draw(classes=4, each=2)
    whiten = Differences.of_classes(rows, codes).whitener(0.4)
    assert np.allclose(whiten.products(rows, gram(rows)), gram(whiten(rows)))


def test_ranks_are_those_of_a_plain_loop():
    rows, codes = draw(classes=5, each=3)
    codes[0] = 5  # who is alone asks nothing
    measured = distances(rows)
    ranks = []
    for query in range(1, len(rows)):
        others = sorted((measured[query, other], other) for other in range(len(rows)) if other != query)
        ranks.append([1 + place for place, (_, other) in enumerate(others) if codes[other] == codes[query]])
    found = rank_relevant(measured, codes)
    assert isinstance(found, RelevantRanks)
    assert found.photos.tolist() == list(range(1, len(rows)))
    assert found.ranks.tolist() == [rank for mine in ranks for rank in mine]
    assert np.diff(found.offsets).tolist() == [len(one) for one in ranks]


def test_folds_hold_out_every_class_once():
    codes = np.repeat(np.arange(11), 3)
    folds = split_classes(codes, 5, 0)
    assert sorted(np.concatenate([codes[fold.held_out] for fold in folds]).tolist()) == codes.tolist()
    for fold in folds:
        assert not set(codes[fold.learned]) & set(codes[fold.held_out])
        assert len(set(codes[fold.held_out])) >= 2
    assert len(split_classes(np.repeat(np.arange(5), 2), 5, 0)) == 2
    assert split_classes(np.repeat(np.arange(3), 2), 5, 0) == []
    assert [fold.held_out.tolist() for fold in folds] == [fold.held_out.tolist() for fold in split_classes(codes, 5, 0)]
    assert max(len(fold.held_out) for fold in split_classes(np.repeat(np.arange(100), 300), 5, 0)) <= 2000


@pytest.mark.parametrize("method", METHODS)
def test_a_map_is_learned_that_finds_more_on_held_out_classes(method):
    rows, codes = draw(classes=16, each=5)
    known = find_learnable(rows.astype(np.float32), codes)
    learned = learn_map(known, LinearSettings(method), distances)
    figures = learned.figures()
    if method != "nca":  # which has no say in what varies within classes
        assert figures["mapped"]["map@r"] > figures["unmapped"]["map@r"] + 0.05
    forms = {one.form for one in learned.judged}
    assert forms == {None, *(Form(value, scaled) for value in METHODS[method].shrinkages for scaled in (False, True))}
    of_forms = {form: mean_figure(learned.judged, form, "map@r") for form in forms if form}
    assert figures["mapped"]["map@r"] == round(max(of_forms.values()), 6) == round(of_forms[learned.form], 6)
    again = learn_map(known, LinearSettings(method), distances)
    assert np.array_equal(again.map.projection, learned.map.projection)


def test_the_quick_way_through_the_folds_gives_what_the_map_gives():
    rows, codes = draw(classes=8)
    folds = split_classes(codes, 2, 0)
    settings = {"shrinkages": SHRINKAGES[:3], "seed": 0}
    for judged in cross_validate(rows, codes, "whitening", folds, dim=None, **settings):
        fold = folds[judged.fold]
        learned = np.unique(codes[fold.learned], return_inverse=True)[1]
        mapped = fit_map(rows[fold.learned], learned, "whitening", judged.form, dim=WIDTH, seed=0)(rows[fold.held_out])
        measured = distances(mapped)
        np.fill_diagonal(measured, np.inf)
        mine = codes[fold.held_out]
        assert judged.figures["recall@1"] == pytest.approx(np.mean(mine[measured.argmin(axis=1)] == mine))


def test_what_was_asked_for_is_not_chosen():
    rows, codes = draw()
    known = find_learnable(rows.astype(np.float32), codes)
    learned = learn_map(known, LinearSettings(shrinkage=0.25, dim=6), distances)
    assert learned.form.shrinkage == 0.25
    assert learned.map.projection.shape == (WIDTH, 6)


def test_values_are_brought_to_one_scale_only_where_that_may_be_tried():
    rows, codes = draw()
    known = find_learnable((rows * np.geomspace(1, 1e4, WIDTH)).astype(np.float32), codes)
    learned = learn_map(known, LinearSettings(scale=False), distances)
    assert {one.form.scaled for one in learned.judged if one.form} == {False}
    assert not learned.form.scaled


def test_too_few_classes_to_hold_out_take_the_usual_shrinkage():
    rows, codes = draw(classes=3)
    learned = learn_map(find_learnable(rows.astype(np.float32), codes), LinearSettings(), distances)
    assert learned.form == Form(0.5)
    assert learned.judged == []
    assert learned.figures() == {}


def test_photos_without_company_or_class_are_left_out():
    rows, codes = draw(classes=3, each=2)
    codes = np.array([0, 0, 4, -1, 2, 2])
    known = find_learnable(rows.astype(np.float32), codes)
    assert (known.alone, known.classes, known.places.tolist(), known.codes.tolist()) == (
        1,
        2,
        [0, 1, 4, 5],
        [0, 0, 1, 1],
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows, codes: (rows, np.full_like(codes, -1)), "no class has two photos or more"),
        (lambda rows, codes: (rows, np.arange(len(codes))), "no class has two photos or more"),
        (lambda rows, codes: (rows, codes * 0), "only one class has two photos or more"),
        (lambda rows, codes: (np.where(codes[:, None] == 2, np.nan, rows), codes), "rows of 5 photos are not finite"),
        (lambda rows, codes: (rows * 0 + 3, codes), "photos have the same rows: there is nothing to learn from"),
        (lambda rows, codes: (rows[codes * 5], codes), "photos of the same class have the same rows"),
    ],
)
def test_what_nothing_can_be_learned_from_is_told_in_one_line(change, message):
    rows, codes = change(*draw())
    with pytest.raises(LearningError, match=message) as caught:
        learn_map(find_learnable(rows.astype(np.float32), codes), LinearSettings(), distances)
    assert "\n" not in str(caught.value)


def test_more_axes_than_there_are_are_told():
    with pytest.raises(LearningError, match="^13 axes: rows have 12 at most$"):
        choose_dim("whitening", 13, 12, 40, 8)
    with pytest.raises(LearningError, match="^8 axes: 8 classes have 7 at most$"):
        choose_dim("lda", 8, 12, 40, 8)
    rows, codes = draw(classes=3, each=2)
    with pytest.raises(LearningError, match="^6 photos tell 5 axes apart, not 9: ask for at most those, or all 12$"):
        fit_map(rows, codes, "whitening", Form(0.5), dim=9, seed=0)


@pytest.mark.parametrize("dim", [WIDTH, 3])
def test_the_model_file_gives_what_numpy_gives(dim):
    rows, codes = draw()
    known = find_learnable(rows.astype(np.float32), codes)
    asked = LinearSettings(dim=dim)
    learned = learn_map(known, asked, distances)
    base = ExtractorSpec("hog", (("cells", 4),), 1)
    digest = photos_digest([bytes([code]) for code in codes], [str(code) for code in codes])
    data = write_model(learned, known, asked, base, digest)
    assert data == write_model(learned, known, asked, base, digest)
    check_seal(data)
    check_graph(data)
    session = Session(data, "cpu", LINEAR)
    assert isinstance(session.header, Header)
    assert session.header.parents == {"photos": digest}
    assert session.header.details["base"] == base.to_json()
    assert session.header.details["recipe"]["held_out"] == learned.figures()
    mapped = learned.map(rows)
    expected = mapped / np.linalg.norm(mapped, axis=1, keepdims=True)
    given = session.run(rows.astype(np.float32))
    assert given.shape == (len(rows), dim)
    assert np.abs(given - expected).max() < 1e-5
    assert np.array_equal(session.run(learned.map.mean[None].astype(np.float32)), np.zeros((1, dim)))
    assert photos_digest([b"b", b"a"], ["y", "x"]) == photos_digest([b"a", b"b"], ["x", "y"]) != digest


def test_the_model_file_is_one_that_onnx_takes():
    onnx = pytest.importorskip("onnx", reason="the extra deep is not installed")
    from tests.learned import linear_map

    model = onnx.load_from_string(linear_map())
    onnx.checker.check_model(model, full_check=True)
    assert [entry.key for entry in model.metadata_props] == ["imgsim"]
