"""`imgsim failures`."""

from __future__ import annotations

import click

from imgsim.cli.flags import folder_argument, format_option, general_options, index_option
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format
from imgsim.cli.remedies import name_option
from imgsim.cli.which_index import open_for


@click.command()
@folder_argument
@index_option
@format_option(*ROW_FORMATS)
@general_options
def failures(folder: str | None, index_path: str | None, format_: str | None) -> None:
    """List the files that could not be read, and why.

    Exit codes: 0 there are some, 1 there are none, 2 error. `imgsim index FOLDER --retry-failed` tries them again.
    """
    with open_for(index_path or folder) as index:
        rows = [{"path": failure.path, "reason": name_option(failure.reason)} for failure in index.failures]
    RowWriter(choose_format(format_), ["path", "reason"]).write(rows)
    click.get_current_context().exit(0 if rows else 1)
