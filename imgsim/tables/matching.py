"""Which photos the rows of a table are about."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

from imgsim.errors import ParameterError, TableError, UnknownNameError
from imgsim.paths import composed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.tables.photo_names import PhotoNames
    from imgsim.tables.table import Table

LIKELY = ("path", "file", "filename", "file_name", "filepath", "file_path", "photo", "image", "picture", "name")
SAME_AS = ("same_as", "fetched_same_as")  # where a row without a name of its own may name another row's photo
SAMPLE = 1000  # rows that tell which column names the photos


@dataclass
class Pairing:
    """A table's rows beside the photos that they are about."""

    key: str | None
    rows: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    regardless: list[str] = field(default_factory=list)  # rows that name their photo in other upper and lower case


def pair_rows(table: Table, photo_names: PhotoNames, key: str | None = None) -> Pairing:
    """Find out which photo each row is about."""
    key = key and composed(key)
    named = pattern_column(key)
    column = named or key or find_column(table, photo_names)
    if column not in table.columns:
        raise UnknownNameError("column", column, table.columns)
    names = {place: key_text(row.cells[column]) for place, row in enumerate(table.rows) if column in row.cells}
    _refuse_twice(table, [(name, place) for place, name in names.items()])
    pairing = Pairing(None if named else column)
    unnamed = [place for place in range(len(table.rows)) if place not in names]
    pairing.lost += [
        f"{table.place(place)} (no {column})" for place in unnamed if not _is_further(table, place, photo_names)
    ]
    if named and key:
        _pair_by_pattern(table, pairing, names, key, photo_names)
    else:
        _pair_by_name(table, pairing, names, photo_names)
    return pairing


def _is_further(table: Table, place: int, photo_names: PhotoNames) -> bool:
    """Tell whether a row says of which other row's photo it is, as `imgsim fetch` writes it: that row tells of it."""
    cells = table.rows[place].cells
    return any(len(photo_names.find(key_text(cells[column]))) == 1 for column in SAME_AS if column in cells)


def pattern_column(key: str | None) -> str | None:
    """Give the column that a pattern of file names has in it.

    Examples
    --------
    >>> pattern_column("{house}_*.jpg"), pattern_column("file")
    ('house', None)
    """
    named = re.findall(r"\{([^{}]*)\}", key or "")
    if len(named) > 1:
        raise ParameterError(f"{key}: a pattern has one column in it", remedy="one-key")
    return named[0] if named else None


def key_text(value: object) -> str:
    """Write what says which photo as its file name has it: 25 for 25.0, which tables make of whole numbers."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def find_column(table: Table, photo_names: PhotoNames) -> str:
    """Give the column that says which photo: the one that finds most; of several, the likeliest by name."""
    columns = [column for column in table.columns if column not in SAME_AS] or table.columns
    some = table.rows[:: len(table.rows) // SAMPLE + 1]  # all, where few name photos
    for find, rows in product((photo_names.find, photo_names.find_regardless), (some, table.rows)):
        found = {
            column: sum(bool(find(key_text(row.cells[column]))) for row in rows if column in row.cells)
            for column in sorted(columns, key=lambda column: column.lower() not in LIKELY)
        }
        best = max(found, key=lambda column: found[column])
        if found[best] or not rows:
            return best
    reason = "no column names photos of the folder"
    raise TableError(table.path, reason, remedy="name-key", pattern=f"{{{best}}}_*.jpg")


def _pair_by_name(table: Table, pairing: Pairing, names: Mapping[int, str], photo_names: PhotoNames) -> None:
    found = {name: photo_names.find(name) for name in names.values()}
    pairs, regardless = [], find_others(photo_names, found)
    for place, name in names.items():
        photos = found[name]
        if len(photos) == 1:
            pairs.append((photos[0], place))
        elif name in regardless:
            pairing.regardless.append(f"{table.place(place)} ({name})")
            pairs.append((regardless[name], place))
        else:
            alike = photos or photo_names.find_regardless(name)
            but = "" if photos else " but for upper and lower case"
            several = f": {len(alike)} photos have this name{but}, {alike[0]} and {alike[1]}" if len(alike) > 1 else ""
            pairing.lost.append(f"{table.place(place)} ({name}{several})")
    _refuse_twice(table, pairs)
    pairing.rows = dict(pairs)


def find_others(photo_names: PhotoNames, found: Mapping[str, list[str]]) -> dict[str, str]:
    """Find the photos that one name alone means in other upper and lower case, where none was found as it stands."""
    exact = {photo for photos in found.values() for photo in photos}
    lost = {name: photo_names.find_regardless(name) for name, photos in found.items() if not photos}
    alike = {name: photos[0] for name, photos in lost.items() if len(photos) == 1 and photos[0] not in exact}
    times = Counter(alike.values())
    return {name: photo for name, photo in alike.items() if times[photo] == 1}


def _pair_by_pattern(
    table: Table, pairing: Pairing, names: Mapping[int, str], pattern: str, photo_names: PhotoNames
) -> None:
    places = {composed(name): place for place, name in names.items()}
    pairing.rows = {photo: places[value] for photo, value in photo_names.fitting(pattern, places)}
    about = set(pairing.rows.values())
    pairing.lost += [f"{table.place(place)} ({name})" for place, name in names.items() if place not in about]


def _refuse_twice(table: Table, pairs: list[tuple[str, int]]) -> None:
    """Make sure that no two rows are about the same thing."""
    first: dict[str, int] = {}
    twice = [(name, first[name], place) for name, place in pairs if first.setdefault(name, place) != place]
    if twice:
        name, one, other = twice[0]
        more = f" (and {len(twice) - 1} more such rows)" if len(twice) > 1 else ""
        raise TableError(table.path, f"{table.place(one)} and {table.place(other)} are both about {name}{more}")
