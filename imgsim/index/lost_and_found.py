"""The found photos that may show what is on the lost ones, by the rows that two indexes hold, or one of both."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.core import Match
from imgsim.errors import ExtractorMismatchError, ImgsimError, OutOfSightError, UnknownNameError, first_few
from imgsim.index.damaged_rows import damaged_photos, describe_damage
from imgsim.index.distance import ChosenDistance, ChosenExtractor
from imgsim.index.gallery_cache import load_gallery
from imgsim.index.pair_memory import Things, recall
from imgsim.index.search import Searcher, read_calibration
from imgsim.index.sqlite.connection import outside
from imgsim.index.store import SAID, DecidedPair
from imgsim.index.stored_distances import StoredSide, have_keys_of, measure_again
from imgsim.metrics import load_metric
from imgsim.paths import composed
from imgsim.search.gallery import Gallery, squared_norms
from imgsim.search.one_to_one import assign
from imgsim.search.refused_pairs import RefusedPairs
from imgsim.search.two_sides import Side, match_sides
from imgsim.where.pair_conditions import PairConditions, SidePhotos
from imgsim.where.select import explain_nothing
from imgsim.where.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from imgsim.core import FittedMetric, ImageRecord, Keys
    from imgsim.index.index import Index
    from imgsim.index.pair_memory import PairMemory
    from imgsim.index.store import Store, StoredExtractor
    from imgsim.index.threshold import Threshold
    from imgsim.search.ranking import Term
    from imgsim.search.reranking import Reranker
    from imgsim.search.two_sides import Allowed, MatchedThings, Refused


class FoundMatch(NamedTuple):
    """A lost thing's photo and a found one's, those of the closest pair, and how the things fit.

    `mutual`: each is the other's closest among all that are allowed; `assigned`: they are given to each other.
    """

    lost: ImageRecord
    match: Match
    mutual: bool
    assigned: bool = False
    found_digest: bytes = b""


class _Pile(NamedTuple):
    """One side: its photos' keys (P,) by path, which of them are meant, and its rows as the found side sees them.

    `places` (N,) tells each row's photo; `rows` (n,) are those of photos that are meant, which all extractors have;
    `unseen` says that none is meant, since all that fit are out of sight.
    """

    name: str
    distance: ChosenDistance
    terms: Sequence[Term]
    photos: Keys
    wanted: NDArray[np.bool_]
    places: NDArray[np.intp]
    rows: NDArray[np.intp]
    unseen: OutOfSightError | None = None

    @property
    def store(self) -> Store:
        return self.distance.store


class LostAndFound:
    """Two sides, each in a snapshot, brought together by what the found one is compared by; no photo is decoded.

    `thing` is the attribute that says which photos are of one thing; pairs of photos must keep to the expressions `on`.
    What the found side keeps of pairs counts: rejected ones are left out, and both things of confirmed ones. Where only
    what is `new` is wanted, those that were said take their rank, and are not given.
    """

    def __init__(
        self,
        indexes: tuple[Index, Index],
        extractors: Sequence[str] = (),
        metric: str | None = None,
        *,
        lost: Sequence[str] = (),
        found: Sequence[str] = (),
        thing: str | None = None,
        on: Sequence[str] = (),
        near: Collection[tuple[str, str]] | None = None,
        new: bool = False,
        out_of_sight: bool = False,  # whether what a side's own rules keep so is meant
    ) -> None:
        distance = indexes[1].distance(extractors, metric)
        ours = distance if indexes[0] is indexes[1] else indexes[0].counterpart(distance)
        self._searcher = Searcher(distance)
        self._distance, self._thing, self._new = distance, thing, new
        terms, seen = _terms(distance, ours)
        self._found = _pile("found", distance, terms, found, out_of_sight=out_of_sight)
        self._lost = _pile("lost", ours, seen, lost, out_of_sight=out_of_sight)
        self._refuse()
        self.conditions = PairConditions(on, {pile.name: _photos_of(pile) for pile in (self._lost, self._found)}, near)

    @property
    def damaged(self) -> list[ImgsimError]:
        """What could not be compared, since its features are not as they were stored: a line each."""
        piles = {id(pile.store): pile for pile in (self._lost, self._found)}.values()
        lines = (describe_damage(pile.distance, damaged_photos(pile.distance, pile.terms)) for pile in piles)
        return list(chain.from_iterable(lines))

    @property
    def unseen(self) -> list[OutOfSightError]:
        """Which sides are empty, since all that is meant is out of sight: a line each; then nothing matches."""
        return [pile.unseen for pile in (self._lost, self._found) if pile.unseen]

    @property
    def calibrated(self) -> bool:
        """Whether matches carry a probability."""
        return self._searcher.calibrated

    @property
    def lacking(self) -> dict[str, list[str]]:
        """The paths of photos that are meant and were not compared, since they lack features, by side."""
        lacking = {}
        for pile in (self._lost, self._found):
            left_out = pile.wanted.copy()
            left_out[pile.places[pile.rows]] = False
            keys = pile.photos[left_out].tolist()
            if keys:
                lacking[pile.name] = [record.path for record in pile.store.records(keys)]
        return lacking

    def threshold(self, max_distance: float | str | None, min_probability: float | None) -> Threshold:
        """Hold thresholds against the distance and its calibration, as for a query."""
        return self._searcher.threshold(max_distance, min_probability)

    def matches(
        self, k: int, threshold: Threshold, *, one_to_one: bool = False, rerank: str | None = None
    ) -> list[FoundMatch]:
        """Give the k closest found things of each lost one that keep to the thresholds, by the lost things' paths.

        With `rerank`, as for a query, those k that it puts first; one to one is by distance all the same.
        """
        reranker = self._reranker(rerank) if rerank else None
        if self.unseen:
            return []
        pairs, values = self._pairs(k, reranker)
        calibration = read_calibration(self._distance)
        probabilities = [None] * len(pairs.lost) if calibration is None else calibration(pairs.distances).tolist()
        ours, theirs = self._records(self._lost, pairs.lost_rows), self._records(self._found, pairs.found_rows)
        matches = []
        for place, (record, lost_record) in enumerate(zip(theirs, ours, strict=True)):
            rank_, distance = int(pairs.ranks[place]), float(pairs.distances[place])
            match = Match(rank_, record.path, "", distance, record.attributes, (), probabilities[place], values[place])
            matches.append(FoundMatch(lost_record, match, bool(pairs.mutual[place]), found_digest=record.digest))
        kept = [place for place, one in enumerate(matches) if threshold.admits(one.match)]
        if one_to_one:
            given = assign(pairs.lost[kept], pairs.found[kept], pairs.distances[kept]).tolist()
            for place, one in zip(kept, given, strict=True):
                matches[place] = matches[place]._replace(assigned=one)
        fresh = ~self._memory.were_said(
            *map(self._things_at, (self._lost, self._found), (pairs.lost_rows, pairs.found_rows))
        )
        return [matches[place] for place in kept if fresh[place]]

    def reasons(self, one: FoundMatch) -> list[str]:
        """Tell which parts of the conditions hold for a pair, as they were written."""
        places = (self._places["lost"][one.lost.path], self._places["found"][one.match.path])
        return self.conditions.reasons(*places)

    @cached_property
    def _places(self) -> dict[str, dict[str, int]]:
        """The place of each photo among its side's, by path."""
        return {
            pile.name: {record.path: place for place, record in enumerate(pile.store.records(pile.photos.tolist()))}
            for pile in (self._lost, self._found)
        }

    def _pairs(
        self, k: int, reranker: Reranker | None, *, laid_out: bool = False
    ) -> tuple[MatchedThings, list[float | None]]:
        """Match by the cached galleries, and measure what is found by the stores; in doubt those are laid out anew.

        Beside the pairs is by what they were re-ranked, None where they were not.
        """
        lost, found = map(self._side, (self._lost, self._found), self._memory.closed)
        allowed, first = self._allowed(), max(k, reranker.shortlist) if reranker else k
        pairs, values = match_sides(lost, found, first, allowed, self._refused()), None
        if reranker:
            from imgsim.search.reranked_things import rerank_things

            pairs, values = rerank_things(lost, found, pairs, k, reranker, allowed)
        sides = StoredSide(self._lost.distance, lost), StoredSide(self._found.distance, found)
        distances = measure_again(*sides, pairs)
        if distances is None and not laid_out:
            terms, seen = _terms(self._distance, self._lost.distance, anew=True)
            self._found, self._lost = _laid(self._found, terms), _laid(self._lost, seen)
            return self._pairs(k, reranker, laid_out=True)
        if distances is not None and not np.array_equal(distances, pairs.distances):
            pairs = pairs.measured(distances) if values is None else replace(pairs, distances=distances)
        if values is None:
            return pairs, [None] * len(pairs.lost)
        return pairs, [None if np.isnan(value) else value for value in values.tolist()]

    def _reranker(self, text: str) -> Reranker:
        """Build a re-ranking, and make sure that it suits the metrics."""
        from imgsim.search.reranking import suited_reranker  # which other matches do without

        return suited_reranker(text, self._distance.metrics)

    def _refuse(self) -> None:
        """Refuse sides that are the same, and those that have no row."""
        if self.unseen:
            return
        lost, found = self._lost, self._found
        if lost.store is found.store and np.array_equal(lost.wanted, found.wanted):
            count = np.count_nonzero(lost.wanted)
            raise ImgsimError(f"lost and found are the same {count} photos", remedy="narrow-sides")
        for pile in (lost, found):
            if not len(pile.rows):
                named = first_few(list(pile.distance.specs))
                reason = f"none of {np.count_nonzero(pile.wanted)} photos has features by {named}"
                raise ImgsimError(f"{pile.store.root}: nothing is {pile.name}, {reason}", remedy="index-it")

    def as_said(self, matches: Iterable[FoundMatch], moment: int) -> list[DecidedPair]:
        """Give pairs as they are to be kept once they were said, at a moment in nanoseconds since the epoch."""
        store = self._lost.store.stamp.store
        return [
            DecidedPair(one.lost.digest, one.found_digest, SAID, one.lost.path, one.match.path, "", moment, store)
            for one in matches
        ]

    @property
    def decided(self) -> tuple[int, int, int]:
        """How many lost and found photos, of those that are meant, confirmed pairs closed; how many are rejected."""
        piles = zip((self._lost, self._found), self._memory.closed, strict=True)
        lost, found = (int(np.count_nonzero(pile.wanted & closed)) for pile, closed in piles)
        return lost, found, self._memory.rejected

    @cached_property
    def _memory(self) -> PairMemory:
        sides = [Things(pile.store, pile.photos, self._things[pile.name]) for pile in (self._lost, self._found)]
        return recall(self._found.store.pairs(decided=not self._new), sides[0], sides[1])

    def _refused(self) -> Refused | None:
        """Find pairs of rows that are not to be said, by their things."""
        refused = self._memory.refused
        if not len(refused):
            return None
        lost, found = (self._things_at(pile, slice(None)) for pile in (self._lost, self._found))
        return RefusedPairs(lost, found, refused)

    def _things_at(self, pile: _Pile, rows: NDArray[np.intp] | slice) -> NDArray[np.intp]:
        """Give the number of the thing that each row shows."""
        return self._things[pile.name][pile.places[rows]]

    def _side(self, pile: _Pile, closed: NDArray[np.bool_]) -> Side:
        rows = pile.rows[~closed[pile.places[pile.rows]]]
        return Side(pile.terms, rows, self._things_at(pile, rows))

    @cached_property
    def _things(self) -> dict[str, NDArray[np.intp]]:
        """The number of each photo's (P,) thing, by side."""
        return {pile.name: self._things_of(pile) for pile in (self._lost, self._found)}

    def _things_of(self, pile: _Pile) -> NDArray[np.intp]:
        """Give each photo (P,) the number of its thing."""
        if self._thing is None:
            return np.arange(len(pile.photos))
        name = composed(self._thing)
        known = {**self._lost.store.facts.types(), **self._found.store.facts.types()}
        if name not in known:
            raise UnknownNameError("attribute", name, known)
        firsts: dict[str, int] = {}  # each value's first photo
        numbers = np.arange(len(pile.photos))
        for place, record in enumerate(pile.store.records(pile.photos.tolist())):
            value = {composed(key): value for key, value in record.attributes.items()}.get(name)
            if value is not None:
                numbers[place] = firsts.setdefault(json.dumps(value, sort_keys=True), place)
        return numbers

    def _allowed(self) -> Allowed | None:
        """Tell which pairs of rows count: those that keep to the conditions, and of a photo with itself none."""
        ours, theirs = self._lost.places, self._found.places
        one = self._lost.store is self._found.store and bool((self._lost.wanted & self._found.wanted).any())
        if not one and not self.conditions:
            return None

        def allowed(lost: NDArray[np.intp], found: NDArray[np.intp]) -> NDArray[np.bool_]:
            fitting = self.conditions.allowed(ours[lost], theirs[found])
            if one:
                fitting &= ours[lost][:, None] != theirs[found]
            return fitting

        return allowed

    @staticmethod
    def _records(pile: _Pile, rows: NDArray[np.intp]) -> list[ImageRecord]:
        """Read what is known of the photos that rows are of, in their order."""
        chosen, back = np.unique(rows, return_inverse=True)
        records = list(pile.store.records(pile.terms[0].gallery.photos[chosen].tolist()))
        return [records[place] for place in back.tolist()]


