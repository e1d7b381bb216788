"""`imgsim extractors`."""

from __future__ import annotations

import click

from imgsim.cli.flags import format_option, general_options
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format


@click.command(short_help="List the extractors.")
@format_option(*ROW_FORMATS)
@general_options
def extractors(format_: str | None) -> None:
    """List the extractors, with their dimension, default distance, what they need here, parameters and paper."""
    from imgsim.cli.networks import what_lacks
    from imgsim.features import default_extractor, default_parameters, extractor_names, find_factory
    from imgsim.models.packaged import ready_networks

    rows, chosen, ready = [], default_extractor(), ready_networks()
    for name in extractor_names():
        extractor = find_factory(name)()
        rows.append(
            {
                "extractor": name,
                "dimension": extractor.dim,
                "metric": extractor.metric,
                "parameters": ",".join(f"{key}={value}" for key, value in sorted(default_parameters(name).items())),
                "version": extractor.version,
                "default": name == chosen,
                "ready": not (lacking := what_lacks(name, ready)),
                "needs": lacking,
                "paper": extractor.paper,
            }
        )
    columns = ["extractor", "dimension", "metric", "needs", "parameters", "paper"]
    RowWriter(choose_format(format_), columns).write(rows)
