"""What people decided about pairs of photos, and what they were told, in a SQLite index."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from imgsim.index.sqlite.database import Database
from imgsim.index.store import LATEST, SAID, STATES, DecidedPair

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

COLUMNS = "lost, found, state, lost_path, found_path, lost_store, who, decided_ns"


class PairRows(Database):
    """Pairs, as `imgsim.index.store.Store` describes them."""

    def pairs(self) -> list[DecidedPair]:
        """List the pairs, by the paths that they were known by, the lost one's first."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM pairs ORDER BY lost_path, found_path, lost, found"  # noqa: S608 (written above)
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
        places = ", ".join("?" * len(COLUMNS.split(",")))
        for pair in pairs:
            way = "IGNORE" if pair.state == SAID else "REPLACE"
            row = (
                *(pair.lost, pair.found, pair.state, os.fsencode(pair.lost_path), os.fsencode(pair.found_path)),
                *(pair.lost_store, pair.who, pair.decided_ns),
            )
            self._connection.execute(f"INSERT OR {way} INTO pairs ({COLUMNS}) VALUES ({places})", row)  # noqa: S608

    def forget_pairs(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """Forget what was kept of pairs."""
        self._connection.executemany("DELETE FROM pairs WHERE lost = ? AND found = ?", pairs)

    def photos_with(self, digests: Iterable[bytes]) -> dict[bytes, list[Hashable]]:
        """Give the keys of the photos that have some contents, by path."""
        wanted = json.dumps([digest.hex().upper() for digest in digests])
        rows = self._connection.execute(
            "SELECT digest, id FROM images WHERE hidden = '' AND hex(digest) IN (SELECT value FROM json_each(?))"
            " ORDER BY path",
            (wanted,),
        )
        photos: dict[bytes, list[Hashable]] = {}
        for digest, key in rows:
            photos.setdefault(digest, []).append(key)
        return photos
