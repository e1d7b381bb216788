"""What people decided about pairs of photos, and what they were told, in a SQLite index."""

from __future__ import annotations

import os
from itertools import groupby
from typing import TYPE_CHECKING

from imgsim.index.sqlite.database import Database
from imgsim.index.store.pair_store import LATEST, SAID, STATES, DecidedPair

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS = "lost, found, state, lost_path, found_path, lost_store, who, decided_ns"


class PairRows(Database):
    """Pairs, as `imgsim.index.store.pair_store.PairStore` describes them."""

    def pairs(self, *, decided: bool = False) -> list[DecidedPair]:
        """List the pairs, by the paths that they were known by, the lost one's first; perhaps without what was said."""
        chosen = f"SELECT {COLUMNS} FROM pairs{' WHERE state != ?' * decided}"  # noqa: S608 (written above)
        rows = self._connection.execute(
            f"{chosen} ORDER BY lost_path, found_path, lost, found", (SAID,) * decided
        ).fetchall()
        kinds = (bytes, bytes, str, bytes, bytes, str, str, int)
        lost, found, states, *paths, stores, who, moments = self.values.columns(rows, *kinds, of="a pair")
        if not set(states) <= set(STATES):
            raise self.values.damage("a pair of another state")
        if moments and not (min(moments) >= 0 and max(moments) < LATEST):
            raise self.values.damage("a pair of another age")
        lost_paths, found_paths = map(self.values.paths, paths)
        columns = (lost, found, states, lost_paths, found_paths, who, moments, stores)
        return list(map(DecidedPair, *columns))

    def keep_pairs(self, pairs: Iterable[DecidedPair]) -> None:
        """Keep pairs, in place of what was kept of them; what was only said takes the place of nothing."""
        values = ", ".join("?" * len(COLUMNS.split(",")))
        for was_said, same in groupby(pairs, lambda pair: pair.state == SAID):
            rows = (
                (*pair[:3], os.fsencode(pair.lost_path), os.fsencode(pair.found_path), pair.lost_store, *pair[5:7])
                for pair in same
            )
            way = "IGNORE" if was_said else "REPLACE"
            self._connection.executemany(f"INSERT OR {way} INTO pairs ({COLUMNS}) VALUES ({values})", rows)  # noqa: S608

    def forget_pairs(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """Forget what was kept of pairs."""
        self._connection.executemany("DELETE FROM pairs WHERE lost = ? AND found = ?", pairs)
