"""From query photos to matches: the extractors that the index was made with, and the ranking of its galleries."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from imgsim.core import Match
from imgsim.errors import ExtractorMismatchError, IndexFormatError
from imgsim.features import build_extractor, find_factory, load_extractor
from imgsim.images.read import MAX_MEGAPIXELS, read_scales, shrink
from imgsim.index.fitting import gather_statistics
from imgsim.index.gallery import load_gallery
from imgsim.index.ranking import Facet, rank
from imgsim.metrics import load_metric, median_pair_distance
from imgsim.naming import parse_naming, without_weight

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Extractor, Image, Scale
    from imgsim.index.store import Store, StoredExtractor

Photo: TypeAlias = "str | os.PathLike[str] | bytes | Image"


class ChosenExtractor(NamedTuple):
    """An extractor of the index, as a query asked for it."""

    stored: StoredExtractor
    extractor: Extractor
    weight: float


def choose_extractors(store: Store, texts: Sequence[str]) -> list[ChosenExtractor]:
    """Find the extractors that a query names, among those that the index has.

    Parameters
    ----------
    store : Store
        The index.
    texts : sequence of str
        Each ``NAME[:key=value,...][@WEIGHT]``; none means the index's default extractor.

    Returns
    -------
    list of ChosenExtractor
        One for each text, weight 1 unless given.

    Raises
    ------
    ExtractorMismatchError
        If the index has no features of an extractor, or has them of another version.
    IndexFormatError
        If the index has no extractor at all.
    """
    if texts:
        return [_choose(store, text) for text in texts]
    default = store.default_extractor()
    if default is None:
        raise IndexFormatError(f"the index of {store.root} has no extractor: run `imgsim index` on it")
    return [ChosenExtractor(default, build_extractor(default.spec), 1.0)]


def _choose(store: Store, text: str) -> ChosenExtractor:
    stored, weight = find_stored(store, text), parse_naming(text).weight
    return ChosenExtractor(stored, build_extractor(stored.spec), 1.0 if weight is None else weight)


def find_stored(store: Store, text: str) -> StoredExtractor:
    """Find an extractor of the index by name, whether or not this imgsim can still make it.

    Parameters
    ----------
    store : Store
        The index.
    text : str
        ``NAME[:key=value,...]``; a name alone means the only extractor of that name, or the one with its defaults.

    Returns
    -------
    StoredExtractor
        The one that is meant.

    Raises
    ------
    ExtractorMismatchError
        If the index has no features of it.
    UnknownNameError
        If there is no such extractor anywhere.
    """
    bare = without_weight(text)
    name, params, _ = parse_naming(bare)
    stored = store.extractors()
    candidates = [extractor for extractor in stored if extractor.spec.name == name]
    exact = [extractor for extractor in candidates if str(extractor.spec) == bare]
    if not exact and (params or len(candidates) > 1):
        wanted = load_extractor(bare).spec.params
        exact = [extractor for extractor in candidates if extractor.spec.params == wanted]
    elif not exact:
        exact = candidates
    if not exact:
        find_factory(name)  # of a name that is none it says what was meant
        there = ", ".join(str(extractor.spec) for extractor in stored) or "nothing"
        raise ExtractorMismatchError(
            f"the index of {store.root} has no features of {bare}, it has {there}; `imgsim index` with -x adds them"
        )
    return exact[0]


def load_facets(
    directory: str, store: Store, chosen: Sequence[ChosenExtractor], metric: str | None = None
) -> list[Facet]:
    """Map the galleries of some extractors, ready to be ranked by their fused distance.

    Parameters
    ----------
    directory : str
        The index's folder.
    store : Store
        Read within a snapshot, as long as the facets are used.
    chosen : sequence of ChosenExtractor
        At least one; several are fused.
    metric : str, optional
        In place of each extractor's own.

    Returns
    -------
    list of Facet
        One for each extractor, their weights adding up to 1.

    Raises
    ------
    UnknownNameError
        If there is no such metric.
    MetricDomainError
        If an extractor's features do not suit the metric.
    """
    total = sum(one.weight for one in chosen)
    return [_load_facet(directory, store, one, metric, one.weight / total, fused=len(chosen) > 1) for one in chosen]


def _load_facet(
    directory: str, store: Store, chosen: ChosenExtractor, metric_name: str | None, weight: float, *, fused: bool
) -> Facet:
    stored, extractor, _ = chosen
    metric = load_metric(metric_name or extractor.metric, binary=stored.binary)
    statistics = gather_statistics(store, stored) if metric.needs_statistics or fused else None
    fitted = metric.fit(statistics)
    gallery = load_gallery(directory, store, stored, fitted)
    unit = median_pair_distance(fitted, statistics) if fused and statistics else 1.0
    return Facet(gallery, fitted, weight / unit, weight)


class Searcher:
    """Answers queries by the same extractors and metric.

    Parameters
    ----------
    directory : str
        The index's folder.
    store : Store
        Stays inside one snapshot as long as the searcher is used.
    extractors : sequence of str
        As for `choose_extractors`; several are fused.
    metric : str, optional
        In place of each extractor's own.
    """

    def __init__(self, directory: str, store: Store, extractors: Sequence[str] = (), metric: str | None = None) -> None:
        self._store = store
        self._chosen = choose_extractors(store, extractors)
        self._facets = load_facets(directory, store, self._chosen, metric)

    def search(
        self,
        views: Sequence[Photo],
        k: int,
        *,
        max_distance: float | None = None,
        include_self: bool = False,
        max_megapixels: float = MAX_MEGAPIXELS,
    ) -> list[Match]:
        """Rank the index's photos by their distance to one thing.

        Parameters
        ----------
        views : sequence of str, path, bytes or ndarray of uint8, shape (H, W, 3)
            Photos of it, bytes being a file's content; the closest view counts.
        k : int
            Matches wanted, at least 1.
        max_distance : float, optional
            Leave out matches farther than this.
        include_self : bool, default False
            Whether the query photo itself may be a match, if it is in the index.
        max_megapixels : float, optional
            The largest query photo to decode.

        Returns
        -------
        list of Match
            At most k, the closest first, ties by path.

        Raises
        ------
        ImageReadError
            If a query photo cannot be read.
        """
        embedded = self._embed(views, max_megapixels)
        named = [view for view in views if isinstance(view, str | os.PathLike)]
        own = set() if include_self else {os.path.realpath(view) for view in named}
        excluded = self._keys_under(own)
        while True:
            matches, keys = self._ranked(embedded, k, excluded)
            # The same file under another indexed name, such as a link, is the query photo too.
            again = {key for match, key in zip(matches, keys, strict=True) if self._real(match.path) in own}
            if not again:
                return [match for match in matches if max_distance is None or match.distance <= max_distance]
            excluded |= again

    def _embed(self, views: Sequence[Photo], max_megapixels: float) -> list[NDArray[Any]]:
        """Bring the views into each facet's space: an array (V, R) a facet."""
        scales = {extractor.scale for _, extractor, _ in self._chosen}
        images = [_images(view, scales, max_megapixels) for view in views]
        return [
            facet.metric.embed(extractor.extract([image[extractor.scale] for image in images]))
            for facet, (_, extractor, _) in zip(self._facets, self._chosen, strict=True)
        ]

    def _ranked(
        self, views: Sequence[NDArray[Any]], k: int, excluded: Collection[int]
    ) -> tuple[list[Match], list[int]]:
        gallery = self._facets[0].gallery
        rows, distances = rank(self._facets, views, k, excluded=excluded)
        labels = self._store.labels(gallery.parts[rows].tolist())
        matches = [
            Match(place, label.path, label.part, float(distance), label.attributes, self._lacking(row))
            for place, (row, distance, label) in enumerate(zip(rows, distances, labels, strict=True), start=1)
        ]
        return matches, gallery.photos[rows].tolist()

    def _lacking(self, row: int) -> tuple[str, ...]:
        return tuple(
            str(stored.spec)
            for facet, (stored, _, _) in zip(self._facets, self._chosen, strict=True)
            if not facet.gallery.present[row]
        )

    def _keys_under(self, real_paths: Collection[str]) -> set[int]:
        root = os.path.realpath(self._store.root)
        keys = {self._store.photo_key(os.path.relpath(path, root)) for path in real_paths}
        return {key for key in keys if key is not None}

    def _real(self, path: str) -> str:
        return os.path.realpath(os.path.join(self._store.root, path))


def _images(view: Photo, scales: Collection[Scale], max_megapixels: float) -> Mapping[Scale, Image]:
    if isinstance(view, np.ndarray):
        return {scale: shrink(view, scale) for scale in scales}
    return read_scales(view, scales, max_megapixels=max_megapixels)
