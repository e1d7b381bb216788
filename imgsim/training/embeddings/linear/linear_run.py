"""A linear map learned from an index's rows, and its run's folder: `imgsim train linear`, for a program."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim import __version__
from imgsim.errors import ParameterError
from imgsim.evaluation.copies import describe_copies, mark_copies
from imgsim.features import write_out
from imgsim.index.attribute_values import values_of
from imgsim.metrics.fusion import fused_distances
from imgsim.models.header import EMBEDDINGS
from imgsim.naming import is_external
from imgsim.training.embeddings.linear.held_out_classes import FOLDS
from imgsim.training.embeddings.linear.linear_model import LinearSettings, find_learnable, learn_map, write_model
from imgsim.training.fitted_run import FOLDS_FILE, FittedRun, to_csv
from imgsim.training.index_copies import copy_keys
from imgsim.training.photos_digest import photos_digest
from imgsim.training.told_labels import ToldPhotos, name_told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Extractor, Features
    from imgsim.index.distance import ChosenDistance
    from imgsim.index.index import Index
    from imgsim.training.embeddings.linear.held_out_classes import Beside
    from imgsim.training.embeddings.linear.linear_model import Learnable, Learned
    from imgsim.training.told_labels import Told


class LabelledPhotos(NamedTuple):
    """An extractor, its rows of photos, (N, D), their classes, (N,), and the SHA-256 of both.

    `beside` are photos of no class that stand beside some, and `rejected` names them for a digest, with the class.
    """

    base: Extractor
    rows: Features
    codes: NDArray[np.intp]
    names: Sequence[str]
    digests: list[bytes]
    beside: Beside | None = None
    rejected: Sequence[tuple[bytes, str]] = ()


class LearnedRun(NamedTuple):
    """A map that was learned, and of what."""

    learned: Learned
    known: Learnable


def train_linear(
    index: Index,
    output: str | os.PathLike[str],
    labels: Told = "folders",
    *,
    extractor: str | None = None,
    method: str = "whitening",
    dim: int | None = None,
    shrinkage: float | None = None,
    by: str = "map@r",
    folds: int = FOLDS,
    seed: int = 0,
    said: Callable[[str], None] = lambda _: None,
) -> Learned:
    """Learn a linear map of the rows that an index has, under which photos of a class are nearer, without torch.

    Parameters
    ----------
    index : Index
        Of its photos, copies are left out, and those that are alone in their class.
    output : str or path-like
        The model's file, ``.onnx``, for an extractor ``embedding:OUTPUT``; beside it ``.run``, a folder, says how it
        was learned. A model of before is replaced, nothing else.
    labels : str or mapping of str to str, default "folders"
        The class of each photo: by its folder, ``attribute:NAME``, ``FILE:COLUMN`` of a table, or by its path.
    extractor : str, optional
        Whose rows are mapped; the index's default unless given.
    method : {"whitening", "lda", "nca"}, default "whitening"
        What is learned; see docs/training.md.
    dim : int, optional
        Values of a row; the method's usual number unless given.
    shrinkage : float, optional
        How far what photos of a class differ by is taken for the same along all axes, up to 1; chosen on classes held
        out unless given.
    by : {"map@r", "recall@1"}, default "map@r"
        What chooses it.
    folds : int, default 5
        Parts that classes are held out in.
    seed : int, default 0
        Of what is drawn.
    said : callable, optional
        Hears what there is to say, a line each.

    Returns
    -------
    Learned
        Its `figures` on classes held out, with the map and without it.

    Raises
    ------
    LearningError
        If no two classes have two photos.
    ExtractorMismatchError
        If the index has no rows by the extractor.
    ImgsimError
        If something else stands where it is to be written, or that cannot be written.
    """
    run = run_of(os.fspath(output))
    run.check()
    with index.snapshot():
        distance = choose_base(index, write_out([extractor]) if extractor else [])
        rows, present = distance.features()
        told = ToldPhotos(index.root, index.paths, lambda name: values_of(index, name), said).classes(labels)
        copies = mark_copies(filter(None, copy_keys(index)), told.codes >= 0)
        digests = {record.path: record.digest for record in index}
        codes, listed = np.where(present & ~copies, told.codes, -1), [digests[path] for path in index.paths]
    if told_copies := describe_copies(copies):
        said(told_copies)
    photos = LabelledPhotos(distance.extractors[0].extractor, rows, codes, told.names, listed)
    asked = LinearSettings(method, dim, shrinkage, by, folds, seed)
    config = {"folder": index.root, "labels": name_told(labels), "index": index.directory}
    return write_run(run, photos, asked, config, said).learned


def run_of(output: str) -> FittedRun:
    """Name the run of a map's file."""
    return FittedRun(output, "linear", "a linear map", EMBEDDINGS)


def choose_base(index: Index, wanted: Sequence[str]) -> ChosenDistance:
    """Choose the one extractor whose rows are mapped."""
    distance = index.distance(wanted)
    if len(distance.extractors) > 1:
        several = ", ".join(distance.specs)
        raise ParameterError(f"a map is of one extractor's rows, and these are several: name one of them: {several}")
    base = distance.extractors[0].extractor
    if is_external(base.spec.name):
        raise ParameterError(f"{base.spec}: its rows come from a file, so no further photo could be mapped")
    return distance


def write_run(
    run: FittedRun,
    photos: LabelledPhotos,
    asked: LinearSettings,
    told: Mapping[str, Any],
    said: Callable[[str], None],
) -> LearnedRun:
    """Learn a map, and write it and its run; `told` is what it was asked for by, for its configuration."""
    known = find_learnable(photos.rows, photos.codes, photos.beside)
    if known.alone:
        their = "its" if known.alone == 1 else "their"
        said(f"{known.alone} photo{'s' * (known.alone > 1)} left out: alone in {their} class")

    def distances(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        single = [rows.astype("f4")]
        return fused_distances([photos.base], single, single, weights=[1])

    learned = learn_map(known, asked, distances)
    labelled = [(photos.digests[place], photos.names[photos.codes[place]]) for place in known.places]
    labelled += [(digest, f"not {name}") for digest, name in photos.rejected]
    digest = photos_digest([digest for digest, _ in labelled], [name for _, name in labelled])
    data = write_model(learned, known, asked, photos.base.spec, digest)
    metrics = {
        "model": hashlib.sha256(data).hexdigest(),
        "learned_from": digest,
        "extractor": str(photos.base.spec),
        "values": learned.map.projection.shape[1],
        "photos": len(known.rows),
        "classes": known.classes,
        "left_out": known.alone,
        **learned.form._asdict(),
        "held_out": learned.figures(),
    }
    config = {**told, "extractor": str(photos.base.spec), **asked._asdict(), "imgsim": __version__}
    rows = [one.to_row() for one in learned.judged]
    run.write(data, config, metrics, {FOLDS_FILE: to_csv(rows, list(rows[0]) if rows else ["shrinkage"])})
    return LearnedRun(learned, known)
