"""What an index remembers, whichever engine keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from imgsim.index.store.attribute_store import AttributeStore
from imgsim.index.store.extractor_store import ExtractorStore
from imgsim.index.store.feature_store import FeatureStore
from imgsim.index.store.ledger_store import LedgerStore
from imgsim.index.store.measurement_store import MeasurementStore
from imgsim.index.store.pair_store import PairStore
from imgsim.index.store.photo_file_store import PhotoFileStore
from imgsim.index.store.photo_store import PhotoStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from imgsim.index.store.stamp import Stamp


class Store(
    ExtractorStore,
    PhotoStore,
    PhotoFileStore,
    FeatureStore,
    AttributeStore,
    MeasurementStore,
    LedgerStore,
    PairStore,
    Protocol,
):
    """Keeps photos, features and failures; every write is an upsert, inside a transaction.

    A photo that is not where it was is hidden: only `hidden`, `typed` and `counts` tell of it, and `place` shows it
    again. Dropping extractors and choosing how colours are measured concerns it like the others.

    The keys of photos and parts are opaque: of one NumPy dtype without Python objects, which each store chooses, and
    only ever compared with each other. Attributes that were measured are kept apart from those that people typed;
    whatever is read of a photo has both, and a typed one hides a measured one of its name.
    """

    root: str  # the indexed folder, as an absolute path

    @property
    def stamp(self) -> Stamp:
        """Names the content."""

    @property
    def options(self) -> dict[str, Any]:
        """How the index is made, as a JSON object; empty until it is set."""

    def set_options(self, options: Mapping[str, Any]) -> None:
        """Set how the index is made; the stamp stays.

        Parameters
        ----------
        options : mapping
            A JSON object, in place of the one before.
        """

    def snapshot(self) -> AbstractContextManager[None]:
        """Read one consistent state inside the block."""

    def transaction(self) -> AbstractContextManager[None]:
        """Write all of the block, or nothing of it; a block within another is part of that one."""

    def counts(self) -> dict[str, int]:
        """Count ``photos``, those hidden because they are ``missing`` or ``left_out``, ``failures``, ``generation``."""

    def faults(self) -> list[str]:
        """Say what the engine itself finds wrong with the store; nothing, of one that is right."""

    def close(self) -> None:
        """Let go of the store."""
