"""A probe learned from an index's rows, and its run's folder: the whole of `imgsim train probe`, for a program."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

from imgsim import __version__
from imgsim.errors import ParameterError
from imgsim.features import write_out
from imgsim.index.attribute_values import values_of
from imgsim.models.header import CLASSIFIERS
from imgsim.naming import find_weighted, listed
from imgsim.training.classifiers.classed_rows import deal_rows
from imgsim.training.classifiers.probe_fit import FOLDS
from imgsim.training.classifiers.probe_model import ProbeSettings, learn_probe
from imgsim.training.fitted_run import FOLDS_FILE, FittedRun, to_csv
from imgsim.training.split_file import spell_splits
from imgsim.training.told_labels import ToldPhotos, name_told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from imgsim.index.index import Index
    from imgsim.training.classifiers.classed_rows import ClassedRows
    from imgsim.training.classifiers.probe_model import LearnedProbe
    from imgsim.training.told_labels import Told


def train_probe(
    index: Index,
    output: str | os.PathLike[str],
    labels: Told = "folders",
    *,
    extractors: str | Sequence[str] = (),
    splits: str | os.PathLike[str] | None = None,
    strength: float | None = None,
    folds: int = FOLDS,
    seed: int = 0,
    said: Callable[[str], None] = lambda _: None,
) -> LearnedProbe:
    """Learn to tell classes apart by the rows that an index has: a logistic regression, without torch.

    A fifth of each class tests, a tenth of the others validates, and copies stay together; the rest is learned from,
    and says by cross-validation how.

    Parameters
    ----------
    index : Index
        It must have rows by ``phash`` too, which tell copies.
    output : str or path-like
        The model's file, ``.onnx``, a classifier for `classify`; beside it ``.run``, a folder, says how it was learned.
        A model of before is replaced, nothing else.
    labels : str or mapping of str to str, default "folders"
        The class of each photo: by its folder, ``attribute:NAME``, ``FILE:COLUMN`` of a table, or by its path.
    extractors : str or sequence of str, optional
        Whose rows are told apart, several joined; the index's default unless given.
    splits : str or path-like, optional
        The ``splits.csv`` of another run, whose parts and classes hold in place of `labels`.
    strength : float, optional
        How much it may lean on single values; chosen by cross-validation unless given.
    folds : int, default 5
        Parts of the cross-validation.
    seed : int, default 0
        Of what is drawn.
    said : callable, optional
        Hears what there is to say, a line each: how many photos are in which part, and what does not fit.

    Returns
    -------
    LearnedProbe
        Its `figures` on the photos that test, its form, and what other forms came to.

    Raises
    ------
    EvaluationError
        If a class has too few photos, or there are fewer than two.
    ExtractorMismatchError
        If the index has no rows by an extractor.
    ParameterError
        If an extractor has a weight: what is learned weighs them itself.
    ImgsimError
        If something else stands where it is to be written, or that cannot be written.
    """
    run = run_of(os.fspath(output))
    run.check()
    if text := find_weighted(listed(extractors)):
        raise ParameterError(f"{text}: what is learned weighs extractors itself: leave the weight out")
    wanted = write_out(listed(extractors))
    asked, drawn = ProbeSettings(strength, folds, seed), None if splits is None else os.fspath(splits)
    with index.snapshot():
        photos = ToldPhotos(index.root, index.paths, lambda name: values_of(index, name), said)
        rows = deal_rows(index, wanted, lambda: photos.classes(labels), drawn, seed, said)
    told = {"folder": index.root, "labels": name_told(labels), "splits": drawn, "index": index.directory}
    return write_run(run, rows, asked, told)


def run_of(output: str) -> FittedRun:
    """Name the run of a probe's file."""
    return FittedRun(output, "probe", "a probe", CLASSIFIERS)


def write_run(run: FittedRun, photos: ClassedRows, asked: ProbeSettings, told: Mapping[str, Any]) -> LearnedProbe:
    """Learn a probe, and write it and its run; `told` is what it was asked for by, for its configuration."""
    learned = learn_probe(photos.rows, photos.bases, photos.split, photos.digests, asked)
    specs = [str(spec) for spec, _ in photos.bases]
    metrics = {
        "model": hashlib.sha256(learned.data).hexdigest(),
        "extractors": specs,
        "values": sum(width for _, width in photos.bases),
        "photos": learned.photos,
        **learned.form._asdict(),
        "left_out": learned.left_out.to_row(),
        "outcomes": learned.outcomes,
    }
    config = {**told, "extractors": specs, **asked._asdict(), "imgsim": __version__}
    tried = [one.to_row() for one in learned.tried]
    files = {"splits.csv": spell_splits(photos.split), FOLDS_FILE: to_csv(tried, list(tried[0]))}
    run.write(learned.data, config, metrics, files)
    return learned
