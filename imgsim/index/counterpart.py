"""An index compared as another one compares: by the same extractors, in the spaces of the other's metrics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ExtractorMismatchError
from imgsim.index.distance import ChosenDistance, ChosenExtractor
from imgsim.index.gallery_cache import load_gallery
from imgsim.index.sqlite.connection import outside
from imgsim.index.stored_distances import have_keys_of
from imgsim.metrics import load_metric
from imgsim.search.gallery import Gallery, squared_norms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.core import FittedMetric
    from imgsim.index.store.extractor_store import StoredExtractor
    from imgsim.index.store.store import Store
    from imgsim.search.ranking import Term


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


def terms_of_both(
    distance: ChosenDistance, ours: ChosenDistance, *, anew: bool = False
) -> tuple[list[Term], list[Term]]:
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


def row_places(store: Store, terms: Sequence[Term]) -> NDArray[np.intp]:
    """Tell which photo, by path, each row (N,) is of."""
    photos = store.photo_keys()
    order = np.argsort(photos, kind="stable")
    places: NDArray[np.intp] = order[np.searchsorted(photos, terms[0].gallery.photos, sorter=order)]
    return places
