"""Stores of each kind, and indexes that have lost something."""

import sqlite3
from contextlib import closing

import pytest

from tests.stores import STORES


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


@pytest.fixture(params=sorted(STORES))
def store(request, tmp_path):
    """An empty store of each kind."""
    folder = tmp_path / "index"
    folder.mkdir()
    opened = STORES[request.param](folder)
    yield opened
    opened.close()
