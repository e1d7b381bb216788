"""Matches of lost and found things as a report, or as one for each lost thing."""

from __future__ import annotations

import os
import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from imgsim.cli import stderr
from imgsim.cli.report_facts import PhotoNotes, asked, compared_by, count, kept_out, place, probability_of
from imgsim.cli.report_option import is_folder
from imgsim.paths import composed
from imgsim.processes import default_jobs
from imgsim.reports.html_file import make_report_folder, write_page
from imgsim.reports.page_content import Case, Fact, Report, ShownMatch, written
from imgsim.reports.thumbnails import thumbnails_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from imgsim.index.index import Index
    from imgsim.index.lost_and_found import FoundMatch, LostAndFound

LONGEST = 60  # characters of a file's name that say which thing it is of
NOTHING = {False: "No found photo fits a lost one.", True: "Nothing new: no other found photo fits a lost one."}
MUTUAL, ASSIGNED = "each is the other's closest", "assigned"


def report_matches(
    path: str,
    indexes: tuple[Index, Index],
    sides: LostAndFound,
    matches: Sequence[FoundMatch],
    show: Mapping[str, Sequence[str]] | None,
    choices: dict[str, Any],
) -> None:
    """Write what was found for each lost thing, on one page, or on one each into a folder."""
    lost, found = (
        PhotoNotes(index, None if show is None else show[side])
        for index, side in zip(indexes, ("lost", "found"), strict=True)
    )
    cases = [_case(name, some, sides, lost, found) for name, some in _by_thing(matches, choices["thing"])]
    facts = [
        *compared_by(indexes[1], choices["extractors"], choices["metric"]),
        *_places(*indexes),
        *asked(choices | {"near": os.path.basename(choices["near"] or "")}),
        *kept_out(indexes, out_of_sight=choices["out_of_sight"]),
    ]
    if is_folder(path):
        _write_each(path, cases, facts)
        return
    candidates = count(sum(len(case.candidates) for case in cases), "candidate")
    summary = f"{count(len(cases), 'lost thing')}, {candidates}" if cases else NOTHING[choices["new"]]
    report = Report("Lost and found", summary, facts, cases)
    write_page(path, "match", report=report, thumbnails=thumbnails_of([cases], jobs=default_jobs()))
    stderr.say(f"wrote {path}")


def _write_each(folder: str, cases: Sequence[Case], facts: Sequence[Fact]) -> None:
    if not cases:
        return
    make_report_folder(folder)
    thumbnails = thumbnails_of([[case] for case in cases], jobs=default_jobs())
    for name, case in zip(name_files([case.title for case in cases]), cases, strict=True):
        report = Report(f"Lost: {case.title}", count(len(case.candidates), "candidate"), facts, [case])
        write_page(os.path.join(folder, f"{name}.html"), "match", report=report, thumbnails=thumbnails)
    stderr.say(f"wrote {count(len(cases), 'report')} into {folder}")


def _places(lost: Index, found: Index) -> list[Fact]:
    if lost is found:
        return [Fact("Index", place(found))]
    return [Fact("Lost in", place(lost)), Fact("Found in", place(found))]


def _by_thing(matches: Iterable[FoundMatch], thing: str | None) -> Iterator[tuple[str, list[FoundMatch]]]:
    """Gather what was found for one lost thing, under its value of the attribute, or else its photo's path."""
    gathered: dict[tuple[str, bool], list[FoundMatch]] = {}
    for one in matches:
        attributes = {composed(name): value for name, value in one.lost.attributes.items()}
        value = attributes.get(composed(thing)) if thing else None
        name = one.lost.path if value is None else written(value)
        gathered.setdefault((name, value is None), []).append(one)
    return ((name, some) for (name, _), some in gathered.items())


def _case(name: str, matches: Sequence[FoundMatch], sides: LostAndFound, lost: PhotoNotes, found: PhotoNotes) -> Case:
    photos = {one.lost.path: lost.of(one.lost) for one in matches}
    candidates = [
        ShownMatch(
            found.of(one.match),
            [Fact("distance", f"{one.match.distance:.4f}"), *probability_of(one.match)],
            one.match.rank,
            [MUTUAL] * one.mutual + [ASSIGNED] * one.assigned,
            sides.reasons(one),
            one.lost.path if len(photos) > 1 else "",
        )
        for one in matches
    ]
    return Case(name, list(photos.values()), candidates)


def name_files(titles: Sequence[str]) -> list[str]:
    """Name a file after each title, in letters that all systems take; what is changed gets digits that tell it.

    Examples
    --------
    >>> name_files(["R21", "r21", "bags/1.jpg"])
    ['R21', 'r21-c4e5c8ae', 'bags-1.jpg-a2ba434b']
    """
    names: list[str] = []
    for title in titles:
        plain = re.sub(r"[^\w.-]+", "-", title).strip(".-")[:LONGEST]
        if plain != title or plain.casefold() in map(str.casefold, names):
            plain += f"-{blake2b(os.fsencode(title), digest_size=4).hexdigest()}"
        names.append(plain)
    return names
