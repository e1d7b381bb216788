"""Tables fit a terminal without a broken figure, or become several."""

import pytest

from imgsim.reports.judgement_rows import BARE, IN_TWO_LINES, NARROW, TITLES, to_cells
from imgsim.reports.table_layout import folded, lay_out, width_of

FIGURES = ["recall@1", "recall@5", "map", "map@r", "loocv_accuracy", "loocv_macro_f1", "pair_roc_auc"]


def row(name, metric, p_value=0.1234):
    figures = dict.fromkeys(FIGURES, 0.67) | {f"{figure}_ci": [0.61, 0.72] for figure in FIGURES}
    return {"extractor": name, "metric": metric, "n": 300, "verdict": "not told apart", "p_value": p_value, **figures}


ROWS = [row("efficientnet_lite0", "cosine"), row("histogram", "hellinger", None)]


def laid_out(rows, width):
    return lay_out(*(to_cells(rows, TITLES, style) for style in (IN_TWO_LINES, NARROW, BARE)), width)


def test_a_wide_terminal_gets_one_table_with_whole_intervals():
    (table,) = laid_out(ROWS, 160)
    assert table == to_cells(ROWS, TITLES, IN_TWO_LINES)
    assert width_of(table) == 134
    assert laid_out(ROWS, 134) == [table]


def test_one_that_is_a_little_narrower_gets_one_with_what_intervals_reach():
    (table,) = laid_out(ROWS, 133)
    assert table[1][3:] == ["0.67 ±.06"] * 7 + ["not told apart\np = 0.123"]
    assert width_of(table) <= 133


def test_at_80_columns_there_are_two_and_all_is_in_them():
    first, second = laid_out(ROWS, 80)
    assert first[0] == ["extractor", "metric", "n", "recall@1", "recall@5", "mAP", "mAP@R"]
    assert second[0] == ["extractor", "metric", "accuracy", "macro F1", "pair AUC", "compared"]
    assert [line[:2] for line in first] == [line[:2] for line in second]
    assert max(width_of(first), width_of(second)) <= 80


@pytest.mark.parametrize("width", [60, 50, 40])
def test_the_narrower_the_more_and_never_wider(width):
    tables = laid_out(ROWS, width)
    assert all(width_of(table) <= width for table in tables)
    titles = [title for table in tables for title in table[0][2:]]
    assert titles == to_cells(ROWS, TITLES)[0][2:]


def test_without_room_for_intervals_figures_stand_alone():
    tables = laid_out([row("lbp", "cosine"), row("hog", "cosine")], 20)
    assert tables[1] == [["extractor", "metric", "recall@1"], ["lbp", "cosine", "0.670"], ["hog", "cosine", "0.670"]]


def test_long_names_are_folded_at_their_marks():
    name = "haralick:aggregate=mean+range,levels=64@0.3+histogram:bins=4@0.7"
    tables = laid_out([row(name, "seuclidean + hellinger")], 80)
    assert all(width_of(table) <= 80 for table in tables)
    assert tables[0][1][0].replace("\n", "") == name
    assert all(len(line) <= 26 for line in tables[0][1][0].split("\n"))
    assert folded("가나다라마바사아자차", 7) == "가나다\n라마바\n사아자\n차"  # two cells each
    assert folded("short", 12) == "short"


@pytest.mark.parametrize(
    ("value", "ends", "shown"),
    [
        (0.673, (0.62, 0.70), "0.67 ±.05"),
        (1.0, (0.98, 1.0), "1.00 ±.02"),
        (12.3, (11.1, 13.6), "12.30 ±1.30"),
        (0.5, (None, None), "0.500"),
        (None, (None, None), "-"),
    ],
)
def test_an_interval_reaches_as_far_as_its_farther_end(value, ends, shown):
    judged = {"extractor": "x", "metric": "y", "n": 2, "verdict": "best", "p_value": None, "map": value}
    assert to_cells([judged | {"map_ci": list(ends)}], {"map": "mAP"}, NARROW)[1][3] == shown
