"""Which extractors of an index a query means, and their galleries in the space of a distance."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import ExtractorMismatchError, IndexFormatError, ParameterError
from imgsim.features import build_extractor, find_factory, load_extractor, spell_out, write_out
from imgsim.features.external import ExternalExtractor
from imgsim.index.gallery_cache import gather_statistics, load_gallery
from imgsim.index.store.extractor_store import DefaultQuery
from imgsim.metrics import load_metric, median_pair_distance
from imgsim.models.architectures import find_architecture, is_architecture
from imgsim.naming import EXTERNAL, is_external, parse_naming, weight_of, without_weight
from imgsim.search.ranking import Term

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.core import Extractor, Features
    from imgsim.index.store.extractor_store import StoredExtractor
    from imgsim.index.store.store import Store
    from imgsim.search.gallery import Gallery


class ChosenExtractor(NamedTuple):
    """An extractor of the index, as a query asked for it."""

    stored: StoredExtractor
    extractor: Extractor
    weight: float


@dataclass(frozen=True)
class ChosenDistance:
    """A distance between the photos of an index: by one extractor, or by several fused.

    What it measures is read when it is asked for: inside the snapshot that it was chosen in.
    """

    extractors: tuple[ChosenExtractor, ...]
    metric: str | None
    directory: str = field(repr=False)
    store: Store = field(repr=False)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Each extractor's metric."""
        return tuple(self.metric or one.extractor.metric for one in self.extractors)

    @property
    def specs(self) -> tuple[str, ...]:
        """Each extractor, as it is named."""
        return tuple(str(one.stored.spec) for one in self.extractors)

    @property
    def texts(self) -> list[str]:
        """Each extractor with its weight, as it is asked for whatever the index's default is."""
        return [f"{one.stored.spec}" + (f"@{one.weight:g}" if one.weight != 1 else "") for one in self.extractors]

    @property
    def query(self) -> DefaultQuery:
        """What makes queries compare by it, where it is kept as their default."""
        return DefaultQuery(tuple((one.stored, one.weight) for one in self.extractors), self.metric)

    @property
    def name(self) -> str:
        """What a calibration is of: equal for equal distances, whatever the order of the extractors."""
        total = sum(one.weight for one in self.extractors)
        parts = sorted(
            (f"{one.stored.spec} (version {one.stored.spec.version}) by {metric}", one.weight / total)
            for one, metric in zip(self.extractors, self.metrics, strict=True)
        )
        return parts[0][0] if len(parts) == 1 else " + ".join(f"{share:.6g} of {part}" for part, share in parts)

    def terms(self, *, anew: bool = False, parts: bool = False) -> list[Term]:
        """Map the galleries of the extractors, ready to be ranked; `anew`, where those in the cache are not right.

        Whole photos are seen in them or, where `parts` are meant, these alone; the others' rows are as if absent.
        """
        total = sum(one.weight for one in self.extractors)
        terms = [self._term(*pair, total, anew=anew) for pair in zip(self.extractors, self.metrics, strict=True)]
        return [replace(term, gallery=_seen(term.gallery, parts=parts)) for term in terms]

    def _term(self, chosen: ChosenExtractor, metric_name: str, total: float, *, anew: bool) -> Term:
        stored, fused, weight = chosen.stored, len(self.extractors) > 1, chosen.weight / total
        metric = load_metric(metric_name, binary=stored.binary)
        statistics = gather_statistics(self.store, stored) if metric.needs_statistics or fused else None
        fitted = metric.fit(statistics)
        gallery = load_gallery(self.directory, self.store, stored, fitted, anew=anew)
        unit = median_pair_distance(fitted, statistics) if fused and statistics else 1.0
        return Term(gallery, fitted, weight / unit, weight)

    def features(self) -> tuple[Features, NDArray[np.bool_]]:
        """Gather the features of whole photos by path, (photos, D), the extractors' side by side; and who has all."""
        whole = self.store.part_keys().whole
        columns, present = [], np.ones(np.count_nonzero(whole), bool)
        for one in self.extractors:
            chunks = list(self.store.features(one.stored))
            none = np.zeros((0, one.stored.dim), np.float32)
            columns.append(np.concatenate([none, *(its.features for its in chunks)])[whole])
            present &= np.concatenate([np.zeros(0, bool), *(its.present for its in chunks)])[whole]
        return np.concatenate(columns, axis=1), present


