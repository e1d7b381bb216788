"""Linear maps that can be learned from classes, in one table, and how each is fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from imgsim.training.embeddings.linear.discriminants import discriminants
from imgsim.training.embeddings.linear.neighbourhood_components import neighbourhood_components
from imgsim.training.embeddings.linear.refusals import LearningError
from imgsim.training.embeddings.linear.within_class import Differences, find_axes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    # Centred rows (N, D) whitened within classes, their codes, how many axes are wanted, and a seed, to axes (D, R).
    Axes: TypeAlias = Callable[[NDArray[np.float64], NDArray[np.intp], int, int], NDArray[np.float64]]

SHRINKAGES = (0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.99)
FEW_SHRINKAGES = (0.9, 1.0)  # where each takes long
USUAL_SHRINKAGE = 0.5  # where there are too few classes to choose by
COMPONENTS = 64  # of neighbourhood components, unless given: each step takes their number times the photos squared
SAME = 1e-9  # of a value's size: what it varies less by, over all photos, is rounding


class Method(NamedTuple):
    """A way to learn a map: where it was described, the shrinkages that are tried, and the axes that it finds."""

    paper: str
    shrinkages: tuple[float, ...]
    axes: Axes


class Form(NamedTuple):
    """What of a map is chosen by held-out classes: its shrinkage, and whether values are brought to one scale first."""

    shrinkage: float
    scaled: bool = False


class LinearMap(NamedTuple):
    """Rows less a mean (D,), times a matrix (D, R)."""

    mean: NDArray[np.float64]
    projection: NDArray[np.float64]

    def __call__(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map rows (N, D) to (N, R)."""
        mapped: NDArray[np.float64] = (rows - self.mean) @ self.projection
        return mapped


class Prepared(NamedTuple):
    """Rows that a map is fitted to, centred and perhaps scaled, and the differences within their classes."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    rows: NDArray[np.float64]
    codes: NDArray[np.intp]
    differences: Differences

    @classmethod
    def of(cls, rows: NDArray[np.float64], codes: NDArray[np.intp], *, scaled: bool) -> Prepared:
        """Centre rows (N, D) of classes 0 to C - 1, (N,)."""
        mean, deviation = rows.mean(axis=0), rows.std(axis=0)
        varied = deviation > SAME * np.abs(rows).max(axis=0, initial=0)
        if not varied.any():
            raise LearningError(f"all {len(rows)} photos have the same rows: there is nothing to learn from")
        # A value that never varies says nothing of how much it could: scaled, it is left out.
        scale = np.divide(1, deviation, out=np.zeros_like(mean), where=varied) if scaled else np.ones_like(mean)
        prepared = (rows - mean) * scale
        return cls(mean, scale, prepared, codes, Differences.of_classes(prepared, codes))

    def apply(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Centre and scale other rows likewise."""
        centred: NDArray[np.float64] = (rows - self.mean) * self.scale
        return centred

    def fit(self, method: Method, shrinkage: float, dim: int, seed: int) -> LinearMap:
        """Fit a map to rows of `dim` values."""
        whiten = self.differences.whitener(shrinkage)
        axes = method.axes(whiten(self.rows), self.codes, dim, seed)
        return LinearMap(self.mean, self.scale[:, None] * whiten(axes.T).T)


def principal_axes(rows: NDArray[np.float64], codes: NDArray[np.intp], dim: int, seed: int) -> NDArray[np.float64]:
    """Find the axes along which centred rows (N, D) differ most, (D, at most dim); all D as they are, (D, D)."""
    del codes, seed
    return np.eye(dim) if dim == rows.shape[1] else find_axes(rows)[0][:, :dim]


def _discriminants(rows: NDArray[np.float64], codes: NDArray[np.intp], dim: int, seed: int) -> NDArray[np.float64]:
    del seed
    return discriminants(rows, codes)[:, :dim]


def _components(rows: NDArray[np.float64], codes: NDArray[np.intp], dim: int, seed: int) -> NDArray[np.float64]:
    return neighbourhood_components(rows, codes, principal_axes(rows, codes, dim, seed), seed)


METHODS = {
    "whitening": Method(
        'K. Mikolajczyk, J. Matas, "Improving Descriptors for Fast Tree Matching by Optimal Linear Projection", '
        "ICCV 2007",
        SHRINKAGES,
        principal_axes,
    ),
    "lda": Method(
        'C. R. Rao, "The Utilization of Multiple Measurements in Problems of Biological Classification", '
        "J. Royal Statistical Society B 10(2), 1948",
        SHRINKAGES,
        _discriminants,
    ),
    "nca": Method(
        'J. Goldberger, S. Roweis, G. Hinton, R. Salakhutdinov, "Neighbourhood Components Analysis", NIPS 2004',
        FEW_SHRINKAGES,
        _components,
    ),
}


def fit_map(
    rows: NDArray[np.float64], codes: NDArray[np.intp], method: str, form: Form, *, dim: int, seed: int
) -> LinearMap:
    """Fit a map of a form to rows (N, D) of classes 0 to C - 1; LearningError where they do not tell so many axes."""
    fitted = Prepared.of(rows, codes, scaled=form.scaled).fit(METHODS[method], form.shrinkage, dim, seed)
    found = fitted.projection.shape[1]
    if found < dim:
        whole = "" if method == "lda" else f", or all {rows.shape[1]}"
        raise LearningError(f"{len(rows)} photos tell {found} axes apart, not {dim}: ask for at most those{whole}")
    return fitted


def choose_dim(method: str, wanted: int | None, width: int, photos: int, classes: int) -> int:
    """Tell how many values a map gives, of `width`; LearningError where so many cannot be had."""
    most = min(classes - 1, width) if method == "lda" else width
    if wanted is None:
        return min(COMPONENTS, width, photos - 1) if method == "nca" else most
    if wanted > most:
        why = f"{classes} classes have" if most < width else "rows have"
        raise LearningError(f"{wanted} axes: {why} {most} at most")
    return wanted
