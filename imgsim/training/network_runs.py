"""Networks trained on the photos in a folder: `imgsim train embedding` and `imgsim train classifier`, for a program."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from imgsim.errors import EvaluationError, ParameterError
from imgsim.images.find import without_drawn
from imgsim.images.limits import LIMITS
from imgsim.index.attribute_values import values_at
from imgsim.index.index import remembered_at
from imgsim.models.header import CLASSIFIERS, EMBEDDINGS
from imgsim.models.imported_weights import require_exporter
from imgsim.processes import default_jobs
from imgsim.tables.ground_truth import check_photos
from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe
from imgsim.training.embeddings.recipe import USUAL_WIDTHS, TrainingRecipe
from imgsim.training.told_labels import ToldPhotos

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.images.limits import Limits
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_log import Epoch
    from imgsim.training.run_means import ClassedPhotos, Means
    from imgsim.training.run_recipe import RunRecipe
    from imgsim.training.told_labels import Told
    from imgsim.training.trained_model import TrainedModel

    R = TypeVar("R", bound=RunRecipe)


class Resources(NamedTuple):
    """What a run may take, which changes nothing that is learned; None: what there is, a GPU or all processors."""

    device: str | None = None
    jobs: int | None = None
    megabytes: float = 2000  # for decoded photos; those beyond it are decoded again and again
    limits: Limits = LIMITS


PLENTY = Resources()


def train_embedding(
    folder: str | os.PathLike[str],
    output: str | os.PathLike[str],
    labels: Told = "folders",
    *,
    scores: Told | None = None,
    groups: Told | None = None,
    resume: bool = False,
    resources: Resources = PLENTY,
    said: Callable[[str], None] = lambda _: None,
    heard: Callable[[Epoch], None] = lambda _: None,
    **recipe: Any,  # noqa: ANN401 (as the recipe's fields are)
) -> TrainedModel | None:
    """Train a network further on the photos in a folder, to tell what is alike; it needs torch.

    Of the photos some train, others say which epoch is best, and the rest, of classes that it never saw, judge.

    Parameters
    ----------
    folder : str or path-like
        Its photos are found as indexing finds them; it needs no index.
    output : str or path-like
        The model's file, ``.onnx``, for an extractor ``embedding:OUTPUT``; beside it ``.run``, the run's folder.
    labels : str or mapping of str to str, default "folders"
        The class of each photo: by its folder, ``attribute:NAME``, ``FILE:COLUMN`` of a table, or by its path.
    scores : str or mapping of str to float, optional
        In place of classes a number for each photo, likewise.
    groups : str or mapping of str to str, optional
        Of scored photos, what is never in two parts, such as a city's.
    resume : bool, default False
        Go on with the run in the run's folder, which was ended; it has its recipe, and its photos' labels.
    resources : Resources, optional
        What it may take of the machine.
    said : callable, optional
        Hears what there is to say, a line each: which photos cannot be read, what does not fit.
    heard : callable, optional
        Hears what each epoch came to.
    **recipe
        Fields of `TrainingRecipe`, which are the options of `imgsim train embedding`: ``epochs=5``, ``loss="triplet"``.

    Returns
    -------
    TrainedModel
        The model's file, its `outcomes` beside those of the rows before, and its `log` of epochs. None in a process
        that `torchrun` started and that is not the first.

    Raises
    ------
    MissingDependencyError
        If the extra ``deep`` is not installed.
    RunError
        If a run is there already, or none to go on with.
    EvaluationError
        If there are too few photos of too few classes.
    ParameterError
        If the recipe contradicts itself.
    """
    require_exporter()
    from imgsim.training.embeddings.embedding_run import begin_embedding, resume_embedding
    from imgsim.training.embeddings.spelled_recipe import spelled
    from imgsim.training.process_team import processors_each

    root, run = os.fspath(folder), _run_of(output, EMBEDDINGS)
    means = _means(resources, said, heard, processors_each(default_jobs()))
    if resume:
        trained = resume_embedding(root, _standing(TrainingRecipe, run, recipe), run, means)
    else:
        run.check_new()
        made = spelled(TrainingRecipe.make(_fitting(recipe, scores, groups)))
        photos = _photos(root, said)
        found = photos_with_classes(photos, labels) if scores is None else photos_with_scores(photos, scores, groups)
        trained = begin_embedding(found, made, run, means)
    if trained:
        _write(output, trained.data)
    return trained


def train_classifier(
    folder: str | os.PathLike[str],
    output: str | os.PathLike[str],
    labels: Told = "folders",
    *,
    resume: bool = False,
    resources: Resources = PLENTY,
    said: Callable[[str], None] = lambda _: None,
    heard: Callable[[Epoch], None] = lambda _: None,
    **recipe: Any,  # noqa: ANN401 (as the recipe's fields are)
) -> TrainedModel:
    """Train a network further on the photos in a folder, to say what a photo shows; it needs torch.

    Of each class a share of the photos tests, a share of the others says which epoch is best, and the rest train.

    Parameters
    ----------
    folder : str or path-like
        Its photos are found as indexing finds them; it needs no index.
    output : str or path-like
        The model's file, ``.onnx``, a classifier for `classify`; beside it ``.run``, the run's folder.
    labels : str or mapping of str to str, default "folders"
        The class of each photo: by its folder, ``attribute:NAME``, ``FILE:COLUMN`` of a table, or by its path.
    resume : bool, default False
        Go on with the run in the run's folder, which was ended; it has its recipe, and its photos' labels.
    resources : Resources, optional
        What it may take of the machine.
    said : callable, optional
        Hears what there is to say, a line each: which photos cannot be read, what does not fit.
    heard : callable, optional
        Hears what each epoch came to.
    **recipe
        Fields of `ClassifierRecipe`, which are the options of `imgsim train classifier`: ``epochs=5``, ``lr=3e-4``.

    Returns
    -------
    TrainedModel
        The model's file, its `outcomes` beside those of a logistic regression, and its `log` of epochs.

    Raises
    ------
    MissingDependencyError
        If the extra ``deep`` is not installed.
    RunError
        If a run is there already, or none to go on with.
    EvaluationError
        If a class has too few photos, or there are fewer than two.
    ParameterError
        If the recipe contradicts itself.
    """
    require_exporter()
    from imgsim.training.classifiers.classifier_run import begin_classifier, resume_classifier
    from imgsim.training.process_team import refuse_team

    refuse_team("training a classifier")
    root, run, means = os.fspath(folder), _run_of(output, CLASSIFIERS), _means(resources, said, heard, default_jobs())
    if resume:
        trained = resume_classifier(root, _standing(ClassifierRecipe, run, recipe), run, means)
    else:
        run.check_new()
        made = ClassifierRecipe.make(recipe)
        trained = begin_classifier(photos_with_classes(_photos(root, said), labels), made, run, means)
    _write(output, trained.data)
    return trained


def photos_with_classes(photos: ToldPhotos, labels: Told) -> ClassedPhotos:
    """Give photos their classes."""
    from imgsim.training.run_means import ClassedPhotos

    told = photos.classes(labels)
    return ClassedPhotos(photos.root, list(photos.paths), list(told.names), told.codes, tests=told.tests)


def photos_with_scores(photos: ToldPhotos, scores: Told, groups: Told | None) -> ClassedPhotos:
    """Give photos their scores, and their groups where there are some."""
    values = photos.scores(scores).values
    if not np.isfinite(values).any():
        raise EvaluationError(f"no photo in {photos.root} has a score that is a number")
    units = None if groups is None else photos.classes(groups).codes
    return scored_photos(photos.root, photos.paths, values, units)


def scored_photos(
    root: str,
    paths: Sequence[str],
    values: NDArray[np.float64],
    units: NDArray[np.intp] | None,
    *,
    strict: bool = False,
) -> ClassedPhotos:
    """Take scores (N,), some of them numbers, for classes that are named by these."""
    from imgsim.training.run_means import ClassedPhotos

    having = np.isfinite(values)
    different, places = np.unique(values[having], return_inverse=True)
    codes = np.full(len(values), -1, np.intp)
    codes[having] = places
    names = [repr(float(score)) for score in different]
    return ClassedPhotos(root, list(paths), names, codes, strict, groups=units)


def _photos(folder: str, said: Callable[[str], None]) -> ToldPhotos:
    """Find the photos in a folder, as indexing it would."""
    found = remembered_at(folder).scan(folder)
    for path, reason in found.unreadable:
        said(f"skipped {path}: {reason}")
    paths = [image.path for image in without_drawn(folder, found.images)]
    check_photos(folder, len(paths), [path for path, _ in found.unreadable])
    return ToldPhotos(folder, paths, lambda name: values_at(folder, name), said)


def _fitting(recipe: Mapping[str, Any], scores: Told | None, groups: Told | None) -> dict[str, Any]:
    """Complete a recipe by what labels are; ParameterError for what only scores have."""
    if scores is None:
        if groups is not None or recipe.get("widths"):
            raise ParameterError("groups and widths are of scores: say where these are")
        return {**recipe}
    if (recipe.get("split") == "groups") != (groups is not None) and (groups is None or "split" in recipe):
        raise ParameterError("split groups and groups go together: give both or neither")
    return {"widths": USUAL_WIDTHS, **({} if groups is None else {"split": "groups"}), **recipe}


def _run_of(output: str | os.PathLike[str], kinds: tuple[str, ...]) -> RunFolder:
    from imgsim.training.run_folder import RunFolder

    return RunFolder.of(os.fspath(output), *kinds)


def _standing(kind: type[R], run: RunFolder, recipe: Mapping[str, Any]) -> R:
    """Read the recipe of a run that goes on."""
    if recipe:
        raise ParameterError(f"{next(iter(recipe))}: a run that goes on has its recipe: leave it out")
    run.check_standing()
    return kind.make(kind.read(run.config))


def _means(resources: Resources, said: Callable[[str], None], heard: Callable[[Epoch], None], processors: int) -> Means:
    from imgsim.training.run_means import Means

    device, jobs, megabytes, limits = resources
    return Means(device or "", jobs or processors, int(megabytes * 1e6), limits, None, said, heard)


def _write(output: str | os.PathLike[str], data: bytes) -> None:
    from imgsim.files import write_whole

    write_whole(os.fspath(output), data)
