"""What judging commands share: candidates that cannot be judged are named and left out, the others are written."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from imgsim.cli import stderr
from imgsim.cli.output import RowWriter, write_text
from imgsim.cli.remedies import explain
from imgsim.errors import EvaluationError, ImgsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imgsim.evaluation.candidates import Candidate
    from imgsim.reports.judgement_rows import Style

T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., Any]")

EXPLAINED = "docs/evaluation.md"


def judge_each(candidates: Iterable[Candidate], judge: Callable[[Candidate], T]) -> tuple[list[T], int]:
    """Judge candidates, and say which cannot be judged and why."""
    judged: list[T] = []
    refused: dict[str, list[str]] = {}
    for candidate in candidates:
        try:
            judged.append(judge(candidate))
        except ImgsimError as error:
            by = f" by {candidate.metric}" if candidate.metric else ""
            refused.setdefault(explain(error), []).append(candidate.name + by)
    lines = [f"{', '.join(names)}: {reason}" for reason, names in refused.items()]
    if not judged:
        raise EvaluationError("; ".join(lines))
    for line in lines:
        stderr.complain(f"imgsim: {line}")
    return judged, sum(map(len, refused.values()))


def wide_option(command: F) -> F:
    """Add `--wide`."""
    return click.option(
        "-w", "--wide", is_flag=True, help="Write one table with whole intervals, however narrow the terminal is."
    )(command)


def check_wide(format_: str | None, *, wide: bool) -> None:
    """Make sure that what is to be wide is a table."""
    if wide and format_ not in (None, "table"):
        raise click.UsageError(f"--wide is for a table, and --format {format_} is none: give one of them")


def write_judged(
    rows: list[dict[str, Any]],
    format_: str,
    to_lines: Callable[[Style], list[list[str]]],
    notes: str = "",
    *,
    style: Style,
    wide: bool = False,
) -> None:
    """Write what was found out about candidates; a table has this style where there is room."""
    from imgsim.reports.judgement_rows import IN_A_LINE, to_flat
    from imgsim.reports.markdown import markdown_table

    if format_ == "json":
        write_text(json.dumps(rows, indent=1, allow_nan=False) + "\n")
    elif format_ == "jsonl":
        write_text("".join(json.dumps(row, allow_nan=False) + "\n" for row in rows))
    elif format_ == "csv":
        flat = to_flat(rows)
        RowWriter("csv", list(dict.fromkeys(name for row in flat for name in row))).write(flat)
    elif format_ == "markdown":
        header, *lines = to_lines(IN_A_LINE)
        write_text(markdown_table(header, lines) + notes)
    else:
        _write_tables(to_lines, style, wide=wide)
        write_text(notes)
        if sys.stdout.isatty():
            stderr.say(f"What each figure means: {EXPLAINED}")


def _write_tables(to_lines: Callable[[Style], list[list[str]]], style: Style, *, wide: bool) -> None:
    """Write one table, or several below each other where a terminal is too narrow for one."""
    from imgsim.reports.judgement_rows import BARE, NARROW
    from imgsim.reports.table_layout import lay_out

    full = to_lines(style)
    tables = [full]
    if sys.stdout.isatty() and not wide:
        tables = lay_out(full, to_lines(NARROW), to_lines(BARE), shutil.get_terminal_size().columns)
    for number, (header, *lines) in enumerate(tables):
        write_text("\n" if number else "")
        RowWriter("table", header, wide=wide).write(dict(zip(header, line, strict=True)) for line in lines)
