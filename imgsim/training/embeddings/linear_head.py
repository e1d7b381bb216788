"""A projection that begins as a linear map learned from classes: training goes on from about where the map ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.training.embeddings.linear.within_class import find_axes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.training.embeddings.linear.linear_methods import LinearMap


class Projection(NamedTuple):
    """What a linear layer from D values to `dim` begins with: a weight (dim, D) and a bias (dim,)."""

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]


def project_map(mapped: LinearMap, rows: Features, dim: int, rng: np.random.Generator) -> Projection:
    """Bring a map (D, D) down to `dim` values, so that inner products of mapped rows change as little as can be.

    Parameters
    ----------
    mapped : LinearMap
        Learned from `rows`.
    rows : ndarray of float32, shape (N, D)
        By whose mapped values axes are found: the first of them, where there are more than `dim`. What of all D lies
        across those of fewer photos is projected at random, and lengthened by as much as that shortens it on average,
        so that rows of other classes, which lie there too, are as far apart as they were.
    dim : int
        As many values as D or more keep all inner products.
    rng : numpy.random.Generator
        Draws the random projection, and turns the result, so that all values vary alike.

    Returns
    -------
    Projection
        As large as an orthogonal one, in the Frobenius norm, so that a learning rate means the same to both.

    References
    ----------
    W. B. Johnson, J. Lindenstrauss, "Extensions of Lipschitz Mappings into a Hilbert Space", Contemporary Mathematics
    26, 1984, lemma 1: inner products under a random projection.
    """
    width = mapped.projection.shape[1]
    kept = min(dim, width)
    axes = find_axes(mapped(rows))[0][:, :kept]
    across = kept - axes.shape[1]
    if across:
        drawn = rng.standard_normal((width, across))
        drawn = np.linalg.qr(drawn - axes @ (axes.T @ drawn))[0]
        axes = np.concatenate([axes, drawn * np.sqrt((width - axes.shape[1]) / across)], axis=1)
    turned = np.linalg.qr(rng.standard_normal((dim, kept)))[0]
    weight = turned @ (mapped.projection @ axes).T
    weight *= np.sqrt(kept) / np.linalg.norm(weight)
    return Projection(weight, -weight @ mapped.mean)
