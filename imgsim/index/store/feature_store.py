"""The features of a store: a row for each part of a photo, by each extractor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.core import Features, Keys
    from imgsim.index.store.extractor_store import StoredExtractor


class PartLabel(NamedTuple):
    """Whose row it is.

    Parameters
    ----------
    path : str
        The photo's, relative to the index root.
    part : str
        The name of the part; empty for the whole photo.
    attributes : mapping
        What is known of the photo, typed and measured.
    """

    path: str
    part: str
    attributes: Mapping[str, Any]


class Rows(NamedTuple):
    """Rows of features by one extractor.

    Parameters
    ----------
    features : ndarray of float32, shape (n, D)
        Zeros where `present` is false.
    present : ndarray of bool, shape (n,)
        Which parts have a row that is as it was stored.
    damaged : ndarray of bool, shape (n,)
        Which have one that is not, or that holds what is no number.
    """

    features: Features
    present: NDArray[np.bool_]
    damaged: NDArray[np.bool_]


class PartKeys(NamedTuple):
    """Every part in a store, by its photo's path, the whole photo before its parts; these by owner and name.

    Parameters
    ----------
    parts, photos : ndarray, shape (N,)
        The keys of the parts, and of their photos.
    whole : ndarray of bool, shape (N,)
        Which are whole photos: one of each photo.
    """

    parts: Keys
    photos: Keys
    whole: NDArray[np.bool_]


class FeatureStore(Protocol):
    """Keeps rows of features, and tells which photos lack some."""

    def part_keys(self) -> PartKeys:
        """Give the keys of all parts and of their photos, and which are whole photos."""

    def labels(self, part_keys: Sequence[Hashable]) -> list[PartLabel]:
        """Say whose rows these are, in order.

        Parameters
        ----------
        part_keys : sequence of hashable
            As `part_keys` has them.

        Returns
        -------
        list of PartLabel
            One a key.
        """

    def features(self, extractor: StoredExtractor, chunk: int = 256) -> Iterator[Rows]:
        """Stream an extractor's rows in the order of `part_keys`.

        Parameters
        ----------
        extractor : StoredExtractor
            Whose rows.
        chunk : int, default 256
            Rows at a time.

        Yields
        ------
        Rows
            So many, or fewer at the end.
        """

    def rows(self, extractor: StoredExtractor, part_keys: Sequence[Hashable]) -> Rows:
        """Read an extractor's rows of some parts.

        Parameters
        ----------
        extractor : StoredExtractor
            Whose rows.
        part_keys : sequence of hashable
            As `part_keys` has them; parts that are not stored have no row.

        Returns
        -------
        Rows
            In the order of the keys.
        """

    def put_rows(self, extractor: StoredExtractor, part_keys: Sequence[Hashable], rows: Features) -> None:
        """Store an extractor's rows of parts that are there.

        Parameters
        ----------
        extractor : StoredExtractor
            Whose rows.
        part_keys : sequence of hashable
            As `part_keys` has them.
        rows : ndarray of float32, shape (n, D)
            Finite, one a key.
        """

    def forget_features(self, extractor: StoredExtractor, part_keys: Iterable[Hashable]) -> None:
        """Remove an extractor's rows of some parts, which then lack them.

        Parameters
        ----------
        extractor : StoredExtractor
            Whose rows.
        part_keys : iterable of hashable
            As `part_keys` has them.
        """

    def count_features(self, extractor: StoredExtractor) -> int:
        """Count an extractor's rows.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.

        Returns
        -------
        int
            Of all parts.
        """

    def lacking(self, extractor: StoredExtractor) -> set[str]:
        """Give the paths of photos that, as a whole, have no features of an extractor.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.

        Returns
        -------
        set of str
            Relative to the index root.
        """

    def lacking_parts(self, extractor: StoredExtractor) -> set[str]:
        """Give the paths of photos with no part but the whole, or with one that lacks features of an extractor.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.

        Returns
        -------
        set of str
            Relative to the index root.
        """
