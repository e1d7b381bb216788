"""The words that every floor speaks: images, features, extractors, records and matches."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

# Written as text so that naming a type imports no NumPy.
Image: TypeAlias = "NDArray[np.uint8]"  # (H, W, 3) RGB, 0..255, EXIF-upright
Features: TypeAlias = "NDArray[np.float32]"  # (N, D), one finite row per image
Distances: TypeAlias = "NDArray[np.float64]"  # (Q, N), smaller is closer, never NaN
Keys: TypeAlias = "NDArray[Any]"  # (N,) of photos or parts: opaque values of one dtype that the store chooses
ParamValue: TypeAlias = "int | float | str | bool"

EMBEDDING = "embedding:"  # before what names a learned model, whole; in a spec, the first digits of its SHA-256
CLASSIFIER = "classifier:"  # likewise, of what says which kind of thing a photo shows
WORKING_SIZE = 320  # px, the shorter side that all extractors share one decode at, unless they ask for more


class Scale(NamedTuple):
    """The scale at which an extractor wants a photo.

    Parameters
    ----------
    working_size : int
        Pixels that the decode must keep on the shorter side; a smaller photo is left as it is.
    exact : bool
        Whether a larger one is brought to just that. If not, it is left as it is decoded while its shorter side is
        less than twice that: for extractors that resample photos themselves, since once is quicker and sharper.
    """

    working_size: int = WORKING_SIZE
    exact: bool = True


@dataclass(frozen=True)
class ExtractorSpec:
    """Enough to rebuild an extractor: what is stored in the index.

    Parameters
    ----------
    name : str
        Its name in the table of extractors.
    params : tuple of (str, int, float, str or bool) pairs
        Every parameter with its value, defaults written out, sorted by name.
    version : int
        Bumped whenever the extractor's output changes.

    Examples
    --------
    >>> spec = ExtractorSpec("histogram", (("bins", 8), ("space", "lab")), 1)
    >>> str(spec)
    'histogram:bins=8,space=lab'
    >>> ExtractorSpec.from_json(spec.to_json()) == spec
    True
    """

    name: str
    params: tuple[tuple[str, ParamValue], ...] = ()
    version: int = 1

    def __str__(self) -> str:
        if self.name.startswith((EMBEDDING, CLASSIFIER)):
            return self.name
        params = ",".join(f"{key}={value}" for key, value in self.params if value != "")
        return f"{self.name}:{params}" if params else self.name

    def to_json(self) -> str:
        """Write the spec as canonical JSON: equal specs give equal text."""
        return json.dumps({"name": self.name, "params": dict(self.params), "version": self.version}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Parameters
        ----------
        text : str
            JSON.

        Returns
        -------
        ExtractorSpec
            An equal one.
        """
        raw = json.loads(text)
        return cls(raw["name"], tuple(sorted(raw["params"].items())), raw["version"])


class Extractor(Protocol):
    """Turns images into features; stateless after construction, and owner of its preprocessing."""

    @property
    def paper(self) -> str:
        """Where it was described, in a line."""

    @property
    def version(self) -> int:
        """Bumped whenever the output changes."""

    @property
    def spec(self) -> ExtractorSpec:
        """What rebuilds this extractor."""

    @property
    def dim(self) -> int:
        """Number of values in a row."""

    @property
    def scale(self) -> Scale:
        """How large the images are that it wants."""

    @property
    def metric(self) -> str:
        """Its default distance."""

    @property
    def binary(self) -> bool:
        """Whether every value is 0 or 1; such rows are stored as packed bits."""

    def extract(self, images: Sequence[Image]) -> Features:
        """Measure images, one row each, in order; a row depends on its image and the spec alone.

        Parameters
        ----------
        images : sequence of ndarray of uint8, shape (H, W, 3)
            Upright RGB, sizes may differ.

        Returns
        -------
        ndarray of float32, shape (len(images), dim)
            Finite values.
        """


@dataclass(frozen=True)
class Statistics:
    """What some metrics must know of a gallery; pinned in the index, so that distances do not drift as it grows.

    Parameters
    ----------
    count : int
        Number of rows that were measured.
    mean, variance : ndarray of float64, shape (D,)
        Of each value over the rows; the variance divides by ``count - 1``.
    covariance : ndarray of float64, shape (D, D), or None
        None for rows too long to keep it for.
    sample : ndarray of float32, shape (S, D)
        A seeded sample of rows, from which the median pair distance under any metric follows.
    """

    count: int
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    covariance: NDArray[np.float64] | None
    sample: Features


