"""Tables of places that are neighbours."""

from __future__ import annotations

from imgsim.errors import TableError
from imgsim.paths import composed
from imgsim.tables.table import read_table


def read_place_pairs(path: str) -> list[tuple[str, str]]:
    """Read pairs of places from the first two columns of a table."""
    table = read_table(path)
    if len(table.columns) < 2:
        raise TableError(path, "two columns are needed: a place and one that is near it")
    pairs = []
    for number, row in enumerate(table.rows):
        places = [row.cells.get(column) for column in table.columns[:2]]
        if None in places:
            raise TableError(path, f"{table.place(number)} has no two places")
        pairs.append((composed(str(places[0])), composed(str(places[1]))))
    return pairs
