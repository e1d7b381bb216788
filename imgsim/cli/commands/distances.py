"""`imgsim distances`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from imgsim.cli.flags import (
    device_option,
    extractor_option,
    format_option,
    general_options,
    megapixels_option,
    metric_option,
    photos_argument,
)
from imgsim.cli.inputs import measure_photos
from imgsim.errors import ImageReadError

if TYPE_CHECKING:
    from imgsim.core import Distances, Extractor, Features


@click.command()
@photos_argument
@extractor_option(fused=True)
@metric_option
@format_option("tsv", "csv", "npy", default="tsv")
@megapixels_option
@device_option
@general_options
def distances(
    photos: tuple[str, ...],
    extractors: tuple[str, ...],
    metric: str | None,
    format_: str | None,
    max_megapixels: float,
) -> None:
    """Write the square matrix of distances between the PHOTOs.

    tsv and csv name the photos in the first row and column; npy is a float64 array. Distances that need the
    statistics of a gallery take them from these photos. A photo that cannot be read keeps its row and column: NaN.
    """
    import numpy as np

    from imgsim.cli.output import write_matrix, write_npy
    from imgsim.features import DEFAULT_EXTRACTOR, load_extractor
    from imgsim.naming import parse_naming, without_weight

    texts = extractors or (DEFAULT_EXTRACTOR,)
    weights = [parse_naming(text).weight for text in texts]
    chosen = [load_extractor(without_weight(text)) for text in texts]
    measured = list(measure_photos(photos, chosen, max_megapixels))
    read = [photo for photo in measured if not isinstance(photo, ImageReadError)]
    readable = np.array([not isinstance(photo, ImageReadError) for photo in measured])
    matrix = np.full((len(measured), len(measured)), np.nan)
    if read:
        features = [np.concatenate(rows) for rows in zip(*(photo.features.values() for photo in read), strict=True)]
        matrix[np.ix_(readable, readable)] = _fused(chosen, features, [weight or 1.0 for weight in weights], metric)
    names = [photo.path if isinstance(photo, ImageReadError) else photo.record.path for photo in measured]
    if format_ == "npy":
        write_npy(matrix)
    else:
        write_matrix(matrix, names, format_ or "tsv")
    click.get_current_context().exit(0 if readable.all() else 2)


def _fused(
    extractors: list[Extractor], features: list[Features], weights: list[float], metric_name: str | None
) -> Distances:
    """Measure all pairs by each extractor; several give the weighted mean of their scaled distances, as in a query."""
    import numpy as np

    from imgsim.metrics import load_metric, measure_statistics, median_pair_distance

    matrices = []
    for extractor, rows in zip(extractors, features, strict=True):
        statistics = measure_statistics(rows)
        metric = load_metric(metric_name or extractor.metric, binary=extractor.binary).fit(statistics)
        unit = median_pair_distance(metric, statistics) if len(extractors) > 1 else 1.0
        matrices.append(metric(rows, rows) / unit)
    return np.average(matrices, axis=0, weights=weights)
