"""`imgsim duplicates`."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.attributes import note_conditions, where_option
from imgsim.cli.flags import (
    device_option,
    extractor_option,
    format_option,
    general_options,
    max_distance_option,
    metric_option,
)
from imgsim.cli.labels import indexed
from imgsim.cli.lock_wait import wait_option
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format, write_paths
from imgsim.cli.remedies import explain
from imgsim.cli.report_option import report_option
from imgsim.cli.which_index import open_for
from imgsim.naming import is_external, parse_naming, without_weight

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imgsim.errors import ImgsimError
    from imgsim.index.duplicates import DuplicatePhoto, Nearness
    from imgsim.index.index import Index

COLUMNS = ("group", "keep", "path", "distance")
COMPARING = ("extractors", "metric", "max_distance", "flips", "turns")


@click.command(short_help="Group the photos in FOLDER that are copies of each other.")
@click.argument("folder", required=False, type=click.Path())
@click.option(
    "--index",
    "index_path",
    type=click.Path(),
    metavar="PATH",
    help="The index's own folder. Without FOLDER: the indexed folder or the index's own, which is read as it is.",
)
@where_option
@extractor_option(fused=True)
@metric_option
@max_distance_option
@click.option("--flips", is_flag=True, help="See each photo mirrored, too; all are decoded for it, in every run.")
@click.option("--turns", is_flag=True, help="See each photo turned by quarters, too; likewise.")
@click.option("--exact", is_flag=True, help="Only files of the same bytes.")
@click.option(
    "--keep",
    type=click.Choice(["largest", "oldest", "newest", "path"]),
    default="largest",
    show_default=True,
    help="Which of a group to keep: that of the most pixels, then bytes; by the file's time; or the first by path, "
    "which decides also where they are equal.",
)
@format_option(*ROW_FORMATS, "paths")
@click.option("-0", "--null", is_flag=True, help="Write the paths of what may go, ended by NUL, for `xargs -0`.")
@report_option("each group, which photo to keep and which may go,")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Processes.  [default: one a processor]")
@wait_option
@device_option
@general_options
def duplicates(
    folder: str | None,
    index_path: str | None,
    where: tuple[str, ...],
    keep: str,
    format_: str | None,
    null: bool,  # noqa: FBT001
    report: str | None,
    **choices: Any,  # noqa: ANN401 (each has its own type)
) -> None:
    """Group the photos in FOLDER that are copies of each other, and say which of each group to keep. Deletes nothing.

    Files of the same bytes first, then photos within --max-distance, which without -x is 6 of phash's 64 bits (6b):
    every two of a group, so that a chain of neighbours is none. Photos are measured into the folder's index where it
    lacks them. Columns: group, keep (true or false), path within the indexed folder, distance to the one that is kept.
    --format paths writes only what may go, as paths that open from where you stand. Exit codes: 0 found some, 1 there
    are none, 2 error.
    """
    if null and format_ not in (None, "paths"):
        raise click.UsageError("-0 writes paths: it does not go with another --format")
    if choices["exact"] and (asked := [name for name in COMPARING if choices[name]]):
        option = asked[0].removesuffix("s") if asked[0] == "extractors" else asked[0].replace("_", "-")
        raise click.UsageError(f"--{option} is about comparing photos, and --exact compares bytes: leave one out")
    extractors = choices.pop("extractors") or ("phash",)
    if not choices["exact"] and choices["max_distance"] is None:
        from imgsim.index.duplicates import choose_farthest

        choices["max_distance"] = choose_farthest(extractors, choices["metric"])
    with _opened(folder, index_path, extractors, choices["jobs"]) as index:
        note_conditions(index, where)
        nearness = None if choices["exact"] else _nearness(index, extractors, **choices)
        groups = index.duplicates(nearness, keep=keep, where=where)
        _write(groups, index.root, "paths" if null else choose_format(format_), null=null)
        if report:
            from imgsim.cli.report_pages import report_duplicates

            report_duplicates(report, index, groups, nearness, {**choices, "where": where, "keep": keep})
    if not groups:
        stderr.say("imgsim: no duplicates")
    click.get_current_context().exit(0 if groups else 1)


@contextmanager
def _opened(folder: str | None, index_path: str | None, extractors: Sequence[str], jobs: int | None) -> Iterator[Index]:
    """Bring the folder's index up to date and open it or, without one, open the index that is meant as it is."""
    if folder is not None:
        from imgsim.index.location import has_index, name_directory

        wanted = [without_weight(text) for text in extractors]
        directory = name_directory(folder, index_path)
        new = not has_index(directory)
        with indexed(folder, index_path, wanted, jobs=jobs, strict=False, reading=True) as index:
            if new and has_index(directory):
                stderr.say(
                    f"imgsim: {folder}: queries of its new index compare by {' and '.join(wanted)}; `imgsim index "
                    f"{shlex.quote(folder)} -x NAME --default NAME` lets them find by another"
                )
            yield index
        return
    with open_for(index_path) as index, index.snapshot():
        yield index


def _nearness(
    index: Index,
    extractors: Sequence[str],
    *,
    metric: str | None,
    max_distance: float | str,
    flips: bool,
    turns: bool,
    jobs: int | None,
    **_: object,
) -> Nearness:
    from imgsim.errors import ParameterError
    from imgsim.features.turned import choose_turns
    from imgsim.index.duplicates import Nearness
    from imgsim.processes import default_jobs

    def say(error: ImgsimError) -> None:
        stderr.complain(f"imgsim: {explain(error)}")

    distance = index.distance(extractors, metric)
    for one in distance.extractors:
        if lacking := len(index) - index.count_measured(one.stored):
            photos = f"{lacking} photo{'s' * (lacking > 1)}"
            stderr.say(f"imgsim: {photos} without features of {one.stored.spec}, so compared by bytes alone")
    seen = choose_turns(flips=flips, turns=turns)
    external = next((text for text in extractors if is_external(parse_naming(text).name)), None)
    if seen and external:
        raise ParameterError(f"{external}: its rows come from a file, so photos cannot be seen turned or mirrored")
    return Nearness(distance, max_distance, seen, jobs or default_jobs(), say)


def _write(groups: Sequence[Sequence[DuplicatePhoto]], root: str, format_: str, *, null: bool) -> None:
    if format_ == "paths":
        write_paths((copy.record.path for group in groups for copy in group[1:]), root, null=null)
        return
    rows = [
        dict(zip(COLUMNS, (number, copy is group[0], copy.record.path, copy.distance), strict=True))
        for number, group in enumerate(groups, start=1)
        for copy in group
    ]
    RowWriter(format_, COLUMNS).write(rows)
