"""A stored calibration answers as it was fitted, and damaged ones are refused."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsim.errors import IndexFormatError
from imgsim.metrics.calibration import Calibration

NUMBERS = st.floats(-1e6, 1e6)
KNOTS = st.lists(st.tuples(NUMBERS, st.floats(0, 1)), min_size=1, max_size=12, unique_by=lambda knot: knot[0])
LOGISTIC = Calibration("logistic", (0.5, 2.0), slope=-2.0, intercept=1.0)


def isotonic(knots):
    distances, probabilities = sorted(d for d, _ in knots), sorted((p for _, p in knots), reverse=True)
    return Calibration("isotonic", tuple(distances), tuple(probabilities))


@given(KNOTS, st.lists(NUMBERS, min_size=1, max_size=20))
def test_a_broken_line_never_rises_and_stays_in_range(knots, distances):
    calibration = isotonic(knots)
    probabilities = calibration(sorted(distances))
    assert (np.diff(probabilities) <= 1e-12).all()
    assert (probabilities >= calibration.probabilities[-1]).all()
    assert (probabilities <= calibration.probabilities[0]).all()


@given(NUMBERS, NUMBERS, st.floats(-1e6, 0), NUMBERS, st.lists(NUMBERS, min_size=1, max_size=20))
def test_a_logistic_curve_never_rises_and_stays_in_range(one, other, slope, intercept, distances):
    ends = min(one, other), max(one, other)
    probabilities = Calibration("logistic", ends, slope=slope, intercept=intercept)(sorted(distances))
    assert (np.diff(probabilities) <= 0).all()
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


@given(KNOTS)
def test_json_gives_it_back(knots):
    calibration = isotonic(knots)
    assert Calibration.from_json(calibration.to_json()) == calibration
    assert Calibration.from_json(LOGISTIC.to_json()) == LOGISTIC


def test_values_by_hand():
    assert LOGISTIC([[0.5, 2.0]]).tolist() == [[pytest.approx(0.5), pytest.approx(1 / (1 + np.exp(3)))]]
    assert LOGISTIC([0.0, 9.0]).tolist() == LOGISTIC([0.5, 2.0]).tolist()  # nothing is known beyond the ends
    line = Calibration("isotonic", (1.0, 2.0, 4.0), (0.8, 0.8, 0.2))
    assert line([0.0, 1.5, 3.0, 5.0]).tolist() == pytest.approx([0.8, 0.8, 0.5, 0.2])
    assert Calibration("isotonic", (1.0,), (0.4,))([0.0, 1.0, 2.0]).tolist() == [0.4, 0.4, 0.4]


WHOLE = {"kind": "isotonic", "distances": [0, 1], "probabilities": [0.9, 0.1], "slope": 0, "intercept": 0}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        *(
            json.dumps(WHOLE | damage)
            for damage in (
                {"kind": "magic"},
                {"kind": "logistic"},
                {"distances": [0]},
                {"distances": [1, 0]},
                {"distances": [0, 0]},
                {"distances": [0, float("nan")]},
                {"distances": ["near", "far"]},
                {"distances": None},
                {"distances": [], "probabilities": []},
                {"probabilities": [0.1, 0.9]},
                {"probabilities": [1.1, 0.1]},
                {"probabilities": [0.9, -0.1]},
                {"slope": 1},
                {"intercept": float("inf")},
            )
        ),
    ],
)
def test_what_is_damaged_is_refused(text):
    with pytest.raises(IndexFormatError, match="damaged calibration") as caught:
        Calibration.from_json(text)
    assert caught.value.remedy == "fit-calibration"
