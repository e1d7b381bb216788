"""`imgsim models list`."""

from __future__ import annotations

import click

from imgsim.cli.flags import format_option, general_options
from imgsim.cli.model_rows import COLUMNS, cached_rows, packaged_rows
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format


@click.command()
@click.option("--all", "everything", is_flag=True, help="List also the networks that have no model here yet.")
@format_option(*ROW_FORMATS)
@general_options
def list_(everything: bool, format_: str | None) -> None:  # noqa: FBT001
    """List the models that are here, the newest first, then those whose weights are installed as packages."""
    from imgsim.cli.learned_models import learned_rows
    from imgsim.models.architectures import ARCHITECTURES
    from imgsim.models.cache import list_models

    rows = [*cached_rows(list_models()), *learned_rows(), *packaged_rows()]
    if everything:
        here = {row["architecture"] for row in rows}
        rows += [
            {"architecture": one.name, "megabytes": one.megabytes, "path": one.url, "licence": one.licence}
            for one in ARCHITECTURES.values()
            if one.name not in here
        ]
    RowWriter(choose_format(format_), COLUMNS).write(rows)
    click.get_current_context().exit(0 if rows else 1)
