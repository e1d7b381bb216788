"""Figures of classifiers on stdout: beside their intervals, in one cell for people and in three for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgsim.cli.output import RowWriter, choose_format

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIGURES = ("log-loss", "top-1", "top-3", "macro-f1")  # a test compares them with those that are judged
ENDS = ("", "_low", "_high")


def figure_columns() -> list[str]:
    """Name a column for each figure, and for both ends of its interval."""
    return [name + end for name in FIGURES for end in ENDS]


def write_figures(
    rows: Sequence[Mapping[str, Any]], about: Sequence[str], format_: str | None, beside: Sequence[str] = ()
) -> None:
    """Write rows that are about something and have figures, and beside these others that have no interval."""
    chosen = choose_format(format_)
    if chosen == "table":
        shown = [{**row, **_cells(row, FIGURES)} for row in rows]
        RowWriter(chosen, [*about, *FIGURES, *beside], wide=True).write(shown)
    else:
        RowWriter(chosen, [*about, *figure_columns(), *beside]).write(rows)


def _cells(row: Mapping[str, Any], figures: Sequence[str]) -> dict[str, str]:
    return {name: _cell(*(row.get(name + end) for end in ENDS)) for name in figures}


def _cell(value: float | None, low: float | None, high: float | None) -> str:
    """Write a figure with its interval.

    Examples
    --------
    >>> _cell(0.85, 0.739, 0.919), _cell(0.0412, None, None), _cell(None, None, None)
    ('0.850 0.74..0.92', '0.041', '-')
    """
    if value is None:
        return "-"
    return f"{value:.3f}" + (f" {low:.2f}..{high:.2f}" if low is not None and high is not None else "")
