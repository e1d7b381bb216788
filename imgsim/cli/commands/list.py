"""`imgsim list`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.attributes import (
    AttributeColumns,
    note_conditions,
    note_sight,
    show_option,
    where_option,
)
from imgsim.cli.flags import folder_argument, format_option, general_options, index_option
from imgsim.cli.output import RowWriter, choose_format, write_paths
from imgsim.cli.which_index import open_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imgsim.core import ImageRecord
    from imgsim.index.index import Index

BATCH = 1000  # photos that are written together
STATE = ("width", "height", "size")  # shown unless attributes are asked for


@click.command("list", short_help="List photos by what is known of them.")
@folder_argument
@index_option
@where_option
@click.option("--visible", is_flag=True, help="Leave out what rules keep out of sight, see `imgsim hide`.")
@show_option
@click.option(
    "--sort",
    metavar="NAME,...",
    shell_complete=name_completion.sort_names,
    help="Order them by these attributes, or by width, size, ...: the first counts most, -NAME begins with the "
    "largest, and what lacks one comes last.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="List the first N only.")
@format_option("table", "tsv", "csv", "json", "jsonl", "paths", default="paths, or with --show a table or tsv")
@click.option("-0", "--null", is_flag=True, help="Write paths that end in NUL, for `xargs -0`.")
@general_options
def list_photos(
    folder: str | None,
    index_path: str | None,
    where: tuple[str, ...],
    visible: bool,  # noqa: FBT001
    show: tuple[str, ...] | None,
    sort: str | None,
    limit: int | None,
    format_: str | None,
    null: bool,  # noqa: FBT001
) -> None:
    """List the indexed photos, or those for which --where holds, by path or as --sort says.

    Paths open from where you stand. The other formats have columns: path within the indexed folder, then what --show
    names, or else width, height and size in bytes. Exit codes: 0 there are some, 1 there are none, 2 error.
    """
    if null and (show or format_ not in (None, "paths")):
        raise click.UsageError("-0 writes paths: it does not go with --show or another --format")
    format_ = "paths" if null or (format_ is None and show is None) else choose_format(format_)
    with open_for(index_path or folder) as index, index.snapshot():
        write = _writer(index, format_, show, null=null)
        note_conditions(index, where)
        note_sight(index, out_of_sight=not visible)
        records = index.photos(where, sort=() if sort is None else [sort], limit=limit, out_of_sight=not visible)
        found = False
        for batch in iter(lambda: list(islice(records, BATCH)), []):
            write(batch)
            found = True
        if not found and (reason := index.explain_nothing(where, out_of_sight=not visible)):
            stderr.say(f"imgsim: {reason}")
    click.get_current_context().exit(0 if found else 1)


def _writer(
    index: Index, format_: str, show: Sequence[str] | None, *, null: bool
) -> Callable[[Sequence[ImageRecord]], None]:
    """Choose how photos are written."""
    if format_ == "paths":
        return lambda records: write_paths((record.path for record in records), index.root, null=null)
    attributes = AttributeColumns(index, show, format_, ("path",) if show else ("path", *STATE))
    rows = RowWriter(format_, attributes.columns)
    return lambda records: rows.write([_row(record, attributes) for record in records])


def _row(record: ImageRecord, attributes: AttributeColumns) -> dict[str, Any]:
    state = {} if attributes.chosen else {name: getattr(record, name) for name in STATE}
    return {"path": record.path, **state, **attributes.of(record)}
