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

    from imgsim.training.run_means import ClassedPhotos

OF_PHOTOS = ("labels", "scores", "groups", "splits", "key", "encoding")  # what a run that goes on has in its folder


def source_of(options: Mapping[str, Any], *, resume: bool) -> LabelSource:
    """Read where labels come from; a run that goes on has them."""
    given = click.get_current_context().get_parameter_source
    for name in OF_PHOTOS:
        if resume and given(name) == ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name}: a run that goes on has its photos' labels: leave it out with --resume")
    told = (options["labels"], options["key"], options["encoding"], options["strict"], options.get("scores"))
    return LabelSource(*told).checked()


def photos_of(folder: str, *, strict: bool) -> list[str]:
    """Find the photos in a folder, by their paths in it."""
    from imgsim.index.index import remembered_at
    from imgsim.tables.ground_truth import check_photos, check_readable

    found = remembered_at(folder).scan(folder)
    for path, reason in found.unreadable:
        stderr.say(f"skipped {path}: {reason}")
    check_readable([path for path, _ in found.unreadable] if strict else [])
    paths = [image.path for image in photos_among(folder, found)]
    check_photos(folder, len(paths), [path for path, _ in found.unreadable])
    return paths


def labelled_photos(
    folder: str, source: LabelSource, groups: str | None = None, splits: str | None = None
) -> ClassedPhotos:
    """Find the photos in a folder, and the class or the score of each."""
    from imgsim.training.run_means import ClassedPhotos

    source.check_known(folder)
    paths = photos_of(folder, strict=source.strict)
    if splits:
        return _split_photos(folder, source, paths, splits)
    if source.scores:
        return _scored_photos(folder, source, paths, groups)
    labels = labels_for(source, folder, paths, attributes_at(folder))
    return ClassedPhotos(folder, paths, list(labels.names), labels.codes, source.strict, labels.tests)


def _split_photos(folder: str, source: LabelSource, paths: list[str], splits: str) -> ClassedPhotos:
    """Take classes from an earlier run's parts; photos that are not in them have none."""
    import numpy as np

    from imgsim.training.run_means import ClassedPhotos
    from imgsim.training.split_file import read_splits

    split = read_splits(splits)
    known = dict(zip(split.paths, split.labels.tolist(), strict=True))
    codes = np.array([known.get(path, -1) for path in paths], np.intp)
    return ClassedPhotos(folder, paths, split.names, codes, source.strict, splits=splits)


def _scored_photos(folder: str, source: LabelSource, paths: list[str], groups: str | None) -> ClassedPhotos:
    """Read scores, as classes that are named by their numbers, and groups."""
    import numpy as np

    from imgsim.errors import EvaluationError
    from imgsim.training.network_runs import scored_photos

    scores = scores_for(source, folder, paths, attributes_at(folder)).values
    if not np.isfinite(scores).any():
        raise EvaluationError(f"{source.scores}: no photo in {folder} has a score that is a number")
    units = None
    if groups:
        grouping = source._replace(labels=groups, scores=None)
        grouping.check_known(folder)
        units = labels_for(grouping, folder, paths, attributes_at(folder)).codes
    return scored_photos(folder, paths, scores, units, strict=source.strict)