def _seen(gallery: Gallery, *, parts: bool) -> Gallery:
    if not parts and gallery.whole.all():
        return gallery
    return replace(gallery, present=gallery.present & (gallery.whole != parts))


def choose_distance(
    directory: str, store: Store, texts: Sequence[str] = (), metric: str | None = None
) -> ChosenDistance:
    """Find the extractors that a query names, among those that the index has."""
    default = named_query(store, texts) if texts else store.default_query()
    if default is None:
        raise IndexFormatError(f"the index of {store.root} has no extractor", remedy="index-it")
    extractors = (ChosenExtractor(one, rebuild(directory, one), weight) for one, weight in default.extractors)
    return ChosenDistance(tuple(extractors), metric or default.metric, directory, store)


def named_query(store: Store, texts: Sequence[str]) -> DefaultQuery:
    """Find the extractors that are named, each with its weight."""
    return DefaultQuery(tuple((find_stored(store, text), weight_of(text)) for text in write_out(texts, fused=True)))


def rebuild(directory: str, stored: StoredExtractor) -> Extractor:
    """Make an extractor of the index again, and make sure that its rows are what it gives."""
    if is_external(stored.spec.name):
        return ExternalExtractor(stored.spec, stored.dim)
    try:
        extractor = build_extractor(stored.spec)
    except ParameterError as error:
        raise _not_made(directory, stored, str(error)) from error
    if (extractor.dim, extractor.binary) != (stored.dim, stored.binary):
        raise _not_made(directory, stored, f"its rows have {extractor.dim} values, not {stored.dim}")
    return extractor


def _not_made(directory: str, stored: StoredExtractor, why: str) -> ExtractorMismatchError:
    name = stored.spec.name
    return ExtractorMismatchError(
        f"{directory}: {stored.spec} is not what this imgsim makes ({why})", remedy="drop-it", name=name
    )


def find_stored(store: Store, text: str) -> StoredExtractor:
    """Find an extractor of the index by name, whether or not this imgsim can still make it."""
    bare = without_weight(spell_out(text))
    name, params, _ = parse_naming(bare)
    name = find_architecture(name).name if is_architecture(name) else name
    stored = store.extractors()
    candidates = [extractor for extractor in stored if extractor.spec.name == name]
    exact = [extractor for extractor in candidates if str(extractor.spec) == bare]
    if not exact and is_external(name):
        exact = candidates if not params else []
        if not exact:
            raise _lacking(store, stored, bare, remedy="add-rows", name=name.removeprefix(EXTERNAL))
    elif not exact and (params or len(candidates) > 1):
        wanted = load_extractor(bare).spec.params
        exact = [extractor for extractor in candidates if extractor.spec.params == wanted]
    elif not exact:
        exact = candidates
    if not exact:
        find_factory(name)  # of a name that is none it says what was meant
        raise _lacking(store, stored, bare, remedy="add-extractor")
    return max(exact, key=lambda extractor: extractor.spec.version)  # a network may be there as it was cut before


def _lacking(
    store: Store, stored: Sequence[StoredExtractor], wanted: str, *, remedy: str, **facts: object
) -> ExtractorMismatchError:
    there = ", ".join(str(extractor.spec) for extractor in stored) or "nothing"
    told = f"the index of {store.root} has no features of {wanted}, it has {there}"
    return ExtractorMismatchError(told, remedy=remedy, **facts)
