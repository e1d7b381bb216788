"""The photos of a SQLite index, their parts and features."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.core import ImageRecord
from imgsim.errors import ImgsimError
from imgsim.images.find import FoundImage
from imgsim.index.sqlite.fact_rows import Facts, Held
from imgsim.index.sqlite.feature_rows import BY_PATH, FeatureRows
from imgsim.index.sqlite.ledger_rows import LedgerRows
from imgsim.index.sqlite.stored_values import leads_out
from imgsim.index.store.photo_file_store import HiddenPhoto, Known
from imgsim.index.store.photo_store import MeasuredPhoto, StoredPhoto
from imgsim.tables.values import change_attributes, check_attributes

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.index.sqlite.explanations import Connection
    from imgsim.index.store.extractor_store import StoredExtractor

STATE = "size, mtime_ns, digest, decoding, ctime_ns, inode, id"
KNOWN = (int, int, bytes, int, int, int, int)  # their types


class PhotoRows(FeatureRows, LedgerRows):
    """Photos, as `PhotoStore`, `PhotoFileStore` and `AttributeStore` of `imgsim.index.store` describe them."""

    def __init__(self, directory: str, connection: Connection) -> None:
        super().__init__(directory, connection)
        self.facts = Facts(connection)

    def photo_keys(self) -> NDArray[np.int64]:
        """Give the keys of all photos, by path."""
        rows = self._connection.execute("SELECT id FROM images WHERE hidden = '' ORDER BY path")
        return np.fromiter((key for (key,) in rows), np.int64)

    def photo_key(self, path: str) -> int | None:
        """Give the key of a photo."""
        key: int | None = self._one("SELECT id FROM images WHERE path = ? AND hidden = ''", os.fsencode(path))
        return key

    def stored_photo(self, key: Hashable) -> StoredPhoto | None:
        """Give how a photo is stored."""
        state = ", ".join(f"images.{column}" for column in STATE.split(", "))
        row = self._connection.execute(
            f"SELECT parts.id, width, height, {state} {BY_PATH} WHERE images.id = ? AND hidden = '' AND owner = ''",
            (key,),
        ).fetchone()
        if row is None:
            return None
        part, width, height, *known = self.values.typed(row, int, int, int, *KNOWN, of="a photo's state")
        return StoredPhoto(Known(*known), part, width, height)

    def photos_with(self, digests: Iterable[bytes]) -> dict[bytes, list[Hashable]]:
        """Give the keys of the photos that have some contents, by path."""
        wanted = set(digests)
        photos: dict[bytes, list[Hashable]] = {}
        if wanted:
            rows = self._connection.execute("SELECT digest, id FROM images WHERE hidden = '' ORDER BY path").fetchall()
            for digest, key in rows:  # quicker than having SQLite look each up in a list of theirs
                if digest in wanted:
                    photos.setdefault(digest, []).append(key)
        return photos

    def known(self) -> dict[str, Known]:
        """Give every photo's path, with what tells whether it changed."""
        rows = self._connection.execute(f"SELECT path, {STATE} FROM images WHERE hidden = ''")  # noqa: S608
        raw, *states = self.values.columns(rows.fetchall(), bytes, *KNOWN, of="a photo's state")
        return dict(zip(self.values.paths(raw), map(Known, *states), strict=True))

    def hidden(self) -> list[HiddenPhoto]:
        """List the photos that are hidden, by path."""
        rows = self._connection.execute(
            f"SELECT path, hidden, {STATE} FROM images WHERE hidden != '' ORDER BY path, id"  # noqa: S608
        )
        values = self.values
        return [
            HiddenPhoto(
                values.path(raw),
                values.text(why, "why a photo is hidden"),
                Known(*values.typed(state, *KNOWN, of="a photo's state")),
            )
            for raw, why, *state in rows
        ]

    def lacking(self, extractor: StoredExtractor) -> set[str]:
        """Give the paths of photos without features of an extractor."""
        if self._count_all(extractor) == self._one("SELECT count(*) FROM parts"):
            return set()
        rows = self._connection.execute(
            "SELECT path FROM images WHERE hidden = '' AND NOT EXISTS"
            " (SELECT 1 FROM parts JOIN features ON part_id = parts.id"
            " WHERE image_id = images.id AND owner = '' AND extractor_id = ?)",
            (extractor.id,),
        )
        return {self.values.path(path) for (path,) in rows}

    def lacking_parts(self, extractor: StoredExtractor) -> set[str]:
        """Give the paths of photos with no part but the whole, or with one that lacks features of an extractor."""
        rows = self._connection.execute(
            "SELECT path FROM images WHERE hidden = ''"
            " AND (NOT EXISTS (SELECT 1 FROM parts WHERE image_id = images.id AND owner != '')"
            " OR EXISTS (SELECT 1 FROM parts WHERE image_id = images.id AND owner != '' AND NOT EXISTS"
            " (SELECT 1 FROM features WHERE part_id = parts.id AND extractor_id = ?)))",
            (extractor.id,),
        )
        return {self.values.path(path) for (path,) in rows}

    def put(self, photo: MeasuredPhoto) -> None:
        """Store a photo, its owner's parts in place of those that the owner made before."""
        record = photo.record
        if leads_out(record.path):
            raise ImgsimError(f"{record.path}: leads out of the indexed folder")
        state = "SELECT digest, decoding FROM images WHERE path = ? AND hidden = ''"
        known = self._connection.execute(state, (os.fsencode(record.path),)).fetchone()
        same = known == (record.digest, photo.decoding)
        file = FoundImage(record.path, record.size, record.mtime_ns, photo.ctime_ns, photo.inode)
        if same:
            self.touch(file)
        key = self.photo_key(record.path) if same else self._replace(record, file, photo.decoding)
        assert key is not None
        self._put_parts(key, photo)
        held = self.facts.held(key)
        typed = change_attributes(held.typed, record.attributes)
        self.facts.write(key, held, Held(typed, change_attributes(held.measured if same else {}, photo.measured)))
        self.forget_failures([record.path])

    def _replace(self, record: ImageRecord, file: FoundImage, decoding: int) -> int:
        """Store a photo that is new or has new content or pixels, of whose old parts none stays; give its key."""
        state = (*file[1:], record.digest, record.width, record.height, decoding)
        columns = "size, mtime_ns, ctime_ns, inode, digest, width, height, decoding"
        self._write(
            f"INSERT INTO images (path, added_ns, {columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
            f" ON CONFLICT (hidden, path) WHERE hidden = '' DO UPDATE SET ({columns}, headers) ="
            f" ({', '.join(f'excluded.{column}' for column in columns.split(', '))}, 0)",
            *(os.fsencode(record.path), record.added_ns, *state),
        )
        key = self.photo_key(record.path)
        assert key is not None
        self._write("DELETE FROM parts WHERE image_id = ?", key)
        return key

    def _put_parts(self, photo: int, measured: MeasuredPhoto) -> None:
        add = "INSERT OR IGNORE INTO parts (image_id, owner, name) VALUES (?, ?, ?)"
        if measured.owner:
            self._write(add, photo, "", "")
            self._write(
                "DELETE FROM parts WHERE image_id = ? AND owner = ? AND name NOT IN (SELECT value FROM json_each(?))",
                *(photo, measured.owner, json.dumps(measured.parts)),
            )
        for row, name in enumerate(measured.parts):
            part = (photo, measured.owner, name)
            self._write(add, *part)
            key = self._one("SELECT id FROM parts WHERE image_id = ? AND owner = ? AND name = ?", *part)
            for extractor, rows in measured.features.items():
                self._put_features(extractor, key, rows[row])

    def touch(self, file: FoundImage) -> None:
        """Note a new state of a file whose content is as before."""
        self._connection.execute(
            "UPDATE images SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ? WHERE path = ? AND hidden = ''",
            (*file[1:], os.fsencode(file.path)),
        )

    def note_decoding(self, paths: Iterable[str], decoding: int) -> None:
        """Note that photos have the same pixels under another version of decoding."""
        rows = ((decoding, os.fsencode(path)) for path in paths)
        self._connection.executemany("UPDATE images SET decoding = ? WHERE path = ? AND hidden = ''", rows)

    def hide(self, keys: Iterable[Hashable], why: str) -> None:
        """Hide photos with all that is known of them, or say anew why they are hidden."""
        for key in keys:
            self.facts.replace(key, self.facts.held(key).together, {})
            self._connection.execute("UPDATE images SET hidden = ? WHERE id = ? AND hidden != ''", (why, key))
            self._write("UPDATE images SET hidden = ? WHERE id = ? AND hidden = ''", why, key)

    def place(self, key: Hashable, file: FoundImage) -> None:
        """Say where a photo is now."""
        self._write(
            "UPDATE images SET path = ?, size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, hidden = '' WHERE id = ?",
            *(os.fsencode(file.path), *file[1:], key),
        )
        self.facts.replace(key, {}, self.facts.held(key).together)

    def typed(self, key: Hashable) -> dict[str, Any]:
        """Give the attributes that people typed of a photo."""
        return self.facts.held(key).typed

    def remove(self, keys: Iterable[Hashable]) -> None:
        """Remove photos with their features."""
        for key in keys:
            self.facts.replace(key, self.facts.held(key).together, {})
            self._write("DELETE FROM images WHERE id = ?", key)

    def merge_attributes(self, path: str, attributes: Mapping[str, Any]) -> bool:
        """Change some typed attributes of a photo and keep the others; tell whether that changed any."""
        key = self.photo_key(path)
        if key is None:
            raise ImgsimError(f"{path}: not in the index")
        held = self.facts.held(key)
        return self.facts.write(key, held, Held(change_attributes(held.typed, attributes), held.measured))

    def change_attributes(self, keys: Sequence[Hashable], attributes: Mapping[str, Any]) -> int:
        """Change some typed attributes of many photos alike; give how many of them that changed."""
        return self.facts.change(keys, check_attributes(attributes))

    def records(self, keys: Sequence[Hashable], chunk: int = 1000) -> Iterator[ImageRecord]:
        """Give what is known of some photos, in the order of their keys."""
        for start in range(0, len(keys), chunk):
            wanted = keys[start : start + chunk]
            found = self._connection.execute(
                "SELECT id, path, size, mtime_ns, digest, width, height, added_ns, attributes, measured FROM images"
                " WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(wanted),),
            )
            rows = {key: state for key, *state in found}
            for path, *state, added, typed, measured in map(rows.__getitem__, wanted):
                size, time, digest, *sides = self.values.typed(state, int, int, bytes, int, int, of="a photo's state")
                added_ns = self.values.moment(added)
                held = Held.read(self.values, typed, measured)
                name = self.values.path(path)
                yield ImageRecord(name, size, time, digest, sides[0], sides[1], held.together, added_ns)

    def inherit_added(self, key: Hashable, of: Hashable) -> None:
        """Let a photo have been added when another of its content was, if that was before it."""
        earlier = "min(added_ns, (SELECT added_ns FROM images WHERE id = ?))"  # NULL where either is
        self._connection.execute(f"UPDATE images SET added_ns = {earlier} WHERE id = ?", (of, key))  # noqa: S608
