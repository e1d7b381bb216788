"""Which extractors of an index a query means, and their galleries in the space of a distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import ExtractorMismatchError, IndexFormatError
from imgsim.features import build_extractor, find_factory, load_extractor
from imgsim.index.fitting import gather_statistics
from imgsim.index.gallery import load_gallery
from imgsim.index.ranking import Facet
from imgsim.metrics import load_metric, median_pair_distance
from imgsim.naming import parse_naming, without_weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.core import Extractor
    from imgsim.index.store import Store, StoredExtractor


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


def name_distance(chosen: Sequence[ChosenExtractor], metric: str | None = None) -> str:
    """Name the distance that some extractors make together: what a calibration is of.

    Parameters
    ----------
    chosen : sequence of ChosenExtractor
        At least one; several are fused.
    metric : str, optional
        In place of each extractor's own.

    Returns
    -------
    str
        Equal for equal distances, whatever the order of the extractors.
    """
    total = sum(one.weight for one in chosen)
    return " + ".join(
        sorted(
            f"{one.weight / total:.6g} of {one.stored.spec} (version {one.stored.spec.version})"
            f" by {metric or one.extractor.metric}"
            for one in chosen
        )
    )


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
