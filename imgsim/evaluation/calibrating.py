"""Calibrating a distance on labelled photos, each of which asks for the others as a query would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.calibration import CalibrationFit, fit_calibration
from imgsim.evaluation.neighbours import find_neighbours
from imgsim.index.choosing import load_facets

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgsim.index.choosing import ChosenDistance
    from imgsim.index.store import Store


def calibrate_distance(
    directory: str,
    store: Store,
    distance: ChosenDistance,
    codes: NDArray[np.intp],
    k: int,
    *,
    seed: int,
    advanced: Callable[[int], None] = lambda _: None,
) -> CalibrationFit:
    """Fit the probability that a match shows the same thing as its query, by its distance.

    Parameters
    ----------
    directory : str
        The index's own folder.
    store : Store
        The index, within a snapshot.
    distance : ChosenDistance
        What is calibrated.
    codes : ndarray of int, shape (photos,)
        What each photo shows, by path; -1 for those that nobody knows of, which take no part.
    k : int
        Matches of each query.
    seed : int
        Deals queries to folds.
    advanced : callable, optional
        Hears how many more photos have asked.

    Returns
    -------
    CalibrationFit
        To be kept with the index.

    Raises
    ------
    ImgsimError
        If all matches show the same thing as their query, or none does.

    Notes
    -----
    Photos that are alone in their class ask, too: nothing that they find is right, as when a lost thing was never
    handed in. The probabilities hold for queries of which as many have a match in the gallery.
    """
    facets = load_facets(directory, store, distance)
    found = find_neighbours(facets, k, wanted=codes >= 0, advanced=advanced)
    same = codes[found.photos][:, None] == codes[found.rows]
    groups = np.broadcast_to(found.photos[:, None], same.shape)
    return fit_calibration(found.distances.ravel(), same.ravel(), groups.ravel(), seed=seed)
