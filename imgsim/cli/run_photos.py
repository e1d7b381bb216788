"""The photos of a run that trains: found in a folder, each with what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from imgsim.cli import stderr
from imgsim.cli.inputs import photos_among
from imgsim.cli.labels import LabelSource, attributes_at, labels_for, scores_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.training.run_means import ClassedPhotos

OF_PHOTOS = ("labels", "scores", "groups", "parts", "key", "encoding")  # what a run that goes on has in its folder


def source_of(options: Mapping[str, Any], *, resume: bool) -> LabelSource:
    """Read where labels come from; a run that goes on has them."""
    given = click.get_current_context().get_parameter_source
    for name in OF_PHOTOS:
        if resume and given(name) == ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name}: a run that goes on has its photos' labels: leave it out with --resume")
    told = (options["labels"], options["key"], options["encoding"], options["strict"], options.get("scores"))
    return LabelSource(*told).checked()


def labelled_photos(
    folder: str, source: LabelSource, groups: str | None = None, parts: str | None = None
) -> ClassedPhotos:
    """Find the photos in a folder, and the class or the score of each."""
    from imgsim.index.index import remembered_at
    from imgsim.tables.ground_truth import check_photos, check_readable
    from imgsim.training.run_means import ClassedPhotos

    source.check_known(folder)
    found = remembered_at(folder).scan(folder)
    for path, reason in found.unreadable:
        stderr.say(f"skipped {path}: {reason}")
    check_readable([path for path, _ in found.unreadable] if source.strict else [])
    paths = [image.path for image in photos_among(folder, found)]
    check_photos(folder, len(paths), [path for path, _ in found.unreadable])
    if source.scores:
        return _scored_photos(folder, source, paths, groups)
    labels = labels_for(source, folder, paths, attributes_at(folder))
    told = None if parts is None else _parts_of(folder, source._replace(labels=parts, scores=None), paths)
    return ClassedPhotos(folder, paths, list(labels.names), labels.codes, source.strict, labels.tests, parts=told)


def _parts_of(folder: str, source: LabelSource, paths: list[str]) -> NDArray[np.int8]:
    """Read which part each photo is in, -1 where a table does not say it."""
    import numpy as np

    from imgsim.errors import EvaluationError
    from imgsim.training.split_file import PARTS, UNUSED

    source.check_known(folder)
    labels = labels_for(source, folder, paths, attributes_at(folder))
    for name in labels.names:
        if name not in PARTS:
            raise EvaluationError(f"{source.labels}: {name!r} is no part of photos: {', '.join(PARTS)}")
    numbers = np.array([*(PARTS.index(name) for name in labels.names), UNUSED], np.int8)
    return numbers[labels.codes]


def _scored_photos(folder: str, source: LabelSource, paths: list[str], groups: str | None) -> ClassedPhotos:
    """Read scores, as classes that are named by their numbers, and groups."""
    import numpy as np

    from imgsim.errors import EvaluationError
    from imgsim.training.run_means import ClassedPhotos

    scores = scores_for(source, folder, paths, attributes_at(folder)).values
    having = np.isfinite(scores)
    if not having.any():
        raise EvaluationError(f"{source.scores}: no photo in {folder} has a score that is a number")
    different, places = np.unique(scores[having], return_inverse=True)
    codes = np.full(len(scores), -1, np.intp)
    codes[having] = places
    units = None
    if groups:
        grouping = source._replace(labels=groups, scores=None)
        grouping.check_known(folder)
        units = labels_for(grouping, folder, paths, attributes_at(folder)).codes
    names = [repr(float(score)) for score in different]
    return ClassedPhotos(folder, paths, names, codes, source.strict, groups=units)
