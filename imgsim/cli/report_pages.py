"""Answers of `query` and groups of `duplicates` as reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgsim.cli import stderr
from imgsim.cli.report_facts import PhotoNotes, asked, compared_by, count, kept_out, place, probability_of
from imgsim.cli.similarity import without_similarity
from imgsim.processes import default_jobs
from imgsim.reports.html_file import write_page
from imgsim.reports.page_content import Case, Fact, Report, ShownMatch, ShownPhoto
from imgsim.reports.thumbnails import thumbnails_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.cli.answers import QueryAnswer
    from imgsim.core import Match
    from imgsim.index.duplicates import DuplicatePhoto, Nearness
    from imgsim.index.index import Index


def report_answers(
    path: str, index: Index, answers: Sequence[QueryAnswer], show: Sequence[str] | None, choices: Mapping[str, Any]
) -> None:
    """Write what was found for each query."""
    show, similar = without_similarity(index, show)
    notes = PhotoNotes(index, show, choices["limits"])
    by_photo = any(answer.views for answer in answers)
    compared = compared_by(index, choices["extractors"], choices["metric"]) if by_photo else []

    def case(answer: QueryAnswer) -> Case:
        views = [ShownPhoto(_named(view.name), view.source, choices["limits"]) for view in answer.views]
        remark = f"Nothing {answer.missed.threshold}: {answer.missed.closest}." if answer.missed else "Nothing matched."
        found = [_candidate(match, notes, similar=similar) for match in answer.matches]
        return Case(_named(answer.name), views, found, remark)

    cases = [case(answer) for answer in answers]
    found = count(sum(len(one.candidates) for one in cases), "candidate")
    facts = [*compared, Fact("Index", place(index)), *asked(choices, by_photo=by_photo)]
    facts += kept_out([index], out_of_sight=choices["out_of_sight"])
    _write(
        path, "query", Report("Look-alike photos", f"{count(len(cases), 'query', 'queries')}, {found}", facts, cases)
    )


def _named(name: str) -> str:
    return "standard input" if name == "-" else name


def _candidate(match: Match, notes: PhotoNotes, *, similar: bool) -> ShownMatch:
    measures = [Fact("distance", f"{match.distance:.4f}")]
    measures += [Fact("similarity", f"{1 - match.distance:.4f}")] if similar else []
    measures += [] if match.reranked is None else [Fact("reranked", f"{match.reranked:.4f}")]
    measures += probability_of(match)
    extra = {"part": match.part, "ranked without": ", ".join(match.lacking)}
    return ShownMatch(notes.of(match, extra), measures, match.rank)


def report_duplicates(
    path: str,
    index: Index,
    groups: Sequence[Sequence[DuplicatePhoto]],
    nearness: Nearness | None,
    choices: Mapping[str, Any],
) -> None:
    """Write the groups of copies, and which of each to keep."""
    notes = PhotoNotes(index, None)

    def candidate(copy: DuplicatePhoto, *, kept: bool) -> ShownMatch:
        record = copy.record
        size = f"{record.width} x {record.height} pixels, {record.size:,} bytes"
        photo = notes.of(record, {"size": size, "changed": record.modified.replace("T", " ")})
        return ShownMatch(photo, [Fact("distance", f"{copy.distance:.4f}")], marks=["kept" if kept else "may go"])

    cases = [
        Case(f"Group {number}", [], [candidate(copy, kept=copy is group[0]) for copy in group])
        for number, group in enumerate(groups, start=1)
    ]
    spare = count(sum(len(group) - 1 for group in groups), "photo")
    summary = f"{count(len(groups), 'group')} of copies, {spare} may go" if groups else "No duplicates."
    facts = [*_nearness(index, nearness), Fact("Index", place(index)), *asked(choices), Fact("Kept", choices["keep"])]
    _write(path, "duplicates", Report("Duplicates", summary, facts, cases))


def _nearness(index: Index, nearness: Nearness | None) -> list[Fact]:
    if nearness is None:
        return [Fact("Compared by", "the files' bytes")]
    compared = compared_by(index, nearness.distance.texts, nearness.distance.metric)
    return compared + ([Fact("Seen", "mirrored or turned, too")] if nearness.turns else [])


def _write(path: str, page: str, report: Report) -> None:
    write_page(path, page, report=report, thumbnails=thumbnails_of([report.cases], jobs=default_jobs()))
    stderr.say(f"wrote {path}")
