"""From query photos to matches: measured by the extractors that the index was made with, ranked in its galleries."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.core import Match
from imgsim.errors import CalibrationError, ImageReadError, ImgsimError, IndexFormatError
from imgsim.images.limits import LIMITS, Limits
from imgsim.index.damaged_rows import damaged_photos, describe_damage
from imgsim.index.query_rows import QueryRows, identity
from imgsim.index.sqlite.connection import outside
from imgsim.index.stored_distances import rescore
from imgsim.index.threshold import DistanceRange, Threshold
from imgsim.metrics.calibration import Calibration
from imgsim.search.parts import Parts
from imgsim.search.ranking import rank, rank_each
from imgsim.where.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.images.photo import Photo
    from imgsim.index.distance import ChosenDistance
    from imgsim.index.query_rows import AskedThing
    from imgsim.index.store.feature_store import PartLabel
    from imgsim.search.ranking import Ranked
    from imgsim.search.reranking import Reranker
    from imgsim.segment.cut_parts import Box
    from imgsim.segment.cutter import Cutter


class PartAnswer(NamedTuple):
    """What one part of a photo is answered by: its label, where it lies, in shares of the photo, and its matches."""

    name: str
    box: Box
    matches: list[Match]


class Searcher:
    """Answers queries by the same extractors and metric."""

    def __init__(
        self,
        distance: ChosenDistance,
        where: Sequence[str] = (),
        rules: Sequence[str] = (),
        *,
        parts: bool = False,
    ) -> None:
        self._parts = parts  # of photos are found, and not whole ones
        self._distance, self._store, self._where, self._rules = distance, distance.store, where, rules
        self._damaged: dict[str, dict[str, None]] = {}  # paths, by extractor, in the order in which they were met
        self._calibration = None if parts else read_calibration(distance)
        self._query_rows = QueryRows(distance)
        self._map()

    def _map(self, *, anew: bool = False) -> None:
        """Map the galleries, and find the rows that the expressions hold for and no rule keeps out of sight."""
        self._terms, self._laid_out = self._distance.terms(anew=anew, parts=self._parts), anew
        photos = self._terms[0].gallery.photos
        self._allowed = Sight(self._store.facts, self._rules).select(self._where, photos)
        for spec, paths in damaged_photos(self._distance, self._terms).items():
            self._damaged.setdefault(spec, {}).update(dict.fromkeys(paths))

    @property
    def damaged(self) -> list[ImgsimError]:
        """What could not be compared, since its features in the index are not as they were stored: a line each."""
        return describe_damage(self._distance, self._damaged)

    @property
    def may_find(self) -> bool:
        """Whether the expressions hold for any photo that is in sight."""
        return self._allowed is None or bool(self._allowed.any())

    @property
    def calibrated(self) -> bool:
        """Whether matches carry the probability that they are the thing asked for."""
        return self._calibration is not None

    def search(
        self,
        views: Sequence[Photo],
        k: int,
        *,
        max_distance: float | str | None = None,
        min_probability: float | None = None,
        include_self: bool = False,
        rerank: str | None = None,
        limits: Limits = LIMITS,
    ) -> list[Match]:
        """Rank the index's photos by their distance to one thing, and keep what is within the thresholds.

        `views` (H, W, 3).
        """
        threshold = self.threshold(max_distance, min_probability)
        ranked = self.ranked(views, k, include_self=include_self, rerank=rerank, limits=limits)
        return list(filter(threshold.admits, ranked))

    def threshold(self, max_distance: float | str | None, min_probability: float | None) -> Threshold:
        """Hold thresholds against the distance and its calibration; a distance such as ``"6b"`` is of so many bits."""
        if min_probability is not None and not self.calibrated:
            root, name, extractors = self._store.root, self._distance.name, self._distance.texts
            facts = {"folder": root, "index": outside(self._distance.directory, root), "metric": self._distance.metric}
            message = f"{root}: no calibration of {name}"
            raise CalibrationError(message, remedy="calibrate", extractors=extractors, **facts)
        return Threshold.within(DistanceRange.of(self._distance, self._terms), max_distance, min_probability)

    def ranked(
        self,
        views: Sequence[Photo],
        k: int,
        *,
        include_self: bool = False,
        rerank: str | None = None,
        limits: Limits = LIMITS,
    ) -> list[Match]:
        """Rank the index's photos by their distance to one thing, however far they are.

        `views` (H, W, 3).
        """
        (answer,) = self.ranked_each([views], k, include_self=include_self, rerank=rerank, limits=limits)
        if isinstance(answer, ImageReadError):
            raise answer
        return answer

    def ranked_each(
        self,
        things: Iterable[Sequence[Photo]],
        k: int,
        *,
        include_self: bool = False,
        rerank: str | None = None,
        limits: Limits = LIMITS,
    ) -> Iterator[list[Match] | ImageReadError]:
        """Answer as `ranked` does for each of several things, in order; the error of one that cannot be read is there.

        Those whose rows the index has are taken a block at a time, and the others one by one, as they come.
        """
        reranker = self._reranker(rerank) if rerank else None
        for block in self._query_rows.blocks(things, self._terms, limits, include_self=include_self):
            if isinstance(block, ImageReadError):
                yield block
                continue
            terms, wanted = self._terms, max(k, reranker.shortlist) if reranker else k
            queries, excluded = [asked.rows for asked in block], [asked.photos for asked in block]
            first = rank_each(terms, queries, wanted, excluded=excluded, allowed=self._allowed)
            for asked, ranked in zip(block, first, strict=True):
                yield self._answer(asked, k, reranker, ranked if terms is self._terms else None)

    def ranked_parts(
        self, photo: Photo, cutter: Cutter, k: int, *, include_self: bool = False, limits: Limits = LIMITS
    ) -> list[PartAnswer]:
        """Answer as `ranked` does for each part that is cut out of a photo; ImageReadError if it has none.

        What the parts are by their distance is not calibrated: matches have no probability.
        """
        asked = self._query_rows.parts(photo, cutter, self._terms, limits, include_self=include_self)
        self._calibration = None
        return [PartAnswer(part.name, part.box, self._answer(part.thing, k, None, None)) for part in asked]

    def _answer(self, asked: AskedThing, k: int, reranker: Reranker | None, ranked: Ranked | None) -> list[Match]:
        """Make matches of what was ranked, or else of what is to be."""
        excluded, wanted = set(asked.photos), max(k, reranker.shortlist) if reranker else k
        while True:
            matches, keys = self._matches(asked.rows, wanted, excluded, ranked)
            # The same file under another indexed name, such as a link of either kind, is the query photo too.
            paths = (os.path.join(self._store.root, match.path) for match in matches)
            again = {
                key for path, key in zip(paths, keys, strict=True) if asked.files and identity(path) in asked.files
            }
            if not again:
                break
            excluded, ranked = excluded | again, None
        return self._reranked(reranker, asked.rows, matches, keys, excluded)[:k] if reranker else matches

    def _reranker(self, text: str) -> Reranker:
        """Build a re-ranking, and make sure that it suits the metrics."""
        from imgsim.search.reranking import suited_reranker  # which other queries do without

        return suited_reranker(text, self._distance.metrics)

    def _matches(
        self, views: Sequence[NDArray[Any]], k: int, excluded: Collection[Hashable], ranked: Ranked | None
    ) -> tuple[list[Match], list[Hashable]]:
        rows, distances, labels = self._trusted(views, k, excluded, ranked)
        gallery = self._terms[0].gallery
        probabilities = self._calibration(distances).tolist() if self._calibration else [None] * len(rows)
        specs, matches = self._distance.specs, list[Match]()
        for label, row, distance, known in zip(labels, rows, distances.tolist(), probabilities, strict=True):
            lacking = tuple(compress(specs, [not term.gallery.present[row] for term in self._terms]))
            probability = None if lacking else known  # a calibration has seen none that lacks an extractor
            found = (label.path, label.part, distance, label.attributes, lacking, probability)
            matches.append(Match(len(matches) + 1, *found))
        return matches, gallery.photos[rows].tolist()

    def _reranked(
        self,
        reranker: Reranker,
        views: Sequence[NDArray[Any]],
        matches: list[Match],
        keys: list[Hashable],
        excluded: Collection[Hashable],
    ) -> list[Match]:
        """Put the shortlist in another order; photos that lack an extractor, and all others, keep their places."""
        from imgsim.search.leave_one_out import LeaveOneOut
        from imgsim.search.shortlist import Shortlist

        places = [place for place, match in enumerate(matches[: reranker.shortlist]) if not match.lacking]
        if not places:
            return matches
        of_rows = self._terms[0].gallery.photos
        starts = Parts(of_rows).starts
        photos = of_rows[starts]
        wanted = np.ones(len(photos), bool) if self._allowed is None else self._allowed[starts]
        gallery = LeaveOneOut(self._terms, wanted & ~np.isin(photos, np.array(list(excluded), photos.dtype)))
        asked = [keys[place] for place in places]
        there = np.flatnonzero(np.isin(photos[gallery.photos], np.array(asked, photos.dtype)))
        numbers = dict(zip(photos[gallery.photos[there]].tolist(), there.tolist(), strict=True))
        listed = np.array([numbers[key] for key in asked])
        distances = np.array([matches[place].distance for place in places])
        values = reranker.values(Shortlist(gallery, views, listed, distances))
        ordered = list(matches)
        for place, number in zip(places, np.argsort(values, kind="stable").tolist(), strict=True):
            ordered[place] = replace(matches[places[number]], rank=place + 1, reranked=float(values[number]))
        return ordered

    def _trusted(
        self, views: Sequence[NDArray[Any]], k: int, excluded: Collection[Hashable], ranked: Ranked | None = None
    ) -> tuple[NDArray[np.intp], NDArray[np.float64], list[PartLabel]]:
        """Rank by the cached galleries, and what is found by the store, from which those are laid out anew in doubt."""
        if ranked is None:
            ranked = rank(self._terms, views, k, excluded=excluded, allowed=self._allowed)
        (rows, distances), doubtful = rescore(self._store, self._distance.extractors, self._terms, views, ranked)
        gallery = self._terms[0].gallery
        labels = [] if doubtful else self._store.labels(gallery.parts[rows].tolist())
        doubtful |= [self._store.photo_key(label.path) for label in labels] != gallery.photos[rows].tolist()
        if doubtful and not self._laid_out:
            self._map(anew=True)
            return self._trusted(views, k, excluded)
        return rows, distances, labels


def read_calibration(distance: ChosenDistance) -> Calibration | None:
    """Read the calibration of a distance, if there is one."""
    fitted = distance.store.calibrations().get(distance.name)
    try:
        return None if fitted is None else Calibration.from_json(fitted)
    except IndexFormatError as error:
        raise IndexFormatError(f"{distance.directory}: {error}", remedy=error.remedy, **error.facts) from error
