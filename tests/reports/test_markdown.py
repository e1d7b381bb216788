"""Tables as Markdown."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsim.reports.markdown import markdown_table


def cells(line):
    """Split a row as GitHub does: at pipes that no backslash escapes."""
    return [cell.strip() for cell in re.split(r"(?<!\\)(?:\\\\)*\|", line)[1:-1]]


def test_numbers_are_aligned_and_rounded():
    table = markdown_table(["extractor", "n", "map"], [["hog", 7, 0.123456], ["classic", 1234, None]])
    assert table == (
        "| extractor |    n |    map |\n"
        "| --------- | ---: | -----: |\n"
        "| hog       |    7 | 0.1235 |\n"
        "| classic   | 1234 |        |\n"
    )


def test_numpys_numbers_are_numbers():
    table = markdown_table(["n", "map"], [[np.int64(3), np.float32(0.5)]])
    assert cells(table.splitlines()[2]) == ["3", "0.5000"]
    assert cells(table.splitlines()[1]) == ["---:"[-3:], "-----:"] or "---:" in table


def test_no_rows_leave_the_headings():
    assert markdown_table(["a", "map"], []) == "| a   | map |\n| --- | --- |\n"


def test_markup_is_shown_as_it_is():
    text = "a|b\\|c *d* `e` <f> & [g](h) _i_ j_k\nl"
    row = markdown_table(["x"], [[text]]).splitlines()[2]
    assert row == r"| a\|b\\\|c \*d\* \`e\` &lt;f> &amp; \[g](h) \_i\_ j_k<br>l |"


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2)))
def test_any_text_stays_in_its_cell(rows):
    lines = markdown_table(["a", "b"], rows).split("\n")
    assert len(lines) == len(rows) + 3
    assert all(len(cells(line)) == 2 for line in lines[:-1])


def test_rows_of_another_length_are_refused():
    with pytest.raises(ValueError, match="zip"):
        markdown_table(["a", "b"], [["x"]])
