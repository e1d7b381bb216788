"""`imgsim hide`."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.attributes import note_mixed, reason_of
from imgsim.cli.flags import format_option, general_options, index_option
from imgsim.cli.lock_wait import once_unlocked, wait_option
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format
from imgsim.cli.which_index import open_for
from imgsim.errors import ImgsimError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.index.index import Index
    from imgsim.index.sight_rules import SightChange
    from imgsim.where.sight import SightRule

COLUMNS = ("rule", "photos", "waiting")
OPERATOR = re.compile(r"[\s=<>!'\"()]")  # one of which is in every expression


@click.command(short_help="Keep photos out of sight for which a rule holds, without removing them.")
@click.argument(
    "arguments", metavar="[FOLDER] [EXPR...]", nargs=-1, type=click.Path(), shell_complete=name_completion.rules
)
@index_option
@click.option(
    "--drop",
    multiple=True,
    metavar="EXPR",
    shell_complete=name_completion.sight_rules,
    help="Take this rule back. Repeatable.",
)
@click.option("--drop-all", is_flag=True, help="Take all rules back.")
@format_option(*ROW_FORMATS)
@wait_option
@general_options
def hide(
    arguments: tuple[str, ...],
    index_path: str | None,
    drop: tuple[str, ...],
    drop_all: bool,  # noqa: FBT001
    format_: str | None,
) -> None:
    """Keep photos out of sight for which EXPR holds, from now on and whatever is indexed: a rule of the index.

    `imgsim query` and `imgsim match` do not find them, unless --all is given, and `imgsim list --visible` does not list
    them. Nothing is removed. EXPR is as in --where, such as "status = 'returned'"; with several rules, one that holds
    is enough. While no photo has an attribute that a rule names, the rule is passed over, and a note says so.

    Without EXPR, --drop and --drop-all, list the rules: the rule, how many photos it keeps out of sight now, and why it
    is passed over. Exit codes: 0 done, or there are some; 1 there are none, or none like the one to be taken back; 2
    error.
    """
    folder, expressions = _split(arguments)
    if folder and index_path:
        raise click.UsageError("FOLDER and --index name the same thing: give one of them")
    changes = bool(expressions or drop or drop_all)
    if changes and format_:
        raise click.UsageError("--format is for the list of rules: give it without EXPR, --drop and --drop-all")
    with open_for(index_path or folder) as index:
        if not changes:
            with index.snapshot():
                rules = index.sight_rules
            _list(rules, choose_format(format_))
            click.get_current_context().exit(0 if rules else 1)
        note_mixed(index, expressions)
        try:
            change = once_unlocked(lambda: _change(index, expressions, drop, all_dropped=drop_all))
        except UnknownNameError as error:
            if error.kind != "rule":
                raise
            stderr.complain(f"imgsim: {error}")
            click.get_current_context().exit(1)
        with index.snapshot():
            _say(index, change)
    click.get_current_context().exit(0 if change.asked or change.dropped else 1)


def _split(arguments: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """Tell the folder, which comes first, from expressions."""
    first = arguments[0] if arguments else ""
    if os.path.isdir(first) or first.startswith("file://"):
        return first, arguments[1:]
    if first and not OPERATOR.search(first):
        raise ImgsimError(f"{first}: no such folder, and no expression such as status = 'returned'")
    return None, arguments


def _change(index: Index, expressions: Sequence[str], dropped: Sequence[str], *, all_dropped: bool) -> SightChange:
    with index.writing() as writer:
        return writer.change_sight(expressions, dropped=dropped, all_dropped=all_dropped)


def _list(rules: Sequence[SightRule], format_: str) -> None:
    """Write the rules."""
    rows = [{"rule": rule, "photos": photos, "waiting": waiting and waiting.reason} for rule, photos, waiting in rules]
    RowWriter(format_, COLUMNS).write(rows)
    if not rows:
        stderr.say("imgsim: no rule keeps photos out of sight")


def _say(index: Index, change: SightChange) -> None:
    """Say what became of rules, and how many photos are out of sight now."""
    place, total = index.directory, len(index)
    for rule in change.dropped:
        stderr.say(f"{place}: no longer out of sight: {rule}")
    rules = index.sight_rules
    for one in rules:
        if one.rule in change.asked:
            before = "" if change.asked[one.rule] else ", as before"
            now = f"passed over: {reason_of(one.waiting)}" if one.waiting else f"{one.photos:,} of {_photos(total)}"
            stderr.say(f"{place}: out of sight where {one.rule}{before}: {now}")
    if not change.asked and not change.dropped:
        stderr.say(f"{place}: there was no rule")
    elif not rules:
        stderr.say(f"{place}: no rule is left, all photos are in sight")
    elif change.dropped or len(rules) > 1:
        by = f"{len(rules)} rule{'s' * (len(rules) > 1)}"
        stderr.say(f"{place}: {index.count_out_of_sight():,} of {_photos(total)} out of sight, by {by}")


def _photos(count: int) -> str:
    return f"{count:,} photo{'s' * (count != 1)}"
