"""Which extractors of an index a query means, and their galleries in the space of a distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import ExtractorMismatchError, IndexFormatError
from imgsim.features import build_extractor, find_factory, load_extractor
from imgsim.index.gallery_cache import gather_statistics, load_gallery
from imgsim.metrics import load_metric, median_pair_distance
from imgsim.naming import parse_naming, weight_of, without_weight
from imgsim.search.ranking import Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imgsim.core import Extractor
    from imgsim.index.store import Store, StoredExtractor


class ChosenExtractor(NamedTuple):
    """An extractor of the index, as a query asked for it."""

    stored: StoredExtractor
    extractor: Extractor
    weight: float


class ChosenDistance(NamedTuple):
    """A distance between photos: by one extractor, or by several fused."""

    extractors: tuple[ChosenExtractor, ...]
    metric: str | None

    @property
    def metrics(self) -> tuple[str, ...]:
        """Each extractor's metric."""
        return tuple(self.metric or one.extractor.metric for one in self.extractors)

    @property
    def options(self) -> list[str]:
        """What names it in the shell, whatever the index's default is."""
        weighted = (f"{one.stored.spec}" + (f"@{one.weight:g}" if one.weight != 1 else "") for one in self.extractors)
        named = [word for text in weighted for word in ("-x", text)]
        return [*named, *(["-m", self.metric] if self.metric else [])]

    @property
    def name(self) -> str:
        """What a calibration is of: equal for equal distances, whatever the order of the extractors."""
        total = sum(one.weight for one in self.extractors)
        parts = sorted(
            (f"{one.stored.spec} (version {one.stored.spec.version}) by {metric}", one.weight / total)
            for one, metric in zip(self.extractors, self.metrics, strict=True)
        )
        return parts[0][0] if len(parts) == 1 else " + ".join(f"{share:.6g} of {part}" for part, share in parts)


def choose_distance(store: Store, texts: Sequence[str] = (), metric: str | None = None) -> ChosenDistance:
    """Find the extractors that a query names, among those that the index has."""
    if texts:
        return _chosen([(find_stored(store, text), weight_of(text)) for text in texts], metric)
    default = store.default_query()
    if default is None:
        raise IndexFormatError(f"the index of {store.root} has no extractor: run `imgsim index` on it")
    return _chosen(default.extractors, metric or default.metric)


def _chosen(pairs: Iterable[tuple[StoredExtractor, float]], metric: str | None) -> ChosenDistance:
    extractors = (ChosenExtractor(stored, build_extractor(stored.spec), weight) for stored, weight in pairs)
    return ChosenDistance(tuple(extractors), metric)


def find_stored(store: Store, text: str) -> StoredExtractor:
    """Find an extractor of the index by name, whether or not this imgsim can still make it."""
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


def load_terms(directory: str, store: Store, distance: ChosenDistance) -> list[Term]:
    """Map the galleries of a distance's extractors, ready to be ranked."""
    total = sum(one.weight for one in distance.extractors)
    fused = len(distance.extractors) > 1
    return [
        _load_term(directory, store, one, metric, one.weight / total, fused=fused)
        for one, metric in zip(distance.extractors, distance.metrics, strict=True)
    ]


def _load_term(
    directory: str, store: Store, chosen: ChosenExtractor, metric_name: str, weight: float, *, fused: bool
) -> Term:
    stored = chosen.stored
    metric = load_metric(metric_name, binary=stored.binary)
    statistics = gather_statistics(store, stored) if metric.needs_statistics or fused else None
    fitted = metric.fit(statistics)
    gallery = load_gallery(directory, store, stored, fitted)
    unit = median_pair_distance(fitted, statistics) if fused and statistics else 1.0
    return Term(gallery, fitted, weight / unit, weight)
