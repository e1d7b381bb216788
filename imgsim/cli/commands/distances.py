"""`imgsim distances`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

from imgsim.cli import stderr
from imgsim.cli.flags import (
    device_option,
    extractor_option,
    format_option,
    general_options,
    limits_options,
    metric_option,
    photos_argument,
)
from imgsim.cli.inputs import measure_photos
from imgsim.cli.remedies import explain
from imgsim.errors import ImageReadError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.core import Extractor
    from imgsim.features.measure import Measured
    from imgsim.images.limits import Limits


@click.command()
@photos_argument
@extractor_option(fused=True)
@metric_option
@format_option("tsv", "csv", "json", "jsonl", "npy", default="tsv")
@limits_options()
@device_option
@general_options
def distances(
    photos: tuple[str, ...],
    extractors: tuple[str, ...],
    metric: str | None,
    format_: str | None,
    limits: Limits,
) -> None:
    """Write the square matrix of distances between the PHOTOs.

    tsv and csv name the photos in the first row and column; json and jsonl have an object a photo, with its path and
    its distances, in the same order; npy is a float64 array. Distances that need the statistics of a gallery take
    them from these photos. A photo that cannot be read keeps its row and column: NaN, in json null.
    """
    import numpy as np

    from imgsim.cli.networks import choose_extractors
    from imgsim.cli.output import JSON, RowWriter, write_matrix, write_npy
    from imgsim.features import load_extractor
    from imgsim.metrics.fusion import fused_distances
    from imgsim.naming import is_external, weight_of, without_weight

    texts = choose_extractors(extractors, fused=True)
    weights = [weight_of(text) for text in texts]
    if any(map(is_external, texts)):
        chosen, measured = _by_stored_rows(photos, texts, limits)
    else:
        chosen = [load_extractor(without_weight(text)) for text in texts]
        measured = list(measure_photos(photos, chosen, limits))
    read = [photo for photo in measured if not isinstance(photo, ImageReadError)]
    readable = np.array([not isinstance(photo, ImageReadError) for photo in measured])
    matrix = np.full((len(measured), len(measured)), np.nan)
    if read:
        features = [np.concatenate([photo.features[place] for photo in read]) for place in range(len(chosen))]
        among = fused_distances(chosen, features, features, weights=weights, metric=metric)
        matrix[np.ix_(readable, readable)] = among
    names = [photo.path if isinstance(photo, ImageReadError) else photo.record.path for photo in measured]
    if format_ == "npy":
        write_npy(matrix)
    elif format_ in JSON:
        RowWriter(str(format_), ()).write(_objects(names, matrix))
    else:
        write_matrix(matrix, names, format_ or "tsv")
    click.get_current_context().exit(0 if readable.all() else 2)


def _by_stored_rows(
    photos: Sequence[str], texts: Sequence[str], limits: Limits
) -> tuple[list[Extractor], list[Measured | ImageReadError]]:
    """Measure photos, and take what cannot be measured from the index that they are in; say what is nowhere."""
    from imgsim.cli.which_index import open_for
    from imgsim.features import load_extractor
    from imgsim.naming import is_external, without_weight

    measured: list[Measured | ImageReadError] = []
    with open_for(None, photos) as index, index.snapshot():
        stored = {place: index.distance([text]).extractors[0] for place, text in enumerate(texts) if is_external(text)}
        chosen = [
            stored[place].extractor if place in stored else load_extractor(without_weight(text))
            for place, text in enumerate(texts)
        ]
        places = [place for place in range(len(texts)) if place not in stored]
        rows = index.rows_by_content()
        for photo in measure_photos(photos, [chosen[place] for place in places], limits, digest=True):
            if isinstance(photo, ImageReadError):
                measured.append(photo)
                continue
            features = dict(zip(places, photo.features.values(), strict=True))
            try:
                for place, one in stored.items():
                    features[place] = rows.of_photo(one.stored, photo.record.digest, photo.record.path)
            except ImageReadError as error:
                stderr.complain(f"imgsim: {explain(error)}")
                measured.append(error)
            else:
                measured.append(photo._replace(features=features))
    return chosen, measured


def _objects(names: Sequence[str], matrix: NDArray[np.float64]) -> Iterator[dict[str, object]]:
    """Give each photo's distances, None where there is none."""
    for name, row in zip(names, matrix.tolist(), strict=True):
        yield {"path": name, "distances": [None if math.isnan(value) else value for value in row]}
