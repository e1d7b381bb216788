"""What photos, or a colour's name, are answered by, one answer after another."""

from __future__ import annotations

import os
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.cli import stderr
from imgsim.cli.attributes import explain_empty, note_unseen
from imgsim.cli.inputs import QueryPhoto, photo_groups, photos_in
from imgsim.cli.remarks import find_missed
from imgsim.cli.remedies import explain
from imgsim.errors import ImageReadError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from imgsim.cli.remarks import Missed
    from imgsim.core import Match
    from imgsim.index.index import Index
    from imgsim.index.search import Searcher
    from imgsim.index.threshold import Threshold
    from imgsim.segment.cut_parts import Box
    from imgsim.segment.cutter import Cutter


class QueryAnswer(NamedTuple):
    """The matches of one query: of one photo, of several views of one thing, or of a colour's name."""

    name: str
    matches: list[Match]
    views: Sequence[QueryPhoto] = ()
    missed: Missed | None = None
    part: str = ""  # of the photo, that was asked by
    box: Box | None = None  # and where on it that lies, in shares


def asked_photos(names: Sequence[str], complaints: list[str]) -> Iterator[list[QueryPhoto]]:
    """Give the photos that are named, and those in the folders that are, as many at a time as are there at once.

    Say and note what is wrong with folders.
    """

    def complain(message: str) -> None:
        stderr.complain(f"imgsim: {message}")
        complaints.append(message)

    def is_folder(photo: QueryPhoto) -> bool:
        return isinstance(photo.source, str) and os.path.isdir(photo.source)

    for group in photo_groups(names):
        for folders, some in groupby(group, is_folder):
            if not folders:
                yield list(some)
                continue
            for folder in some:
                within = photos_in(folder.name, complain)
                yield within
                if not within:
                    complain(f"{folder.name}: no photos in this folder")


def ask_by_photos(
    index: Index,
    photos: Iterable[Sequence[QueryPhoto]],
    *,
    k: int,
    extractors: Sequence[str],
    metric: str | None,
    where: Sequence[str],
    out_of_sight: bool,
    color: str | None,
    together: bool,
    max_distance: float | str | None,
    min_probability: float | None,
    cutter: Cutter | None = None,
    **options: Any,  # noqa: ANN401 (what `Searcher.ranked` takes)
) -> Iterator[tuple[QueryAnswer | None, bool]]:
    """Search by photos; give each answer, and whether all of its photos could be read."""
    if color is not None:
        where = (*where, index.color_expression(color))
    matched = ranked = False
    with index.searcher(extractors, metric, where, out_of_sight=out_of_sight, parts=cutter is not None) as searcher:
        threshold = searcher.threshold(max_distance, min_probability)
        for photo in chain.from_iterable(photos if cutter else ()):
            for part in _part_answers(searcher, photo, cutter, k, threshold, options):
                matched |= part is not None and bool(part.matches)
                ranked |= part is None or bool(part.matches or part.missed)
                yield part, part is not None
        for things in _things(photos, together=together):
            for views, answer in zip(things, _answers(searcher, things, k, threshold, options), strict=True):
                matched |= answer is not None and bool(answer.matches)
                ranked |= answer is None or bool(answer.matches or answer.missed)
                yield answer, answer is not None and len(answer.views) == len(views)
        for damage in searcher.damaged:
            stderr.complain(f"imgsim: {explain(damage)}")
            yield None, matched  # nothing found, where some could not be looked at, is an error
        if not searcher.may_find:
            explain_empty(index, where, out_of_sight=out_of_sight)
        elif not out_of_sight and (not ranked or (not matched and stderr.is_terminal())):
            note_unseen(index, where)


def ask_by_color(
    index: Index,
    *,
    k: int,
    where: Sequence[str],
    out_of_sight: bool,
    color: str,
    max_distance: float | str | None,
    **_: object,
) -> Iterator[tuple[QueryAnswer, bool]]:
    """Rank by a colour's probability."""
    from imgsim.index.threshold import COLOR_RANGE, Threshold

    threshold = Threshold.within(COLOR_RANGE, max_distance, None)
    ranked = index.search_color(color, k, where=where, out_of_sight=out_of_sight)
    if not ranked:
        explain_empty(index, (*where, "has color_probabilities"), out_of_sight=out_of_sight)
    yield _kept(color, ranked, threshold), True


def _things(photos: Iterable[Sequence[QueryPhoto]], *, together: bool) -> Iterator[Sequence[Sequence[QueryPhoto]]]:
    """Give the views of each thing that is asked for, as many things at a time as there are photos at once."""
    if together:
        views = list(chain.from_iterable(photos))
        yield [views] if views else []
    else:
        yield from ([[photo] for photo in group] for group in photos)


def _answers(
    searcher: Searcher,
    things: Sequence[Sequence[QueryPhoto]],
    k: int,
    threshold: Threshold,
    options: dict[str, Any],
) -> Iterator[QueryAnswer | None]:
    """Search by those views of each thing that can be read; say which cannot."""
    sources = ([view.source for view in views] for views in things)
    for given, found in zip(things, searcher.ranked_each(sources, k, **options), strict=True):
        views, answer = given, found
        while isinstance(answer, ImageReadError):
            stderr.complain(f"imgsim: {explain(answer)}")
            unreadable = answer.path
            views = [view for view in views if view.name != unreadable]
            answer = next(searcher.ranked_each([[view.source for view in views]], k, **options)) if views else []
        yield _kept(views[0].name, answer, threshold, views) if views else None


def _part_answers(
    searcher: Searcher,
    photo: QueryPhoto,
    cutter: Cutter | None,
    k: int,
    threshold: Threshold,
    options: Mapping[str, Any],
) -> Iterator[QueryAnswer | None]:
    """Search by each part of a photo; say where it cannot be read, or has none."""
    assert cutter is not None
    try:
        answers = searcher.ranked_parts(
            photo.source, cutter, k, include_self=options["include_self"], limits=options["limits"]
        )
    except ImageReadError as error:
        stderr.complain(f"imgsim: {explain(error)}")
        yield None
        return
    for part in answers:
        yield _kept(photo.name, part.matches, threshold, [photo])._replace(part=part.name, box=part.box)


def _kept(name: str, ranked: Sequence[Match], threshold: Threshold, views: Sequence[QueryPhoto] = ()) -> QueryAnswer:
    """Keep the matches that a threshold admits."""
    return QueryAnswer(name, list(filter(threshold.admits, ranked)), views, find_missed(ranked, threshold))
