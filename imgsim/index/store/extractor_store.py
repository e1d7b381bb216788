"""The extractors of a store, their statistics, and the distances that are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgsim.core import ExtractorSpec, Statistics


@dataclass(frozen=True)
class StoredExtractor:
    """An extractor that the index holds features of.

    Parameters
    ----------
    id : int
        Its key in this index.
    spec : ExtractorSpec
        What rebuilds it.
    dim : int
        Values in a row.
    binary : bool
        Whether rows are kept as packed bits.
    """

    id: int
    spec: ExtractorSpec
    dim: int
    binary: bool


class DefaultQuery(NamedTuple):
    """How queries compare photos unless told otherwise.

    Parameters
    ----------
    extractors : tuple of (StoredExtractor, float)
        Each with its weight; several are fused.
    metric : str or None
        None for each extractor's own.
    """

    extractors: tuple[tuple[StoredExtractor, float], ...]
    metric: str | None = None


class ExtractorStore(Protocol):
    """Keeps extractors, what is pinned of each, what queries compare by, and the calibrations of distances."""

    def extractors(self) -> list[StoredExtractor]:
        """List the extractors, the first indexed first."""

    def add_extractor(self, spec: ExtractorSpec, dim: int, *, binary: bool) -> StoredExtractor:
        """Add an extractor, or find it; the first one becomes the default.

        Parameters
        ----------
        spec : ExtractorSpec
            What rebuilds it; equal specs are one extractor.
        dim : int
            Values in a row.
        binary : bool
            Whether rows have bits of 0 and 1 only, and may be packed.

        Returns
        -------
        StoredExtractor
            With its key in this index.
        """

    def drop_extractor(self, extractor: StoredExtractor) -> None:
        """Remove an extractor, its features, and the calibrations of distances that it has a part in.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.
        """

    def default_query(self) -> DefaultQuery | None:
        """Give what queries compare by unless told otherwise: the first extractor until another is set."""

    def set_default(self, query: DefaultQuery) -> None:
        """Set what queries compare by unless told otherwise.

        Parameters
        ----------
        query : DefaultQuery
            Of extractors that the store has.
        """

    def is_pinned(self, extractor: StoredExtractor) -> bool:
        """Tell whether an extractor's statistics are pinned.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.

        Returns
        -------
        bool
            False until `pin_statistics` was called for it.
        """

    def statistics(self, extractor: StoredExtractor) -> Statistics | None:
        """Give the pinned statistics of an extractor's features.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.

        Returns
        -------
        Statistics or None
            None before any are pinned.
        """

    def pin_statistics(self, extractor: StoredExtractor, statistics: Statistics) -> None:
        """Pin the statistics of an extractor's features.

        Parameters
        ----------
        extractor : StoredExtractor
            As `extractors` lists it.
        statistics : Statistics
            In place of earlier ones.
        """

    def calibrations(self) -> dict[str, str]:
        """Give every calibration, as JSON, by the name of the distance that it is of."""

    def keep_calibration(self, distance: str, extractors: Iterable[StoredExtractor], calibration: str) -> None:
        """Keep the calibration of a distance, in place of an earlier one, until one of its extractors is dropped.

        Parameters
        ----------
        distance : str
            Its name, as `calibrations` gives it back.
        extractors : iterable of StoredExtractor
            That have a part in the distance.
        calibration : str
            JSON.
        """

    def stale_calibrations(self) -> set[str]:
        """Give the names of the distances whose calibrations were fitted to other features than there are now."""

    def make_calibrations_stale(self) -> None:
        """Note that features are others than those that calibrations were fitted to; one kept anew is not stale."""

    def forget_calibrations(self) -> None:
        """Forget all of them."""
