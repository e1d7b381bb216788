"""`imgsim match`."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.attributes import all_option, note_conditions, note_sight
from imgsim.cli.flags import (
    count_option,
    extractor_option,
    format_option,
    general_options,
    max_distance_option,
    metric_option,
    min_probability_option,
    rerank_option,
)
from imgsim.cli.lock_wait import once_unlocked, wait_option
from imgsim.cli.matched_rows import SIDES, SideColumns, write_matches
from imgsim.cli.output import choose_format, settle
from imgsim.cli.remedies import explain
from imgsim.cli.report_option import report_option
from imgsim.cli.which_index import open_for
from imgsim.errors import first_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.errors import ImgsimError
    from imgsim.index.index import Index
    from imgsim.index.index_writer import IndexWriter
    from imgsim.index.lost_and_found import FoundMatch, LostAndFound
    from imgsim.index.store.pair_store import DecidedPair


@click.command(short_help="Find for each lost thing the found ones that may be it.")
@click.argument("folders", metavar="[LOST FOUND]", nargs=-1, type=click.Path())
@click.option(
    "--index",
    "index_path",
    type=click.Path(),
    metavar="FOLDER_OR_PATH",
    help="One index of both sides, which --lost and --found tell apart. Without it and LOST FOUND: the nearest.",
)
@click.option(
    "--lost",
    multiple=True,
    metavar="EXPR",
    shell_complete=name_completion.side_conditions,
    help="Only lost photos for which this holds, as in `imgsim query`.",
)
@click.option(
    "--found",
    multiple=True,
    metavar="EXPR",
    shell_complete=name_completion.side_conditions,
    help="Likewise of the found ones.",
)
@click.option(
    "--on",
    multiple=True,
    metavar="EXPR",
    shell_complete=name_completion.pair_conditions,
    help="Only pairs for which this holds, such as 'found.day >= lost.day - 2 days and found.kind = lost.kind'; "
    "docs/matching.md describes it.",
)
@click.option(
    "--near",
    type=click.Path(),
    metavar="FILE",
    help="A table whose first two columns are places that are neighbours, for found.place near lost.place.",
)
@click.option(
    "--thing",
    metavar="NAME",
    shell_complete=name_completion.things,
    help="The attribute that says which photos are of one report or item; a photo without it is one thing.",
)
@all_option
@count_option
@extractor_option(fused=True)
@metric_option
@max_distance_option
@min_probability_option
@rerank_option
@click.option(
    "--assign",
    is_flag=True,
    help="Say too which pairs fit best altogether, each thing in one at most: as many as can be, then the least sum "
    "of distances. Paths are then those alone.",
)
@click.option(
    "--show",
    metavar="SIDE.NAME,...",
    shell_complete=name_completion.side_attributes,
    help="Show these attributes too, a column each, such as lost.place,found.place.",
)
@click.option(
    "--new",
    is_flag=True,
    help="Say only pairs that no run with --new said before, and keep in the found side's index which are said.",
)
@format_option("table", "tsv", "csv", "json", "jsonl", "paths")
@click.option("-0", "--null", is_flag=True, help="Write the found photos' paths, ended by NUL, for `xargs -0`.")
@report_option("each lost thing beside its matches", each="lost thing")
@wait_option
@general_options
def match(
    folders: tuple[str, ...],
    index_path: str | None,
    show: str | None,
    format_: str | None,
    null: bool,  # noqa: FBT001
    new: bool,  # noqa: FBT001
    report: str | None,
    **choices: Any,  # noqa: ANN401 (each has its own type)
) -> None:
    """Find for each lost thing the found ones that may be it, in two indexed folders, or in one by conditions.

    No photo is read: rows are compared as the indexes hold them, by what the found side is compared by. Columns: lost
    and found, the paths of the closest pair of photos within their folders, rank, distance, with --rerank by what the
    first 200 are ordered instead, the probability where the found side was calibrated, mutual (true where each is the
    other's closest). Pairs that `imgsim pair` rejected are left out, and both things of those that it confirmed. Exit
    codes: 0 something matched, 1 nothing did, 2 error.
    """
    if null and format_ not in (None, "paths"):
        raise click.UsageError("-0 writes paths: it does not go with another --format")
    format_ = "paths" if null else choose_format(format_)
    places = _places(folders, index_path, choices)
    with ExitStack() as held:
        # Held till the end, so that nobody else says the same.
        writer = held.enter_context(_writer(places[-1])) if new else None
        damaged, said = _match(places, show, format_, report, new=new, null=null, **choices)
        if writer and said:
            settle()
            writer.decide(said)
    for damage in damaged:
        stderr.complain(f"imgsim: {explain(damage)}")
    if new and not said:
        stderr.say("imgsim: nothing new")
    click.get_current_context().exit(2 if damaged else 0 if said else 1)


def _match(
    places: Sequence[str | None],
    show: str | None,
    format_: str,
    report: str | None,
    *,
    null: bool,
    **choices: Any,  # noqa: ANN401 (each has its own type)
) -> tuple[list[ImgsimError], list[DecidedPair]]:
    """Match, and write what fits; give what is damaged, and the pairs that were written."""
    with ExitStack() as stack:
        indexes = _opened(places, stack)
        for index, side in zip(indexes, SIDES, strict=True):
            note_conditions(index, choices[side])
        for index in dict.fromkeys(indexes):
            note_sight(index, out_of_sight=choices["out_of_sight"])
        columns = SideColumns(indexes, show, format_)
        sides, matches = _matched(indexes, **choices)
        if format_ == "paths" and choices["assign"]:
            matches = [one for one in matches if one.assigned]
        write_matches(matches, sides, columns, indexes[1].root, format_, choices, null=null)
        if report:
            from imgsim.cli.match_report import report_matches

            report_matches(report, indexes, sides, matches, columns.named, choices)
        return sides.damaged, sides.as_said(matches, time.time_ns())


def _places(folders: Sequence[str], index_path: str | None, choices: dict[str, Any]) -> Sequence[str | None]:
    """Tell where the indexes of both sides are, or the one."""
    if len(folders) not in (0, 2):
        raise click.UsageError("name two indexed folders, LOST FOUND; or one by --index, with --lost and --found")
    if folders and index_path:
        raise click.UsageError("--index is one index of both sides: leave it out, or LOST and FOUND")
    if not folders and not (choices["lost"] and choices["found"]):
        raise click.UsageError("in one index, --lost and --found say which photos are which: both are needed")
    return folders or (index_path,)


def _writer(place: str | None) -> IndexWriter:
    with open_for(place) as index:
        return once_unlocked(index.writing)


def _opened(places: Sequence[str | None], stack: ExitStack) -> tuple[Index, Index]:
    """Open both sides, in a snapshot each; one index twice is one."""
    opened: dict[str, Index] = {}
    named = [stack.enter_context(open_for(place)) for place in places]
    for index in named:
        if _identity(index) not in opened:
            opened[_identity(index)] = index
            stack.enter_context(index.snapshot())
    lost, found = opened[_identity(named[0])], opened[_identity(named[-1])]
    return lost, found


def _identity(index: Index) -> str:
    import os

    return os.path.realpath(index.directory)


def _matched(
    indexes: tuple[Index, Index],
    *,
    extractors: Sequence[str],
    metric: str | None,
    lost: Sequence[str],
    found: Sequence[str],
    thing: str | None,
    k: int,
    max_distance: float | str | None,
    min_probability: float | None,
    rerank: str | None,
    assign: bool,
    on: Sequence[str],
    near: str | None,
    new: bool,
    out_of_sight: bool,
) -> tuple[LostAndFound, list[FoundMatch]]:
    from imgsim.index.lost_and_found import LostAndFound
    from imgsim.tables.place_pairs import read_place_pairs

    if near and not any("near" in text for text in on):
        raise click.UsageError("--near is for a condition such as --on 'found.place near lost.place'")
    neighbours = read_place_pairs(near) if near else None
    sides = LostAndFound(
        indexes,
        extractors,
        metric,
        lost=lost,
        found=found,
        thing=thing,
        on=on,
        near=neighbours,
        new=new,
        out_of_sight=out_of_sight,
    )
    for unseen in sides.unseen:  # as when all is settled, which is no fault
        stderr.say(f"imgsim: {explain(unseen)}")
    if absent := list(sides.conditions.absent):
        stderr.say(f"imgsim: no photo has an attribute {first_few(absent)} yet, so all count as without")
    if places := sides.conditions.unknown_places:
        stderr.say(f"imgsim: {near}: no photo has the place {first_few(places)}")
    threshold = sides.threshold(max_distance, min_probability)
    for side, paths in sides.lacking.items():
        count = f"{len(paths)} {side} photo{'s' * (len(paths) > 1)}"
        stderr.say(f"imgsim: {count} without features, so not compared: {first_few(paths)}")
    _note_decided(sides)
    return sides, sides.matches(k, threshold, one_to_one=assign, rerank=rerank)


def _note_decided(sides: LostAndFound) -> None:
    """Say what is left out because of what people decided."""
    lost, found, rejected = sides.decided
    closed = " and ".join(_counted(count, of) for count, of in ((lost, "lost photo"), (found, "found photo")) if count)
    told = [f"{closed} of confirmed pairs"] if closed else []
    if rejected:
        told.append(_counted(rejected, "rejected pair"))
    if told:
        stderr.say(f"imgsim: left out, see `imgsim pairs`: {', '.join(told)}")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
