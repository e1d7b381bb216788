"""`imgsim metrics`."""

from __future__ import annotations

import click

from imgsim.cli.flags import format_option, general_options
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format


@click.command(short_help="List the distances.")
@format_option(*ROW_FORMATS)
@general_options
def metrics(format_: str | None) -> None:
    """List the distances: what they are defined on, how, and what they answer for rows that a formula leaves open."""
    from imgsim.metrics import METRICS

    rows = []
    for name in METRICS:
        metric = METRICS.load(name)()
        rows.append(
            {
                "metric": name,
                "features": metric.domain,
                "statistics": metric.needs_statistics,
                "definition": metric.definition,
                "degenerate": metric.degenerate,
            }
        )
    RowWriter(choose_format(format_), ["metric", "features", "definition", "degenerate"]).write(rows)
