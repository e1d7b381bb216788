"""Every kind of store that there is: what one promises, all keep. A new one joins `STORES`."""

from pathlib import Path

from imgsim.core import ImageRecord
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.index.store.photo_store import MeasuredPhoto
from tests.index.dict_store import DictStore


def open_sqlite(folder: Path) -> SqliteStore:
    return SqliteStore.open_writer(str(folder), str(folder.parent))


def open_dictionaries(folder: Path) -> DictStore:
    return DictStore(str(folder.parent))


STORES = {"sqlite": open_sqlite, "dictionaries": open_dictionaries}


def put_described(store, described):
    """Store photos, by path, with these attributes."""
    with store.transaction():
        for number, (path, attributes) in enumerate(described.items()):
            record = ImageRecord(path, 100 + number, 1, number.to_bytes(16, "big"), 640 + number, 480, attributes)
            store.put(MeasuredPhoto(record, {}))
