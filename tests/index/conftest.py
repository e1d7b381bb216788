"""Indexes of photos that are only described, or have lost something."""

import sqlite3
from contextlib import closing

import pytest

from imgsim.core import ImageRecord
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.index.store import MeasuredPhoto


def put_described(store, described):
    """Store photos, by path, with these attributes."""
    with store.transaction():
        for number, (path, attributes) in enumerate(described.items()):
            record = ImageRecord(path, 100 + number, 1, number.to_bytes(16, "big"), 640 + number, 480, attributes)
            store.put(MeasuredPhoto(record, {}))


@pytest.fixture
def describe(tmp_path):
    """Make an index: ``describe({"a.jpg": {"price": 5}})``."""
    stores = []

    def make(described):
        folder = tmp_path / f"index{len(stores)}"
        folder.mkdir()
        stores.append(SqliteStore.open_writer(str(folder), str(tmp_path)))
        put_described(stores[-1], described)
        return stores[-1]

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def lose_features():
    """Take from an index what one of its extractors measured of a photo: ``lose_features(folder, "3.png", 2)``."""

    def lose(folder, path, extractor_id):
        with closing(sqlite3.connect(folder / ".imgsim" / "index.sqlite")) as database, database:
            database.execute(
                "DELETE FROM features WHERE extractor_id = ? AND part_id ="
                " (SELECT parts.id FROM parts JOIN images ON image_id = images.id WHERE path = CAST(? AS BLOB))",
                (extractor_id, path),
            )
            database.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")

    return lose
