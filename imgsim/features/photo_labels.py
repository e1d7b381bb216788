"""From photos to what kinds of things they show, in one call."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from imgsim.features.classifier import load_classifier
from imgsim.features.extractor_table import UNTRAINED, load_extractor
from imgsim.features.measure import measure_all
from imgsim.features.ranked_labels import rank_labels
from imgsim.images.limits import MAX_MEGAPIXELS, MAX_MEMORY, MAX_SECONDS, Limits
from imgsim.naming import parse_naming

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgsim.features.classifier import Classifier
    from imgsim.features.ranked_labels import RankedLabel
    from imgsim.images.photo import Photo


def classify(
    photos: Photo | Iterable[Photo],
    classifier: str | os.PathLike[str] | Classifier = "kinds",
    *,
    k: int | None = 3,
    jobs: int = 1,
    max_megapixels: float = MAX_MEGAPIXELS,
    max_seconds: float = MAX_SECONDS,
    max_memory: float = MAX_MEMORY,
) -> list[list[RankedLabel]]:
    """Say what kind of thing each photo shows, the likeliest first.

    Parameters
    ----------
    photos : iterable of str, path-like, bytes, PIL image or ndarray of uint8, shape (H, W, 3)
        Bytes are a file's content; one photo alone will do.
    classifier : str, path-like or Classifier, default "kinds"
        ``kinds``, the categories of lost-property offices (``kinds:language=ko`` in Korean), and ``imagenet``, the
        1,000 kinds of the network that imgsim comes with, need no training; or a trained classifier's file, or the name
        that it was imported under.
    k : int, optional
        Labels wanted for each photo; all of them if None.
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
    list of list of RankedLabel
        For each photo, in order, labels with their rank and probability. The first is the answer: ``other``, where no
        category is as probable as 0.25.

    Raises
    ------
    ImageReadError
        If a photo cannot be read.
    TypeError
        If something is no photo at all.
    WeightsError
        If there is no such classifier, or its network is not here.

    Examples
    --------
    >>> import numpy as np
    >>> grey = np.full((64, 64, 3), 128, np.uint8)
    >>> [[label.rank for label in labels] for labels in classify([grey, grey], k=2)]
    [[1, 2], [1, 2]]
    """
    chosen = _load(os.fspath(classifier)) if isinstance(classifier, str | os.PathLike) else classifier
    limits = Limits(max_megapixels, max_seconds, max_memory)
    (rows,) = measure_all(photos, [chosen], limits=limits, jobs=jobs)
    return [rank_labels(chosen, row, k) for row in rows]


def _load(text: str) -> Classifier:
    """Load one that needs no training by its name, and any other as `load_classifier` does: a file comes first."""
    if not os.path.isfile(text) and parse_naming(text).name in UNTRAINED:
        return cast("Classifier", load_extractor(text))
    return load_classifier(text)
