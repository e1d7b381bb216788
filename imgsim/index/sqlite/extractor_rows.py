"""The extractors of a SQLite index, their statistics, and the distances that are made of them."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np

from imgsim.index.sqlite.database import Database
from imgsim.index.store.extractor_store import DefaultQuery, StoredExtractor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgsim.core import ExtractorSpec, Statistics


class ExtractorRows(Database):
    """Extractors, as `imgsim.index.store.extractor_store.ExtractorStore` describes them."""

    def extractors(self) -> list[StoredExtractor]:
        """List the extractors, the first indexed first."""
        rows = self._connection.execute("SELECT id, spec, dim, binary FROM extractors ORDER BY id")
        return [self.values.extractor(*row) for row in rows]

    def default_query(self) -> DefaultQuery | None:
        """Give what queries compare by unless told otherwise: the first extractor until another is set."""
        stored = {extractor.id: extractor for extractor in self.extractors()}
        chosen, metric = self.values.default(self._meta("default_query"))
        if chosen and all(key in stored for key, _ in chosen):
            return DefaultQuery(tuple((stored[key], weight) for key, weight in chosen), metric)
        return DefaultQuery(((next(iter(stored.values())), 1.0),)) if stored else None

    def set_default(self, query: DefaultQuery) -> None:
        """Set what queries compare by unless told otherwise."""
        pairs = [(extractor.id, weight) for extractor, weight in query.extractors]
        self._set_meta("default_query", json.dumps({"extractors": pairs, "metric": query.metric}))

    def add_extractor(self, spec: ExtractorSpec, dim: int, *, binary: bool) -> StoredExtractor:
        """Add an extractor, or find it; the first one becomes the default."""
        self._write(
            "INSERT OR IGNORE INTO extractors (spec, dim, binary) VALUES (?, ?, ?)", spec.to_json(), dim, binary
        )
        return next(extractor for extractor in self.extractors() if extractor.spec == spec)

    def drop_extractor(self, extractor: StoredExtractor) -> None:
        """Remove an extractor, its features, and the calibrations of distances that it has a part in."""
        self._connection.execute(
            "DELETE FROM calibrations WHERE distance IN"
            " (SELECT distance FROM calibrated_extractors WHERE extractor_id = ?)",
            (extractor.id,),
        )
        self._write("DELETE FROM extractors WHERE id = ?", extractor.id)

    def is_pinned(self, extractor: StoredExtractor) -> bool:
        """Tell whether an extractor's statistics are pinned."""
        return bool(self._one("SELECT statistics IS NOT NULL FROM extractors WHERE id = ?", extractor.id))

    def statistics(self, extractor: StoredExtractor) -> Statistics | None:
        """Give the pinned statistics of an extractor's features, if there are any yet."""
        blob = self._one("SELECT statistics FROM extractors WHERE id = ?", extractor.id)
        return None if blob is None else self.values.statistics(blob, extractor)

    def pin_statistics(self, extractor: StoredExtractor, statistics: Statistics) -> None:
        """Pin the statistics of an extractor's features."""
        arrays = {key: value for key, value in vars(statistics).items() if value is not None}
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        self._write("UPDATE extractors SET statistics = ? WHERE id = ?", buffer.getvalue(), extractor.id)

    def calibrations(self) -> dict[str, str]:
        """Give every calibration, as JSON, by the name of the distance that it is of."""
        rows = self._connection.execute("SELECT distance, calibration FROM calibrations")
        return dict(self.values.typed(row, str, str, of="a calibration") for row in rows)

    def keep_calibration(self, distance: str, extractors: Iterable[StoredExtractor], calibration: str) -> None:
        """Keep the calibration of a distance, in place of an earlier one, until one of its extractors is dropped."""
        self._connection.execute("INSERT OR REPLACE INTO calibrations VALUES (?, ?, 0)", (distance, calibration))
        rows = ((distance, extractor.id) for extractor in extractors)
        self._connection.executemany("INSERT OR IGNORE INTO calibrated_extractors VALUES (?, ?)", rows)

    def stale_calibrations(self) -> set[str]:
        """Give the names of the distances whose calibrations were fitted to other features than there are now."""
        rows = self._connection.execute("SELECT distance FROM calibrations WHERE stale")
        return {self.values.text(distance, "a calibration") for (distance,) in rows}

    def make_calibrations_stale(self) -> None:
        """Note that features are others than those that calibrations were fitted to."""
        self._connection.execute("UPDATE calibrations SET stale = 1")

    def forget_calibrations(self) -> None:
        """Forget all of them."""
        self._connection.execute("DELETE FROM calibrations")