def _photos_of(pile: _Pile) -> SidePhotos:
    keys = pile.photos.tolist()
    return SidePhotos(pile.store.facts, pile.photos, lambda: pile.store.records(keys))


def find_counterpart(directory: str, store: Store, distance: ChosenDistance) -> ChosenDistance:
    """Find among an index's extractors those that another index's distance is by, of the same versions."""
    own = {one.spec: one for one in store.extractors()}
    chosen = []
    for one in distance.extractors:
        wanted = one.stored.spec
        if wanted not in own:
            there = ", ".join(f"{spec} (version {spec.version})" for spec in own) or "nothing"
            message = (
                f"{store.root}: no features of {wanted} (version {wanted.version}), which {distance.store.root} "
                f"is compared by; it has {there}"
            )
            facts = {"folder": store.root, "index": outside(directory, store.root), "extractor": str(wanted)}
            raise ExtractorMismatchError(message, remedy="add-side", **facts)
        chosen.append(ChosenExtractor(own[wanted], one.extractor, one.weight))
    return replace(distance, extractors=tuple(chosen), directory=directory, store=store)


def _terms(distance: ChosenDistance, ours: ChosenDistance, *, anew: bool = False) -> tuple[list[Term], list[Term]]:
    """Map the galleries of the found side, and of the lost one as the other sees it; `anew`, where keys are wrong."""
    terms = distance.terms(anew=anew)
    if not anew and not have_keys_of(distance.store, terms):
        terms = distance.terms(anew=True)
    if ours is distance:
        return terms, terms
    seen = seen_by(terms, ours, anew=anew)
    return terms, seen if anew or have_keys_of(ours.store, seen) else seen_by(terms, ours, anew=True)


