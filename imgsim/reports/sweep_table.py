"""The table of a grid of training runs, as Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from imgsim.reports.markdown import markdown_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.training.embeddings.sweep_grid import Sweep


def write_sweep_table(sweep: Sweep, rows: Sequence[Mapping[str, Any]], protocol: str) -> dict[str, bytes]:
    """Write rows in each form, by the endings of their files; both protocols are told, ours first."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    whole = [{key: row.get(key) for key in columns} for row in rows]
    told = {"title": sweep.title, "protocol": protocol, "published_protocol": sweep.protocol, "rows": whole}
    return {
        "md": _markdown(sweep, whole, protocol).encode(),
        "csv": _csv(columns, whole).encode(),
        "json": json.dumps(told, indent=1).encode() + b"\n",
    }


def _markdown(sweep: Sweep, rows: Sequence[Mapping[str, Any]], protocol: str) -> str:
    figures = [key for key in rows[0] if f"{key}_low" in rows[0]]
    columns = [*sweep.axes, "seeds", *(head for figure in figures for head in (figure, "95 % over seeds"))]
    published = [key for key in rows[0] if key.endswith("_published")]
    lines = [
        [*(row[axis] for axis in sweep.axes), row["seeds"], *_cells(row, figures), *(row[key] for key in published)]
        for row in rows
    ]
    heads = [*columns, *(f"{key.removesuffix('_published')}, published" for key in published)]
    notes = [f"Here: {protocol}."] + ([f"{sweep.protocol[:1].upper()}{sweep.protocol[1:]}."] if published else [])
    return f"# {sweep.title}\n\n{markdown_table(heads, lines)}\n" + "\n".join(notes) + "\n"


def _cells(row: Mapping[str, Any], figures: Sequence[str]) -> list[object]:
    cells: list[object] = []
    for figure in figures:
        low, high = row[f"{figure}_low"], row[f"{figure}_high"]
        cells += [row[figure], "" if low is None else f"{low:.4f} to {high:.4f}"]
    return cells


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
