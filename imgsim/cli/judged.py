"""What judging commands share: candidates that cannot be judged are named and left out, the others are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from imgsim.cli import stderr
from imgsim.cli.output import RowWriter, write_text
from imgsim.cli.remedies import explain
from imgsim.errors import EvaluationError, ImgsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imgsim.evaluation.candidates import Candidate

T = TypeVar("T")


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


def write_judged(
    rows: list[dict[str, Any]], format_: str, to_lines: Callable[[str], list[list[str]]], notes: str = ""
) -> None:
    """Write what was found out about candidates."""
    from imgsim.reports.judgement_rows import to_flat
    from imgsim.reports.markdown import markdown_table

    if format_ == "json":
        write_text(json.dumps(rows, indent=1, allow_nan=False) + "\n")
    elif format_ == "csv":
        flat = to_flat(rows)
        RowWriter("csv", list(dict.fromkeys(name for row in flat for name in row))).write(flat)
    elif format_ == "markdown":
        header, *lines = to_lines(" ")
        write_text(markdown_table(header, lines) + notes)
    else:
        header, *lines = to_lines("\n")
        RowWriter("table", header).write(dict(zip(header, line, strict=True)) for line in lines)
        write_text(notes)
