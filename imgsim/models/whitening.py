"""PCA-whitening: a rotation and scaling of features, fitted once and kept as a model file with a hash."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.core import ExtractorSpec, Features
from imgsim.errors import WeightsError
from imgsim.files import write_whole
from imgsim.metrics.product import unit_rows
from imgsim.models.cache import about, digest_file, models_directory
from imgsim.models.regular_file import read_regular

if TYPE_CHECKING:
    from numpy.typing import NDArray


PREFIX = "whitening"
_ARRAYS = ("mean", "projection", "fitted_to")


@dataclass(frozen=True)
class Whitening:
    """Subtract a mean, rotate to principal axes, and divide by the deviation along each.

    Parameters
    ----------
    mean : ndarray of float32, shape (D,)
        Of the features that it was fitted on.
    projection : ndarray of float32, shape (D, R)
        Principal axes, the largest first, each divided by its standard deviation.
    fitted_to : str
        The specification of the extractor whose features these were, as JSON.

    References
    ----------
    H. Jegou, O. Chum, "Negative Evidences and Co-occurrences in Image Retrieval: The Benefit of PCA and Whitening",
    ECCV 2012.
    """

    mean: NDArray[np.float32]
    projection: NDArray[np.float32]
    fitted_to: str = ""

    @property
    def dim(self) -> int:
        """Values of a whitened row."""
        return int(self.projection.shape[1])

    def apply(self, features: Features) -> Features:
        """Whiten rows, shape (N, D), to unit rows, shape (N, R)."""
        # In float64 and row by row: the result does not depend on the rows beside it.
        centred = (features - self.mean).astype(np.float64)
        rows = np.stack([row @ self.projection for row in centred]) if len(centred) else np.zeros((0, self.dim))
        return unit_rows(rows).astype(np.float32)

    def to_bytes(self) -> bytes:
        """Write it as a file's content."""
        buffer = io.BytesIO()
        np.savez(buffer, mean=self.mean, projection=self.projection, fitted_to=np.array(self.fitted_to))
        return buffer.getvalue()


def fit_whitening(features: Features, dim: int, *, fitted_to: str = "") -> Whitening:
    """Fit a whitening.

    `features` (N, D).
    """
    if not 1 <= dim <= min(len(features) - 1, features.shape[1]):
        most = max(min(len(features) - 1, features.shape[1]), 0)
        raise WeightsError(f"{dim} axes cannot be fitted to {len(features)} photos: at most {most}")
    mean = features.mean(axis=0, dtype=np.float64)
    _, singular, axes = np.linalg.svd(features - mean, full_matrices=False)
    deviations = singular[:dim] / np.sqrt(len(features) - 1)
    if deviations[0] == 0:
        raise WeightsError("a whitening cannot be fitted to photos that are all alike")
    projection = axes[:dim].T / np.maximum(deviations, deviations[0] * 1e-6)
    return Whitening(mean.astype(np.float32), projection.astype(np.float32), fitted_to)


def store_whitening(whitening: Whitening) -> str:
    """Put a whitening into the model cache."""
    data = whitening.to_bytes()
    digest = hashlib.sha256(data).hexdigest()[:12]
    write_whole(_path(digest), data)
    return digest


def load_whitening(digest: str) -> Whitening:
    """Load a whitening from the model cache."""
    path = _path(digest)
    if not os.path.exists(path):
        raise WeightsError(f"no {os.path.basename(path)} in {models_directory()}", remedy="get-whitening")
    with about(path, "fit-whitening"):
        if digest_file(path)[:12] != digest:
            raise WeightsError("damaged or tampered with")
        return _read(read_regular(path))


def _read(data: bytes) -> Whitening:
    """Read what `Whitening.to_bytes` wrote, and nothing else."""
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            stored = sum(member.file_size for member in archive.infolist()) <= len(data)  # compressed, it may be vast
            mean, projection, fitted_to = (arrays[name] for name in _ARRAYS if stored)
        if fitted := str(fitted_to):
            ExtractorSpec.from_json(fitted)
        shaped = (projection.ndim, mean.shape) == (2, (len(projection),)) and 1 <= projection.shape[1] <= len(mean)
        numbers = all(array.dtype == np.float32 and np.isfinite(array).all() for array in (mean, projection))
    except Exception as error:  # damage surfaces as almost anything
        raise WeightsError("not a whitening") from error
    if not shaped or not numbers:
        raise WeightsError("not a whitening, which is D finite numbers and a matrix of them, D by at most D")
    return Whitening(mean, projection, fitted)


def _path(digest: str) -> str:
    return os.path.join(models_directory(), f"{PREFIX}--{digest}.npz")
