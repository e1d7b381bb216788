"""`imgsim extractors`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from imgsim.cli.flags import format_option, general_options
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@click.command(short_help="List the extractors.")
@format_option(*ROW_FORMATS)
@general_options
def extractors(format_: str | None) -> None:
    """List the extractors, with their dimension, default distance, what they need here, parameters and paper.

    `lite` stands for three networks, fused: they are measured, stored and compared one by one.
    """
    from imgsim.cli.networks import what_lacks
    from imgsim.features import FUSIONS, default_extractor, default_parameters, extractor_names, find_factory
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
    by_name = {row["extractor"]: row for row in rows}
    rows += [_fused(name, [by_name[one] for one in parts]) for name, parts in FUSIONS.items()]
    columns = ["extractor", "dimension", "metric", "needs", "parameters", "paper"]
    RowWriter(choose_format(format_), columns).write(rows)


def _fused(name: str, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Describe a fusion by its extractors."""
    return {
        **parts[0],
        "extractor": name,
        "dimension": sum(part["dimension"] for part in parts),
        "parameters": "",
        "default": False,
        "ready": all(part["ready"] for part in parts),
        "needs": "" if all(part["ready"] for part in parts) else f"pip install 'imgsim[{name}]'",
        "paper": " + ".join(part["extractor"] for part in parts),
    }
