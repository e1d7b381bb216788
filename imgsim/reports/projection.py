"""From features to points on a plane, so that people can look at a gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from imgsim.reports.figures import PlotError, checked

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Method = Literal["pca", "tsne"]
METHODS: tuple[Method, ...] = ("pca", "tsne")
_FIRST = 50  # principal components that t-SNE begins from
_PERPLEXITY = 30.0
_FEWEST = 4  # photos below which t-SNE has no neighbours to speak of


def project(features: ArrayLike, method: Method = "pca", *, seed: int = 0) -> NDArray[np.float64]:
    """Place photos on a plane, look-alikes close to each other.

    Parameters
    ----------
    features : array_like of float, shape (N, D)
        A row for each photo.
    method : {"pca", "tsne"}, default "pca"
        The two principal components, which keep large distances; or t-SNE, which keeps neighbours and nothing else:
        gaps between its groups, and their sizes, mean nothing.
    seed : int, default 0
        Of what is random in it.

    Returns
    -------
    ndarray of float64, shape (N, 2)
        The points; what cannot be told apart lies at 0.

    Raises
    ------
    PlotError
        If the method is another, or the features are empty, NaN or infinite.

    Notes
    -----
    t-SNE starts from the first 50 principal components, at the points of the first two, with a perplexity of 30 or, for
    fewer than 91 photos, a third of the neighbours there are. Fewer than 4 photos are placed by principal components.

    References
    ----------
    L. van der Maaten, G. Hinton, "Visualizing Data using t-SNE", Journal of Machine Learning Research 9, 2008.
    L. van der Maaten, "Accelerating t-SNE using Tree-Based Algorithms", Journal of Machine Learning Research 15, 2014.

    Examples
    --------
    >>> project([[0.0, 5.0], [2.0, 5.0], [4.0, 5.0]]).round(6).tolist()
    [[-2.0, 0.0], [0.0, 0.0], [2.0, 0.0]]
    """
    if method not in METHODS:
        raise PlotError(f"unknown projection {method!r}: choose from {', '.join(METHODS)}")
    rows = checked(features, "the features", (None, None))
    components = _principal_components(rows, 2 if method == "pca" else _FIRST, seed)
    plane = np.zeros((len(rows), 2))
    plane[:, : components.shape[1]] = components[:, :2]
    if method == "pca" or len(rows) < _FEWEST or not plane.any():
        return plane
    return _neighbourly(components, plane, seed)


def _principal_components(rows: NDArray[np.float64], most: int, seed: int) -> NDArray[np.float64]:
    """Rotate rows to their principal axes, and keep the first of them; equal rows have none."""
    if len(rows) == 1 or not np.ptp(rows, axis=0).any():
        return np.zeros((len(rows), 0))
    from sklearn.decomposition import PCA

    components: NDArray[np.float64] = PCA(min(most, *rows.shape), random_state=seed).fit_transform(rows)
    return components


def _neighbourly(components: NDArray[np.float64], plane: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Run t-SNE from points of the plane."""
    from sklearn.manifold import TSNE

    start = (plane / plane[:, 0].std() * 1e-4).astype(np.float32)  # the scale that scikit-learn gives its own
    perplexity = min(_PERPLEXITY, (len(plane) - 1) / 3)
    points = TSNE(2, perplexity=perplexity, init=start, random_state=seed).fit_transform(components)
    return np.asarray(points, np.float64)
