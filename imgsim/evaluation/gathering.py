"""An index's features as one array, a row a photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.index.parts import Parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.index.choosing import ChosenDistance
    from imgsim.index.store import Store


def gather_features(store: Store, distance: ChosenDistance) -> tuple[Features, NDArray[np.bool_]]:
    """Gather the features of whole photos, those of several extractors side by side.

    Parameters
    ----------
    store : Store
        The index, within a snapshot.
    distance : ChosenDistance
        Whose extractors.

    Returns
    -------
    features : ndarray of float32, shape (photos, D)
        By path.
    present : ndarray of bool, shape (photos,)
        Which photos have all of them; the rows of others hold zeros.
    """
    starts = Parts(store.part_keys()[1]).starts
    columns, present = [], np.ones(len(starts), bool)
    for one in distance.extractors:
        chunks = list(store.features(one.stored))
        columns.append(np.concatenate([rows for rows, _ in chunks])[starts])
        present &= np.concatenate([there for _, there in chunks])[starts]
    return np.concatenate(columns, axis=1), present
