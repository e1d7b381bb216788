"""What plots ask of their data."""

import numpy as np
import pytest

from imgsim.reports.figures import PlotError, checked, checked_names


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1, 2, 3]], r"the matrix: its shape is \(1, 3\), not \(any, 2\)"),
        ([1, 2], r"the matrix: its shape is \(2,\), not \(any, 2\)"),
        (np.zeros((0, 2)), "the matrix: there is nothing in it to draw"),
        ([[1, np.nan], [np.inf, 0]], "the matrix: 2 of 4 values are NaN or infinite"),
        ([["a", "b"]], "the matrix: not an array of numbers"),
        ([[1], [2, 3]], "the matrix: not an array of numbers"),
    ],
)
def test_data_that_cannot_be_drawn_are_refused(values, message):
    with pytest.raises(PlotError, match=message):
        checked(values, "the matrix", (None, 2))


def test_names_are_counted():
    assert checked_names(("a", "b"), "classes", 2) == ["a", "b"]
    with pytest.raises(PlotError, match="1 names for 1,000 classes"):
        checked_names(["a"], "classes", 1000)
