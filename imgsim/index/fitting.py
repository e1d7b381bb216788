"""What follows from a gallery as a whole: pinned statistics, and rows laid out for searching."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.features import build_extractor
from imgsim.index.gallery import load_gallery
from imgsim.metrics import StatisticsBuilder, load_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.core import Statistics
    from imgsim.index.store import Store, StoredExtractor


def gather_statistics(store: Store, extractor: StoredExtractor) -> Statistics:
    """Give an extractor's pinned statistics or, before the first indexing has ended, those of the rows so far.

    Parameters
    ----------
    store : Store
        The index.
    extractor : StoredExtractor
        Whose features.

    Returns
    -------
    Statistics
        Of the gallery.
    """
    return store.statistics(extractor) or _measure(store, extractor)


def pin_statistics(store: Store, extractor: StoredExtractor) -> None:
    """Pin the statistics of an extractor's features as they are; without any, there is nothing to pin.

    Parameters
    ----------
    store : Store
        Within a transaction.
    extractor : StoredExtractor
        Whose features.
    """
    statistics = _measure(store, extractor)
    if statistics.count:
        store.pin_statistics(extractor, statistics)


def lay_out_galleries(directory: str, store: Store, extractors: Sequence[StoredExtractor]) -> None:
    """Write the galleries that queries by each extractor's own metric will map.

    Parameters
    ----------
    directory : str
        The index's folder.
    store : Store
        The index.
    extractors : sequence of StoredExtractor
        Those of the index.
    """
    with store.snapshot():
        for extractor in extractors:
            metric = load_metric(build_extractor(extractor.spec).metric, binary=extractor.binary)
            statistics = gather_statistics(store, extractor) if metric.needs_statistics else None
            load_gallery(directory, store, extractor, metric.fit(statistics))


def _measure(store: Store, extractor: StoredExtractor) -> Statistics:
    builder = StatisticsBuilder(extractor.dim, store.count_features(extractor))
    for features, present in store.features(extractor):
        builder.add(np.ascontiguousarray(features[present]))
    return builder.result()
