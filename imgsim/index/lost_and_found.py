"""The found photos that may show what is on the lost ones, by the rows that two indexes hold, or one of both."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.core import Match
from imgsim.errors import ImgsimError, OutOfSightError, UnknownNameError, first_few
from imgsim.index.counterpart import terms_of_both
from imgsim.index.damaged_rows import damaged_photos, describe_damage
from imgsim.index.pair_memory import Things, recall
from imgsim.index.pile import Pile, lay, make_pile, photos_of
from imgsim.index.search import Searcher, read_calibration
from imgsim.index.store.pair_store import SAID, DecidedPair
from imgsim.index.stored_distances import StoredSide, measure_again
from imgsim.paths import composed
from imgsim.search.one_to_one import assign
from imgsim.search.refused_pairs import RefusedPairs
from imgsim.search.two_sides import Side, match_sides
from imgsim.where.pair_conditions import PairConditions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from imgsim.core import ImageRecord
    from imgsim.index.index import Index
    from imgsim.index.pair_memory import PairMemory
    from imgsim.index.threshold import Threshold
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


class LostAndFound:
    """Two sides, each in a snapshot, brought together as the found one compares, less what its pairs reject or close.

    `thing` says which photos are of one thing; pairs keep to `on` and, where only what is `new` counts, were not said.
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
        terms, seen = terms_of_both(distance, ours)
        self._found = make_pile("found", distance, terms, found, out_of_sight=out_of_sight)
        self._lost = make_pile("lost", ours, seen, lost, out_of_sight=out_of_sight)
        self._refuse()
        self.conditions = PairConditions(on, {pile.name: photos_of(pile) for pile in (self._lost, self._found)}, near)

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
        things = self._things_at(self._lost, pairs.lost_rows), self._things_at(self._found, pairs.found_rows)
        said = self._memory.were_said(*things)  # which keep their rank, so that the next ones are no news
        return [matches[place] for place in kept if not said[place]]

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
            terms, seen = terms_of_both(self._distance, self._lost.distance, anew=True)
            self._found, self._lost = lay(self._found, terms), lay(self._lost, seen)
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

    def _things_at(self, pile: Pile, rows: NDArray[np.intp] | slice) -> NDArray[np.intp]:
        """Give the number of the thing that each row shows."""
        return self._things[pile.name][pile.places[rows]]

    def _side(self, pile: Pile, closed: NDArray[np.bool_]) -> Side:
        rows = pile.rows[~closed[pile.places[pile.rows]]]
        return Side(pile.terms, rows, self._things_at(pile, rows))

    @cached_property
    def _things(self) -> dict[str, NDArray[np.intp]]:
        """The number of each photo's (P,) thing, by side."""
        return {pile.name: self._things_of(pile) for pile in (self._lost, self._found)}

    def _things_of(self, pile: Pile) -> NDArray[np.intp]:
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
    def _records(pile: Pile, rows: NDArray[np.intp]) -> list[ImageRecord]:
        """Read what is known of the photos that rows are of, in their order."""
        chosen, back = np.unique(rows, return_inverse=True)
        records = list(pile.store.records(pile.terms[0].gallery.photos[chosen].tolist()))
        return [records[place] for place in back.tolist()]
