"""Near-duplicates among the photos of an index, and which of each group to keep."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.errors import ImageReadError, ImgsimError
from imgsim.features.measure import Task
from imgsim.features.turned import measure_turned
from imgsim.index.damaged_rows import damaged_photos, describe_damage
from imgsim.index.threshold import DistanceRange, Threshold
from imgsim.naming import parse_naming
from imgsim.search.bit_pairs import NEAR_COPIES
from imgsim.search.gallery import Gallery, squared_norms
from imgsim.search.groups import find_groups
from imgsim.search.leave_one_out import LeaveOneOut
from imgsim.search.near_pairs import find_near_pairs, find_twins
from imgsim.where.select import select_photos

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from imgsim.core import ImageRecord, Keys
    from imgsim.features.turned import Turn
    from imgsim.index.distance import ChosenDistance
    from imgsim.index.store.store import Store
    from imgsim.search.ranking import Term

EXTRACTOR = "phash"
FARTHEST = {EXTRACTOR: f"{NEAR_COPIES}b"}
KEEPING: dict[str, Callable[[ImageRecord], tuple[object, ...]]] = {
    "largest": lambda photo: (-photo.width * photo.height, -photo.size),
    "oldest": lambda photo: (photo.mtime_ns,),
    "newest": lambda photo: (-photo.mtime_ns,),
    "path": lambda _: (),
}  # the least is kept; of equal ones the first by path


class DuplicatePhoto(NamedTuple):
    """A photo of a group, and how far it is from the one that is kept; 0 where the files have the same bytes."""

    record: ImageRecord
    distance: float


@dataclass(frozen=True)
class Nearness:
    """By what photos count as near: a distance, the farthest that it may be, and as what photos are seen beside.

    `failed` hears of photos that cannot be turned, and of rows that are damaged.
    """

    distance: ChosenDistance
    farthest: float | str
    turns: Sequence[Turn] = ()
    jobs: int = 1
    failed: Callable[[ImgsimError], None] = lambda _: None


def choose_farthest(extractors: Sequence[str], metric: str | None) -> str:
    """Give the distance within which photos are near unless told otherwise; ImgsimError where none was measured."""
    name = parse_naming(extractors[0]).name if len(extractors) == 1 else ""
    if name not in FARTHEST or metric not in (None, "hamming"):
        by = " and ".join(extractors) + (f" by {metric}" if metric else "")
        raise ImgsimError(f"no distance is known within which photos are near-duplicates by {by}", remedy="farthest")
    return FARTHEST[name]


def find_duplicates(
    store: Store, nearness: Nearness | None = None, *, keep: str = "largest", where: Sequence[str] = ()
) -> list[list[DuplicatePhoto]]:
    """Group the photos of one snapshot of an index: those of the same bytes, and with `nearness` those that are near.

    Of each group the photo to keep comes first, the others by path; groups come by the path of their first.
    """
    keys = store.photo_keys()
    allowed = select_photos(store.facts, where, keys)
    same = _of_same_bytes(store, keys, allowed)
    gallery, leaders = None, same
    if nearness:
        terms = _terms(nearness, store, keys)
        threshold = Threshold.within(DistanceRange.of(nearness.distance, terms), nearness.farthest, None)
        gallery = LeaveOneOut(terms, allowed & (same == np.arange(len(keys))))
        leaders = _of_near(gallery, threshold.max_distance or 0.0, len(keys))[same]
    groups = [_to_group(store, keys, places, keep, gallery, same) for places in _gather(leaders)]
    return sorted(groups, key=lambda group: os.fsencode(group[0].record.path))


def _of_same_bytes(store: Store, keys: Keys, allowed: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Give each photo (N,) the place of the first allowed one of the same bytes; its own if it is not allowed."""
    places, leaders = np.flatnonzero(allowed), np.arange(len(keys))
    digests = np.array([record.digest.hex() for record in store.records(keys[places].tolist())], "U32")
    _, firsts, same = np.unique(digests, return_index=True, return_inverse=True)
    leaders[places] = places[firsts[same]]
    return leaders


def _of_near(gallery: LeaveOneOut, farthest: float, count: int) -> NDArray[np.intp]:
    """Give each of `count` photos the place of the first one of its group; its own if it is in none."""
    twins = find_twins(gallery) if farthest >= 0 else np.arange(len(gallery))
    different = np.zeros(count, bool)
    different[gallery.photos[np.unique(twins)]] = True
    others = LeaveOneOut(gallery.terms, different)
    leaders = np.arange(count)
    for group in find_groups(find_near_pairs(others, farthest), len(others)):
        leaders[others.photos[group]] = others.photos[group[0]]
    leaders[gallery.photos] = leaders[gallery.photos[twins]]
    return leaders


def _gather(leaders: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """List the places of each group of two and more photos."""
    order = np.argsort(leaders, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(leaders[order])) + 1)
    return [group for group in groups if len(group) > 1]


def _to_group(
    store: Store,
    keys: Keys,
    places: NDArray[np.intp],
    keep: str,
    gallery: LeaveOneOut | None,
    same: NDArray[np.intp],
) -> list[DuplicatePhoto]:
    records = list(store.records(keys[places].tolist()))
    best = min(range(len(records)), key=lambda place: (KEEPING[keep](records[place]), place))
    distances, other = np.zeros(len(places)), same[places] != same[places[best]]
    if gallery is not None and other.any():
        numbers, back = np.unique(np.searchsorted(gallery.photos, same[places[other]]), return_inverse=True)
        views = gallery.views(int(np.searchsorted(gallery.photos, same[places[best]])))
        distances[other] = gallery.distances_from(views, numbers)[back]
    copies = [DuplicatePhoto(record, distance) for record, distance in zip(records, distances.tolist(), strict=True)]
    return [copies.pop(best), *copies]


def _terms(nearness: Nearness, store: Store, keys: Keys) -> list[Term]:
    """Lay out the store's own rows and, where photos are turned, what they are turned to beside each.

    A cache is not believed here: what is found may be deleted.
    """
    terms = nearness.distance.terms(anew=True)
    for damage in describe_damage(nearness.distance, damaged_photos(nearness.distance, terms)):
        nearness.failed(damage)
    if not nearness.turns:
        return terms
    whole = [term.gallery.at(np.flatnonzero(term.gallery.whole)) for term in terms]
    rows = [np.repeat(gallery.rows, 1 + len(nearness.turns), axis=0) for gallery in whole]
    extractors = [one.extractor for one in nearness.distance.extractors]
    tasks = [Task(os.path.join(store.root, record.path), record.path) for record in store.records(keys.tolist())]
    measured = measure_turned(tasks, extractors, nearness.turns, jobs=nearness.jobs)
    for place, turned in enumerate(measured):
        if isinstance(turned, ImageReadError):
            nearness.failed(turned)  # it is seen as it stands in the index
            continue
        start = place * (1 + len(nearness.turns))
        for term, into, features in zip(terms, rows, turned, strict=True):
            into[start + 1 : start + 1 + len(features)] = term.metric.embed(features)
    laid_out = (_laid_out(*pair, 1 + len(nearness.turns)) for pair in zip(whole, rows, strict=True))
    return [replace(term, gallery=gallery) for term, gallery in zip(terms, laid_out, strict=True)]


def _laid_out(whole: Gallery, rows: NDArray[Any], times: int) -> Gallery:
    keys = (np.repeat(array, times) for array in (whole.present, whole.parts, whole.photos, whole.whole))
    return Gallery(rows, squared_norms(rows), *keys)
