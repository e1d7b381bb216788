"""A probe is scikit-learn's logistic regression on scaled rows, its form chosen on photos left out."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from imgsim.training.classifiers.probe_fit import (
    ProbeForm,
    choose_form,
    fit_probe,
    fit_probes,
    scale_of,
    softmax,
)


def drawn(photos=60, widths=(5, 80), classes=3, seed=0):
    """Rows whose first block tells classes apart, on another scale than the second."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(classes, size=photos)
    centres = rng.normal(0, 1, (classes, widths[0]))
    first = centres[codes] + rng.normal(0, 0.6, (photos, widths[0]))
    return np.hstack([first, rng.normal(3, 200, (photos, widths[1]))]), codes


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("scaling", ["blocks", "columns"])
@pytest.mark.parametrize("widths", [(5, 80), (5, 3)])  # more values than photos, and fewer
def test_it_is_scikit_learns_on_scaled_rows(classes, scaling, widths):
    rows, codes = drawn(widths=widths, classes=classes)
    probe = fit_probe(rows, codes, widths, ProbeForm(scaling, 10.0), classes)
    centred = rows - rows.mean(axis=0)
    scale = scale_of(centred, widths, scaling)
    assert np.square(centred / scale).sum(axis=1).mean() == pytest.approx(1)
    reference = LogisticRegression(C=10.0, max_iter=10_000, tol=1e-8).fit(centred / scale, codes)
    more = drawn(20, widths, classes, seed=1)[0]
    expected = reference.predict_proba((more - rows.mean(axis=0)) / scale)
    assert np.abs(probe.probabilities(more) - expected).max() < 2e-3


def test_strengths_that_follow_each_other_come_to_what_each_alone_does():
    rows, codes = drawn()
    for strength, probe in fit_probes(rows, codes, (5, 80), "blocks", [0.1, 10.0, 1000.0], 3):
        alone = fit_probe(rows, codes, (5, 80), ProbeForm("blocks", strength), 3)
        assert np.abs(probe.probabilities(rows) - alone.probabilities(rows)).max() < 5e-3


def test_a_class_that_nothing_was_learned_of_is_never_said():
    rows, codes = drawn()
    probe = fit_probe(rows, np.where(codes == 1, 0, codes), (5, 80), ProbeForm("blocks", 10.0), 4)
    said = probe.probabilities(rows)
    assert said.shape == (60, 4)
    assert said[:, [1, 3]].max() < 1e-6


def test_values_that_never_differ_are_no_hindrance():
    rows, codes = drawn()
    rows[:, :5] = 7.0
    rows[:, 10] = 0.0
    for scaling in ("blocks", "columns"):
        said = fit_probe(rows, codes, (5, 80), ProbeForm(scaling, 1.0), 3).probabilities(rows)
        assert np.isfinite(said).all()


def test_the_form_of_the_least_loss_on_photos_left_out_is_chosen_and_copies_are_left_out_together():
    rows = drawn()[0]
    codes = np.arange(60) % 3  # of which the rows tell nothing
    rows, codes = np.vstack([rows, rows]), np.concatenate([codes, codes])
    groups = np.arange(120) % 60
    form, tried = choose_form(rows, codes, groups, (5, 80), strengths=(0.1, 10.0, 1000.0), seed=3)
    losses = {one.form: one.log_loss for one in tried}
    assert len(losses) == 2 * 3 + 2
    assert losses[form] == min(losses.values())
    apart, _ = choose_form(rows, codes, np.arange(120), (5, 80), strengths=(0.1, 10.0, 1000.0), seed=3)
    assert apart.strength > form.strength  # a copy that is seen is remembered, which only weak ties allow
    assert choose_form(rows, codes, groups, (5, 80), strengths=(0.1, 10.0, 1000.0), seed=3)[0] == form


def test_one_strength_that_is_given_is_taken_and_a_class_of_one_photo_is_no_hindrance():
    rows, codes = drawn()
    codes[0] = 3
    form, tried = choose_form(rows, codes, np.arange(60), (5, 80), strengths=(5.0,))
    assert form.strength == 5.0
    assert {one.form.scaling for one in tried} == {"blocks", "columns"}
    assert all(np.isfinite(one.log_loss) for one in tried)


def test_softmax_of_large_logits_is_finite():
    assert softmax(np.array([[1e4, 0.0], [-1e4, -1e4]])).tolist() == [[1.0, 0.0], [0.5, 0.5]]