def seen_by(terms: Sequence[Term], ours: ChosenDistance, *, anew: bool = False) -> list[Term]:
    """Give galleries in the spaces of another index's metrics: a cache has only what no statistics make."""
    seen = []
    for term, one, metric in zip(terms, ours.extractors, ours.metrics, strict=True):
        own = load_metric(metric, binary=one.stored.binary).needs_statistics
        gallery = (
            _laid_out(ours.store, one.stored, term.metric)
            if own
            else load_gallery(ours.directory, ours.store, one.stored, term.metric, anew=anew)
        )
        seen.append(replace(term, gallery=gallery))
    return seen


def _laid_out(store: Store, extractor: StoredExtractor, metric: FittedMetric) -> Gallery:
    """Lay out an extractor's rows in memory."""
    chunks = list(store.features(extractor))
    none = metric.embed(np.zeros((0, extractor.dim), np.float32))
    rows = np.concatenate([none, *(metric.embed(chunk.features) for chunk in chunks)])
    present, damaged = (
        np.concatenate([np.zeros(0, bool), *(getattr(chunk, name) for chunk in chunks)])
        for name in ("present", "damaged")
    )
    keys = store.part_keys()
    return Gallery(rows, squared_norms(rows), present, *keys, keys.parts[damaged])


def _pile(
    name: str, distance: ChosenDistance, terms: Sequence[Term], where: Sequence[str], *, out_of_sight: bool
) -> _Pile:
    store = distance.store
    photos = store.photo_keys()
    sight = Sight(store.facts, () if out_of_sight else store.sight_rules)
    wanted = sight.select(where, photos)
    wanted = np.ones(len(photos), bool) if wanted is None else wanted
    unseen = None if wanted.any() else sight.explain_nothing(where, photos)
    if unseen:
        unseen = OutOfSightError(f"{store.root}: nothing is {name}, {unseen}", remedy=unseen.remedy)
    elif not wanted.any():
        reason = explain_nothing(store.facts, where) if len(photos) else "there are no photos"
        raise ImgsimError(f"{store.root}: nothing is {name}, {reason}")
    none = np.zeros(0, np.intp)
    return _laid(_Pile(name, distance, terms, photos, wanted, none, none, unseen), terms)


def _laid(pile: _Pile, terms: Sequence[Term]) -> _Pile:
    """Give a side with the rows of galleries, perhaps in place of others."""
    places = row_places(pile.store, terms)
    there = np.logical_and.reduce([term.gallery.present for term in terms])
    return pile._replace(terms=terms, places=places, rows=np.flatnonzero(there & pile.wanted[places]))


def row_places(store: Store, terms: Sequence[Term]) -> NDArray[np.intp]:
    """Tell which photo, by path, each row (N,) is of."""
    photos = store.photo_keys()
    order = np.argsort(photos, kind="stable")
    places: NDArray[np.intp] = order[np.searchsorted(photos, terms[0].gallery.photos, sorter=order)]
    return places
