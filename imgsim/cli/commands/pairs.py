"""`imgsim pairs`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli.flags import folder_argument, format_option, general_options, index_option
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format
from imgsim.cli.which_index import open_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.index.store.pair_store import DecidedPair

COLUMNS = ("lost", "found", "state", "by", "when")
STATES = ("said", "confirmed", "rejected")  # those of `imgsim.index.store.pair_store`, which --help does without


@click.command(short_help="List what people decided about lost photos and found ones.")
@folder_argument
@index_option
@click.option(
    "--lost",
    type=click.Path(),
    metavar="FOLDER",
    help="The indexed folder of the lost photos, which tells where they are now. Without it: where they were last.",
)
@click.option(
    "--state", "states", multiple=True, type=click.Choice(STATES), help="Only pairs of this state. Repeatable."
)
@format_option(*ROW_FORMATS)
@general_options
def pairs(
    folder: str | None, index_path: str | None, lost: str | None, states: tuple[str, ...], format_: str | None
) -> None:
    """List the pairs of an index of found photos: what `imgsim pair` keeps, and what `imgsim match --new` said.

    Columns: lost and found, the photos' paths within their folders, the state (said, confirmed, rejected), by whom
    and when. json and jsonl have the digests of the photos too, by which `imgsim pair import` reads them back. Exit
    codes: 0 there are some, 1 there are none, 2 error.
    """
    with ExitStack() as stack:
        found = stack.enter_context(open_for(index_path or folder))
        kept = found.pairs(None if lost is None else stack.enter_context(open_for(lost)))
    rows = _rows([pair for pair in kept if pair.state in (states or STATES)])
    RowWriter(choose_format(format_), COLUMNS).write(rows)
    click.get_current_context().exit(0 if rows else 1)


def _rows(kept: Sequence[DecidedPair]) -> list[dict[str, Any]]:
    return [
        {
            "lost": pair.lost_path,
            "found": pair.found_path,
            "state": pair.state,
            "by": pair.who,
            "when": pair.decided,
            "lost_digest": pair.lost.hex(),
            "found_digest": pair.found.hex(),
            "lost_store": pair.lost_store,
            "decided_ns": pair.decided_ns,
        }
        for pair in kept
    ]