class FittedMetric(Protocol):
    """A distance between rows, ready to use: smaller is closer, never NaN.

    Rows are compared in a `space` of the metric's own: `embed` brings features there once, `bounds` then encloses the
    distances to a whole gallery quickly, and `exact` gives those that matter to full precision.
    """

    @property
    def space(self) -> str:
        """Name of the space; metrics that share it share embedded galleries."""

    def embed(self, features: Features) -> NDArray[Any]:
        """Bring features into the metric's space.

        Parameters
        ----------
        features : ndarray of float32, shape (N, D)
            As an extractor gives them.

        Returns
        -------
        ndarray, shape (N, R)
            What `bounds` and `exact` compare, of any type.
        """

    def bounds(
        self, queries: NDArray[Any], rows: NDArray[Any], squared_norms: NDArray[np.float32]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Enclose the distances from embedded queries to embedded rows.

        Parameters
        ----------
        queries : ndarray, shape (Q, R)
            As `embed` gives them.
        rows : ndarray, shape (N, R)
            Likewise.
        squared_norms : ndarray of float32, shape (N,)
            Of the rows.

        Returns
        -------
        tuple of ndarray of floating, shape (Q, N)
            Lower and upper bounds, which may be one array; no distance that `exact` gives is outside.
        """

    def exact(self, query: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.float64]:
        """Measure the distances from an embedded query to embedded rows in full.

        Parameters
        ----------
        query : ndarray, shape (R,)
            As `embed` gives it.
        rows : ndarray, shape (N, R)
            Likewise.

        Returns
        -------
        ndarray of float64, shape (N,)
            Never NaN; the same for a row whichever others are beside it.
        """

    def __call__(self, queries: Features, gallery: Features) -> Distances:
        """Measure every distance between two sets of features.

        Parameters
        ----------
        queries : ndarray of float32, shape (Q, D)
            As an extractor gives them.
        gallery : ndarray of float32, shape (N, D)
            Likewise.

        Returns
        -------
        ndarray of float64, shape (Q, N)
            Never NaN.
        """


class Metric(Protocol):
    """A kind of distance; fitting gives it the gallery's statistics, which most do not need.

    Beside its name, a metric tells its domain (``"real"``, ``"non-negative"`` or ``"boolean"`` features), its
    definition as a formula, what it answers for the degenerate rows that the formula leaves open, and the range that
    no distance leaves.
    """

    name: ClassVar[str]
    domain: ClassVar[str]
    definition: ClassVar[str]
    degenerate: ClassVar[str]
    range: ClassVar[tuple[float, float]]
    needs_statistics: ClassVar[bool]

    def fit(self, statistics: Statistics | None = None) -> FittedMetric:
        """Return the distance for a gallery with these statistics.

        Parameters
        ----------
        statistics : Statistics, optional
            Of the gallery; not read unless `needs_statistics`.

        Returns
        -------
        FittedMetric
            Ready to use.

        Raises
        ------
        MetricDomainError
            If statistics are needed and absent, or lack the covariance.
        """


@dataclass(frozen=True)
class ImageRecord:
    """What the index knows of a photo, besides its features.

    Parameters
    ----------
    path : str
        Posix path relative to the index root: the key. Undecodable bytes are surrogate escapes (`os.fsdecode`).
    size : int
        Bytes.
    mtime_ns : int
        Modification time, nanoseconds since the epoch.
    digest : bytes
        BLAKE2b-128 of the file's content.
    width, height : int
        Pixels of the upright photo at full scale.
    attributes : mapping, optional
        A JSON object.
    added_ns : int, optional
        When it was first indexed, nanoseconds since the epoch; None where that was not noted.

    Attributes
    ----------
    added : str or None
        The same, as `modified` is written.
    modified : str
        When its file was changed last, as the local clock showed it: ``2026-05-01T10:30:00``.
    """

    path: str
    size: int
    mtime_ns: int
    digest: bytes
    width: int
    height: int
    attributes: Mapping[str, Any] = field(default_factory=dict)
    added_ns: int | None = None

    @property
    def added(self) -> str | None:
        """When it was first indexed, as the local clock showed it."""
        return None if self.added_ns is None else local_time(self.added_ns)

    @property
    def modified(self) -> str:
        """When its file was changed last, as the local clock showed it."""
        return local_time(self.mtime_ns)


def local_time(nanoseconds: int) -> str:
    """Write a moment since the epoch as the local clock shows it, to the second."""
    return datetime.fromtimestamp(nanoseconds // 10**9).isoformat()


@dataclass(frozen=True)
class Match:
    """One row of an answer.

    Parameters
    ----------
    rank : int
        1 for the closest; photos are counted, not their parts.
    path : str
        Relative to the index root.
    part : str
        The part of the photo that was closest; empty for the whole photo.
    distance : float
        Smaller is closer.
    attributes : mapping
        What the index holds for the photo.
    lacking : tuple of str
        Extractors of a fused query that have no features for this photo: it was ranked by the others.
    probability : float or None
        That this is the thing asked for, where the distance was calibrated.
    reranked : float or None
        By what a re-ranked match is ordered in place of its distance; smaller is closer.
    """

    rank: int
    path: str
    part: str
    distance: float
    attributes: Mapping[str, Any] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()
    probability: float | None = None
    reranked: float | None = None
