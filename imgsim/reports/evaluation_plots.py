"""The pictures of an evaluation: confusions, curves, distances in class order, and maps."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.core import Image, Scale
from imgsim.errors import ImageReadError
from imgsim.images.draw import ImageWriteError
from imgsim.images.read import read_image
from imgsim.reports.curves import plot_interpolated, plot_precision_recall, plot_recall_at_k
from imgsim.reports.figures import check_picture_path
from imgsim.reports.maps import plot_map
from imgsim.reports.matrices import plot_confusion, plot_distance_matrix
from imgsim.reports.projection import Method, project
from imgsim.search.ranking import enclose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.evaluation.judge import Judgement
    from imgsim.index.index import Index
    from imgsim.tables.ground_truth import Labels

MOST_ON_MAP = 2000  # photos: more take t-SNE long, and a picture shows no more
PAIRS = "Pairs: precision and recall"
_AT_K = "Retrieval: recall among the k nearest"
_INTERPOLATED = "Retrieval: precision and recall\nMean over queries, interpolated at 11 levels"
_MAPS: dict[Method, str] = {"pca": "principal components", "tsne": "t-SNE"}


class EvaluationPlot(NamedTuple):
    """A picture that was drawn, and what it shows."""

    path: str
    caption: str


def prepare_folder(folder: str, kind: str) -> None:
    """Make a folder for pictures, and make sure that they can be drawn, before any work is done for them."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise ImageWriteError(f"{folder}: cannot be made ({error.strerror})") from error
    check_picture_path(os.path.join(folder, f"picture.{kind}"))


def draw_evaluation(
    folder: str, kind: str, index: Index, labels: Labels, judgements: Sequence[Judgement], *, seed: int
) -> Iterator[EvaluationPlot]:
    """Draw what was found out."""
    yield from draw_retrieval(folder, kind, judgements)
    curves = {title_of(one): (one.pairs.recalls, one.pairs.precisions) for one in judgements if one.pairs is not None}
    if curves:
        path = os.path.join(folder, f"precision-recall.{kind}")
        plot_precision_recall(curves, path, baselines={"chance": 0.5}, title=PAIRS)
        yield EvaluationPlot(path, PAIRS)
    mapped = set()
    for judgement in judgements:
        name, end = judgement.candidate.name, f"{slug(title_of(judgement))}.{kind}"
        path = os.path.join(folder, f"distances-{end}")
        _draw_distances(path, index, labels, judgement)
        yield EvaluationPlot(path, f"{title_of(judgement)}: distances between photos, class by class")
        if judgement.candidate.extractors in mapped:  # what follows does not depend on the metric
            continue
        mapped.add(judgement.candidate.extractors)
        end = f"{slug(name)}.{kind}"
        if judgement.classification is not None:
            names = [labels.names[code] for code in judgement.classification.classes]
            path = os.path.join(folder, f"confusion-{end}")
            title = f"{name}: logistic regression, {judgement.classification.procedure}"
            plot_confusion(judgement.classification.confusion, names, path, title=title)
            yield EvaluationPlot(path, f"{title}: which classes were taken for which")
        for method, said in _MAPS.items():
            path = os.path.join(folder, f"map-{method}-{end}")
            _draw_map(path, method, index, labels, judgement, seed)
            yield EvaluationPlot(path, f"{name}: a map of the photos by {said}")


def draw_retrieval(folder: str, kind: str, judgements: Sequence[Judgement]) -> Iterator[EvaluationPlot]:
    """Draw what is found, of all that was judged on the same axes."""
    path = os.path.join(folder, f"recall-at-k.{kind}")
    plot_recall_at_k({title_of(one): one.curves.recalls for one in judgements}, path, title=_AT_K)
    yield EvaluationPlot(path, _AT_K)
    path = os.path.join(folder, f"retrieval-precision-recall.{kind}")
    plot_interpolated({title_of(one): one.curves.precisions for one in judgements}, path, title=_INTERPOLATED)
    yield EvaluationPlot(path, ". ".join(_INTERPOLATED.splitlines()))


def _draw_distances(path: str, index: Index, labels: Labels, judgement: Judgement) -> None:
    """Draw the distances between labelled photos, class by class, from their bounds: no eye can tell the difference."""
    terms = index.distance(judgement.candidate.extractors, judgement.candidate.metric).terms()
    whole = np.flatnonzero(terms[0].gallery.whole)
    present = np.logical_and.reduce([term.gallery.present[whole] for term in terms])
    photos = np.flatnonzero(present & (labels.codes >= 0))
    photos = photos[np.argsort(labels.codes[photos], kind="stable")]
    rows = whole[photos]

    def rows_of(some: slice) -> NDArray[np.float64]:
        lower, upper = enclose(terms, [term.gallery.rows[rows[some]] for term in terms])
        middle: NDArray[np.float64] = (lower[:, rows].astype(np.float64) + upper[:, rows]) / 2
        return middle

    names = [labels.names[code] for code in labels.codes[photos]]
    plot_distance_matrix(rows_of, names, path, title=judgement.candidate.name, metric=judgement.metric)


def _draw_map(path: str, method: Method, index: Index, labels: Labels, judgement: Judgement, seed: int) -> None:
    """Draw a map of the labelled photos, or of some of them where they are many."""
    features, present = index.distance(judgement.candidate.extractors, judgement.candidate.metric).features()
    photos = np.flatnonzero(present & (labels.codes >= 0))
    if len(photos) > MOST_ON_MAP:
        photos = np.sort(np.random.default_rng(seed).choice(photos, MOST_ON_MAP, replace=False))
    rows = features[photos].astype(np.float64)
    deviations = rows.std(axis=0)
    rows = (rows - rows.mean(axis=0)) / np.where(deviations > 0, deviations, 1)
    paths, limits = index.paths, index.options.limits

    def thumbnail_of(place: int) -> Image | None:
        try:
            return read_image(os.path.join(index.root, paths[photos[place]]), scale=Scale(), **limits._asdict())
        except ImageReadError:
            return None

    names = [labels.names[code] for code in labels.codes[photos]]
    title = f"{judgement.candidate.name}: {_MAPS[method]} of {len(photos)} photos"
    plot_map(project(rows, method, seed=seed), path, thumbnail_of=thumbnail_of, labels=names, title=title)


def title_of(judgement: Judgement) -> str:
    """Name a candidate and its metric."""
    return f"{judgement.candidate.name} {judgement.metric}"


def slug(text: str) -> str:
    """Write a name as part of a file's."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")
