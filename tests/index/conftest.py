"""Indexes that have lost something."""

import sqlite3
from contextlib import closing

import pytest


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
