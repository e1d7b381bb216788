"""From photos to arrays, without an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.features import default_extractor, load_extractor, write_out
from imgsim.features.measure import measure_all
from imgsim.images.limits import MAX_MEGAPIXELS, MAX_MEMORY, MAX_SECONDS, Limits
from imgsim.metrics.fusion import fused_distances
from imgsim.naming import listed, weight_of, without_weight

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imgsim.core import Distances, Extractor, Features
    from imgsim.images.photo import Photo


def extract(
    photos: Photo | Iterable[Photo],
    extractor: str | Extractor | None = None,
    *,
    jobs: int = 1,
    max_megapixels: float = MAX_MEGAPIXELS,
    max_seconds: float = MAX_SECONDS,
    max_memory: float = MAX_MEMORY,
) -> Features:
    """Measure photos by an extractor.

    Parameters
    ----------
    photos : iterable of str, path-like, bytes, PIL image or ndarray of uint8, shape (H, W, 3)
        Bytes are a file's content; one photo alone will do.
    extractor : str or Extractor, optional
        ``NAME[:key=value,...]``; by default ``efficientnet_lite0``, or ``classic`` where its weights are missing.
    jobs : int, default 1
        Processes; a script that takes more than one does so under ``if __name__ == "__main__":``.
    max_megapixels : float, default 100
        The largest photo to decode, in millions of pixels.
    max_seconds : float, default 60
        How long decoding a photo may take.
    max_memory : float, default 4000
        How much memory it may take, in MB; see `read_image`.

    Returns
    -------
    ndarray of float32, shape (N, D)
        A row for each photo, in order.

    Raises
    ------
    ImageReadError
        If a photo cannot be read.
    TypeError
        If something is no photo at all.
    UnknownNameError
        If there is no such extractor.

    Examples
    --------
    >>> import numpy as np
    >>> grey = np.full((64, 64, 3), 128, np.uint8)
    >>> extract([grey, grey], "haralick").shape
    (2, 26)
    """
    extractor = extractor or default_extractor()
    chosen = load_extractor(extractor) if isinstance(extractor, str) else extractor
    limits = Limits(max_megapixels, max_seconds, max_memory)
    (rows,) = measure_all(photos, [chosen], limits=limits, jobs=jobs)
    return rows


def distances(
    photos: Photo | Iterable[Photo],
    others: Photo | Iterable[Photo] | None = None,
    *,
    extractors: str | Sequence[str] = (),
    metric: str | None = None,
    jobs: int = 1,
    max_megapixels: float = MAX_MEGAPIXELS,
    max_seconds: float = MAX_SECONDS,
    max_memory: float = MAX_MEMORY,
) -> Distances:
    """Measure the distances between photos.

    Parameters
    ----------
    photos : iterable of str, path-like, bytes, PIL image or ndarray of uint8, shape (H, W, 3)
        What metrics must know of a gallery is measured on them.
    others : iterable, optional
        Photos to compare them with; without them, they are compared with one another.
    extractors : str or sequence of str, optional
        Each ``NAME[:key=value,...][@WEIGHT]``; several are fused, as in a query. Without any, as `extract` chooses.
    metric : str, optional
        In place of each extractor's own.
    jobs : int, default 1
        Processes.
    max_megapixels : float, default 100
        The largest photo to decode, in millions of pixels.
    max_seconds : float, default 60
        How long decoding a photo may take.
    max_memory : float, default 4000
        How much memory it may take, in MB; see `read_image`.

    Returns
    -------
    ndarray of float64, shape (Q, N)
        Smaller is closer.

    Raises
    ------
    ImageReadError
        If a photo cannot be read.
    MetricDomainError
        If the features do not suit the metric.

    Examples
    --------
    >>> import numpy as np
    >>> dark, light = (np.full((8, 8, 3), grey, np.uint8) for grey in (20, 230))
    >>> distances([dark, light], extractors="histogram").tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    texts = write_out(listed(extractors) or [default_extractor()], fused=True)
    chosen = [load_extractor(without_weight(text)) for text in texts]
    weights = [weight_of(text) for text in texts]
    limits = Limits(max_megapixels, max_seconds, max_memory)
    measured = [
        measure_all(some, chosen, limits=limits, jobs=jobs)
        for some in ([photos] if others is None else [photos, others])
    ]
    return fused_distances(chosen, measured[0], measured[-1], weights=weights, metric=metric)
