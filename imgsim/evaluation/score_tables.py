"""Extractors judged by scores instead of classes: whether photos that look alike have scores alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.evaluation.neighbours import find_neighbours
from imgsim.evaluation.scores import score_agreement
from imgsim.evaluation.tables import figures_of
from imgsim.index.choosing import choose_distance, load_facets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from imgsim.evaluation.candidates import Candidate
    from imgsim.index.store import Store

TITLES = {"spearman": "Spearman", "mae": "error", "mae_baseline": "error of the mean", "difference": "difference"}


def judge_scores(
    directory: str,
    store: Store,
    scores: NDArray[np.float64],
    candidates: Sequence[Candidate],
    k: int,
    seed: int,
    advanced: Callable[[str, float], None] = lambda _, __: None,
) -> list[dict[str, Any]]:
    """Judge candidates by how well a photo's neighbours tell its score.

    Parameters
    ----------
    directory : str
        The index's own folder.
    store : Store
        The index, within a snapshot.
    scores : ndarray of float64, shape (photos,)
        By path; NaN for none.
    candidates : sequence of Candidate
        Whose extractors are in the index.
    k : int
        Neighbours.
    seed : int
        Of all that is drawn.
    advanced : callable, optional
        Hears of what is being done, and which share of it is done.

    Returns
    -------
    list of dict
        What JSON can hold: ``extractor``, ``metric``, ``n``, ``k``, ``spearman``, ``mae``, ``mae_baseline`` and their
        ``difference``, each with its ``_ci`` pair, and the ``p_value`` of the difference.

    Raises
    ------
    EvaluationError
        If fewer than two photos have a score.
    """
    rows = []
    for place, candidate in enumerate(candidates):
        advanced("neighbours", place / len(candidates))
        distance = choose_distance(store, candidate.extractors, candidate.metric)
        facets = load_facets(directory, store, distance)
        agreement = score_agreement(scores, find_neighbours(facets, k, wanted=np.isfinite(scores)), seed=seed)
        figures = {"spearman": agreement.spearman, "mae": agreement.error, "mae_baseline": agreement.baseline}
        against = agreement.against_baseline
        rows.append(
            {
                "extractor": candidate.name,
                "metric": " + ".join(dict.fromkeys(distance.metrics)),
                "n": agreement.n,
                "k": agreement.k,
                **figures_of(figures),
                "difference": against.difference,
                "difference_ci": [against.low, against.high],
                "p_value": against.p_value,
                "specs": [str(one.stored.spec) for one in distance.extractors],
            }
        )
    return rows
