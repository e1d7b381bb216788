"""Indexes of photos that are only described."""

import pytest

from imgsim.core import ImageRecord
from imgsim.index.sqlite import SqliteStore
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
