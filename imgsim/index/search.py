"""From query photos to matches: measured by the extractors that the index was made with, ranked in its galleries."""

from __future__ import annotations

import os
from itertools import compress
from typing import TYPE_CHECKING, Any

from imgsim.core import Match
from imgsim.errors import CalibrationError
from imgsim.features.measure import measure_all
from imgsim.images.limits import LIMITS, Limits
from imgsim.index.sqlite.connection import outside
from imgsim.metrics.calibration import Calibration
from imgsim.search.ranking import rank
from imgsim.where.select import select_photos

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Sequence

    from numpy.typing import NDArray

    from imgsim.images.photo import Photo
    from imgsim.index.distance import ChosenDistance


class Searcher:
    """Answers queries by the same extractors and metric."""

    def __init__(self, distance: ChosenDistance, where: Sequence[str] = ()) -> None:
        self._distance, self._store, self._terms = distance, distance.store, distance.terms()
        fitted = self._store.calibrations().get(distance.name)
        self._calibration = None if fitted is None else Calibration.from_json(fitted)
        photos = self._terms[0].gallery.photos
        self._allowed = select_photos(self._store.facts, where, photos) if where else None

    @property
    def may_find(self) -> bool:
        """Whether the expressions hold for any photo at all."""
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
        max_distance: float | None = None,
        min_probability: float | None = None,
        include_self: bool = False,
        limits: Limits = LIMITS,
    ) -> list[Match]:
        """Rank the index's photos by their distance to one thing.

        `views` (H, W, 3).
        """
        if min_probability is not None and not self.calibrated:
            root, name, extractors = self._store.root, self._distance.name, self._distance.texts
            facts = {"folder": root, "index": outside(self._distance.directory, root), "metric": self._distance.metric}
            message = f"{root}: no calibration of {name}"
            raise CalibrationError(message, remedy="calibrate", extractors=extractors, **facts)
        embedded = self._embed(views, limits)
        named = [view for view in views if isinstance(view, str | os.PathLike)]
        own = set() if include_self else {os.path.realpath(view) for view in named}
        excluded = self._keys_under(own)
        while True:
            matches, keys = self._ranked(embedded, k, excluded)
            # The same file under another indexed name, such as a link, is the query photo too.
            again = {key for match, key in zip(matches, keys, strict=True) if self._real(match.path) in own}
            if not again:
                return [match for match in matches if _is_within(match, max_distance, min_probability)]
            excluded |= again

    def _embed(self, views: Sequence[Photo], limits: Limits) -> list[NDArray[Any]]:
        """Bring the views into each term's space: an array (V, R) a term."""
        extractors = [one.extractor for one in self._distance.extractors]
        rows = measure_all(views, extractors, limits=limits)
        return [term.metric.embed(one) for term, one in zip(self._terms, rows, strict=True)]

    def _ranked(
        self, views: Sequence[NDArray[Any]], k: int, excluded: Collection[Hashable]
    ) -> tuple[list[Match], list[Hashable]]:
        gallery = self._terms[0].gallery
        rows, distances = rank(self._terms, views, k, excluded=excluded, allowed=self._allowed)
        labels = self._store.labels(gallery.parts[rows].tolist())
        probabilities = self._calibration(distances).tolist() if self._calibration else [None] * len(rows)
        specs, matches = self._distance.specs, list[Match]()
        for label, row, distance, known in zip(labels, rows, distances.tolist(), probabilities, strict=True):
            lacking = tuple(compress(specs, [not term.gallery.present[row] for term in self._terms]))
            probability = None if lacking else known  # a calibration has seen none that lacks an extractor
            found = (label.path, label.part, distance, label.attributes, lacking, probability)
            matches.append(Match(len(matches) + 1, *found))
        return matches, gallery.photos[rows].tolist()

    def _keys_under(self, real_paths: Collection[str]) -> set[Hashable]:
        root = os.path.realpath(self._store.root)
        keys = {self._store.photo_key(os.path.relpath(path, root)) for path in real_paths}
        return {key for key in keys if key is not None}

    def _real(self, path: str) -> str:
        return os.path.realpath(os.path.join(self._store.root, path))


def _is_within(match: Match, max_distance: float | None, min_probability: float | None) -> bool:
    near = max_distance is None or match.distance <= max_distance
    likely = min_probability is None or (match.probability is not None and match.probability >= min_probability)
    return near and likely
