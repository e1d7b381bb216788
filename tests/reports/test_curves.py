"""Precision-recall curves and reliability diagrams."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve

pytest.importorskip("matplotlib", reason="the extra plots is not installed")

from imgsim.evaluation.intervals import wilson
from imgsim.evaluation.probabilities import Reliability
from imgsim.reports.curves import plot_interpolated, plot_precision_recall, plot_recall_at_k, plot_reliability
from imgsim.reports.figures import PlotError
from tests.reports.pictures import svg_texts


def legend(path):
    return [text for text in svg_texts(path) if "  " in text]


def test_the_legend_gives_step_areas_best_first_and_chance_last(tmp_path):
    curves = {"poor": ([0.5, 1.0], [0.5, 0.5]), "fair": ([0.5, 1.0], [1.0, 0.5])}
    plot_precision_recall(curves, tmp_path / "a.svg", baselines={"chance": 0.1})
    assert legend(tmp_path / "a.svg") == ["fair  AP 0.750", "poor  AP 0.500", "chance  0.100"]


@pytest.mark.parametrize("ties", [False, True])
def test_the_area_is_scikit_learns_average_precision_either_way_round(tmp_path, rng, ties):
    truth, scores = rng.random(500) < 0.2, rng.random(500)
    scores = np.round(scores, 1) if ties else scores
    precision, recall, _ = precision_recall_curve(truth, scores)
    plot_precision_recall({"down": (recall, precision), "up": (recall[::-1], precision[::-1])}, tmp_path / "a.svg")
    expected = f"{average_precision_score(truth, scores):.3f}"
    assert legend(tmp_path / "a.svg") == [f"down  AP {expected}", f"up  AP {expected}"]


def test_long_curves_stay_small_files(tmp_path):
    recall = np.linspace(0, 1, 300_000)
    plot_precision_recall({"long": (recall, 1 - recall / 2)}, tmp_path / "a.svg")
    assert (tmp_path / "a.svg").stat().st_size < 200_000


def test_many_curves_and_a_curve_that_finds_nothing(tmp_path):
    curves = {f"x{place}": ([0.0, 1.0], [1.0, place / 40]) for place in range(40)}
    plot_precision_recall({**curves, "nothing": ([0.0, 0.0], [0.0, 0.0])}, tmp_path / "a.svg")
    assert len(legend(tmp_path / "a.svg")) == 41
    assert legend(tmp_path / "a.svg")[-1] == "nothing  AP 0.000"


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        (([], []), "the recall of x: there is nothing in it"),
        (([0, 1], [1]), r"the precision of x: its shape is \(1,\), not \(2\)"),
        (([0, 1], [1, np.nan]), "the precision of x: 1 of 2 values are NaN"),
        (([0, 2], [1, 1]), "the recall of x: values from 0 to 2, not within 0 and 1"),
        (([0, 1, 0.5], [1, 1, 1]), "the recall of x: neither ascending nor descending"),
    ],
)
def test_what_is_no_curve_is_refused(tmp_path, curve, message):
    with pytest.raises(PlotError, match=message):
        plot_precision_recall({"x": curve}, tmp_path / "a.png")


def test_no_curve_and_no_baseline_are_said(tmp_path):
    with pytest.raises(PlotError, match="there is no curve to draw"):
        plot_precision_recall({}, tmp_path / "a.png")
    with pytest.raises(PlotError, match="the baseline chance: 1 of 1 values are NaN"):
        plot_precision_recall({"x": ([0, 1], [1, 1])}, tmp_path / "a.png", baselines={"chance": np.nan})


def reliability(predicted, hits, counts):
    shares = np.array(hits) / np.array(counts)
    return Reliability(np.array(predicted), shares, np.array(hits, np.intp), np.array(counts, np.intp))


def test_reliability_gives_the_expected_calibration_error(tmp_path):
    plot_reliability(reliability([0.1, 0.5, 0.9], [2, 35, 16], [10, 70, 20]), tmp_path / "a.svg", title="T")
    texts = svg_texts(tmp_path / "a.svg")
    assert texts[-2:] == ["T", "Expected calibration error 0.030, 100 pairs"]  # (10 * 0.1 + 20 * 0.1) / 100


def test_reliability_of_one_bin_has_its_interval(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr("matplotlib.axes.Axes.errorbar", lambda *given, **_: drawn.append(given[1:]))
    plot_reliability(reliability([0.2], [7], [7]), tmp_path / "a.svg", title="one bin")
    assert "Expected calibration error 0.800, 7 pairs" in svg_texts(tmp_path / "a.svg")
    ((guess, truth, spans),) = drawn
    expected = wilson(7, 7)
    assert (guess.tolist(), truth.tolist()) == ([0.2], [1.0])
    assert spans.ravel().tolist() == pytest.approx([1 - expected.low, expected.high - 1])


def test_reliability_of_nothing_is_refused(tmp_path):
    with pytest.raises(PlotError, match="every bin is empty"):
        plot_reliability(reliability([], [], []), tmp_path / "a.png")


def test_interpolated_precision_is_sorted_by_its_mean(tmp_path):
    plot_interpolated({"poor": [0.5] * 11, "fair": [1.0] * 10 + [0.0]}, tmp_path / "a.svg")
    assert legend(tmp_path / "a.svg") == ["fair  mean 0.909", "poor  mean 0.500"]


def test_recall_is_sorted_by_its_first(tmp_path):
    plot_recall_at_k({"late": [0.2, 0.9], "early": [0.4, 0.5], "same": [0.4, 0.6]}, tmp_path / "a.svg")
    assert legend(tmp_path / "a.svg") == ["same  @1 0.400", "early  @1 0.400", "late  @1 0.200"]


def test_the_axis_of_k_names_numbers_that_people_use(tmp_path):
    plot_recall_at_k({"x": np.linspace(0.1, 1, 1200)}, tmp_path / "a.svg")
    ticks = [text for text in svg_texts(tmp_path / "a.svg") if text.replace(",", "").isdecimal()]
    assert ticks == ["1", "2", "5", "10", "20", "50", "100", "200", "500", "1,000"]
    plot_recall_at_k({"x": [1.0]}, tmp_path / "b.svg")
    assert "1" in svg_texts(tmp_path / "b.svg")


@pytest.mark.parametrize("plot", [plot_interpolated, plot_recall_at_k])
def test_what_is_no_share_is_refused(tmp_path, plot):
    with pytest.raises(PlotError, match="there is no curve to draw"):
        plot({}, tmp_path / "a.png")
    with pytest.raises(PlotError, match="of x: values from 0 to 2, not within 0 and 1"):
        plot({"x": [0, 2]}, tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()
