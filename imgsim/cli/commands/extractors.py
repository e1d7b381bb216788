"""`imgsim extractors`."""

from __future__ import annotations

import click

from imgsim.cli.flags import format_option, general_options
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format


@click.command(short_help="List the extractors.")
@format_option(*ROW_FORMATS)
@general_options
def extractors(format_: str | None) -> None:
    """List the extractors, with their dimension, default distance, parameters and paper."""
    from imgsim.features import DEFAULT_EXTRACTOR, default_parameters, extractor_names, find_factory

    rows = []
    for name in extractor_names():
        extractor = find_factory(name)()
        rows.append(
            {
                "extractor": name,
                "dimension": extractor.dim,
                "metric": extractor.metric,
                "parameters": ",".join(f"{key}={value}" for key, value in sorted(default_parameters(name).items())),
                "version": extractor.version,
                "default": name == DEFAULT_EXTRACTOR,
                "paper": extractor.paper,
            }
        )
    columns = ["extractor", "dimension", "metric", "parameters", "paper"]
    RowWriter(choose_format(format_), columns).write(rows)
