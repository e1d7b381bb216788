"""Attributes once more, one row for each value, sorted by value: what conditions are answered from."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.index.sqlite.comparisons import COMPOSED, OF_IMAGES, OF_KIND, PREFIX, column_of, compile_comparison
from imgsim.index.sqlite.stored_values import StoredValues
from imgsim.paths import composed
from imgsim.tables.values import facts_of
from imgsim.where.facts import AttributeCount
from imgsim.where.order import PLAIN
from imgsim.where.patterns import PATTERNS

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.index.sqlite.explanations import Connection
    from imgsim.where.conditions import Compares


HELD = "iif(json_type(attributes, ?) IS NULL, measured, attributes)"  # the object that an attribute is read from


DECLARED = "declared"  # the key of those that are known whether or not photos have them
_RANKED = [("key", np.int64), ("rank", np.int64)]
TYPES = ("boolean", "date", "list", "number", "object", "text")


class Held(NamedTuple):
    """A photo's attributes: what people typed, and what was measured."""

    typed: dict[str, Any]
    measured: dict[str, Any]

    @classmethod
    def read(cls, values: StoredValues, typed: object, measured: object) -> Held:
        """Read both columns."""
        return cls(*(values.json(column, "the attributes of a photo") for column in (typed, measured)))

    @property
    def together(self) -> dict[str, Any]:
        """What is seen: a typed attribute hides a measured one."""
        return self.measured | self.typed


class Facts:
    """The facts of an index."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._values = StoredValues(connection.directory)
        for name, function in PATTERNS.items():
            connection.create_function(PREFIX + name, 2, function, deterministic=True)
        connection.create_function(
            COMPOSED, 1, lambda path: os.fsencode(composed(os.fsdecode(path))), deterministic=True
        )

    # ---------------------------------------------------------------- writing

    def replace(self, photo: Hashable, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Bring a photo's facts from old attributes to new ones."""
        self._exchange(*_difference(photo, old, new))

    def _exchange(self, gone: Sequence[tuple[object, ...]], come: Sequence[tuple[object, ...]]) -> None:
        """Remove facts, and add others."""
        execute = self._connection.executemany
        execute(f"DELETE {OF_KIND} AND value = ? AND image_id = ?", gone)
        execute("INSERT OR IGNORE INTO kinds (name, type) VALUES (?, ?)", [fact[2:] for fact in come])
        execute("INSERT OR IGNORE INTO facts SELECT id, ?, ? FROM kinds WHERE name = ? AND type = ?", come)

    def write(self, photo: int, old: Held, new: Held) -> bool:
        """Bring a photo's attributes from old to new ones, and its facts with them; tell whether they differ."""
        before, (typed, measured) = map(json.dumps, old), map(json.dumps, new)
        if [*before] == [typed, measured]:
            return False
        self.replace(photo, old.together, new.together)
        row = (typed, measured, photo)
        self._connection.execute("UPDATE images SET attributes = ?, measured = ? WHERE id = ?", row)
        return True

    def change(self, photos: Sequence[Hashable], changes: Mapping[str, Any], chunk: int = 1000) -> int:
        """Change some typed attributes of many photos alike, hidden ones too; give how many of them that changed."""
        return sum(self._change(photos[start : start + chunk], changes) for start in range(0, len(photos), chunk))

    def _change(self, photos: Sequence[Hashable], changes: Mapping[str, Any]) -> int:
        columns = "SELECT id, hidden, attributes, measured FROM images WHERE id IN (SELECT value FROM json_each(?))"
        given = {name: value for name, value in changes.items() if value is not None}
        gone, come, rows = [], [], []
        for photo, hidden, *held in self._connection.execute(columns, (json.dumps(photos),)).fetchall():
            typed, measured = Held.read(self._values, *held)
            old = _named(typed, changes)
            if json.dumps(old, sort_keys=True) == json.dumps(given, sort_keys=True):
                continue
            changed = {name: value for name, value in typed.items() if name in given or name not in old} | given
            rows.append((json.dumps(changed), photo))
            if not hidden:  # which has no facts
                behind = _named(measured, changes)
                lost, found = _difference(photo, behind | old, behind | given)
                gone += lost
                come += found
        self._exchange(gone, come)
        self._connection.executemany("UPDATE images SET attributes = ? WHERE id = ?", rows)
        return len(rows)

    # ---------------------------------------------------------------- reading

    def held(self, photo: Hashable) -> Held:
        """Give all attributes of a photo."""
        columns = "SELECT attributes, measured FROM images WHERE id = ?"
        return Held.read(self._values, *self._connection.execute(columns, (photo,)).fetchone())

    def types(self) -> dict[str, set[str]]:
        """Give the attributes that photos have or that are declared, and the types of their values."""
        rows = self._connection.execute(
            "SELECT name, type FROM kinds WHERE EXISTS (SELECT 1 FROM facts WHERE kind_id = kinds.id) ORDER BY name"
        )
        declared = self._connection.execute("SELECT value FROM meta WHERE key = ?", (DECLARED,)).fetchone()
        types = {name: {type_} for name, type_ in self._values.declared(declared and declared[0]).items()}
        for name, type_ in rows:
            if type_ not in TYPES:
                raise self._values.damage("an attribute of no type")
            types.setdefault(self._values.text(name, "an attribute's name"), set()).add(type_)
        return types

    def counts(self) -> list[AttributeCount]:
        """Count the photos that have each attribute, by name."""
        rows = self._connection.execute(
            "SELECT name, count(DISTINCT image_id) FROM kinds JOIN facts ON kind_id = kinds.id GROUP BY name"
        )
        photos = dict(rows)
        types = self.types().items()
        return sorted(AttributeCount(name, tuple(sorted(some)), photos.get(name, 0)) for name, some in types)

    def where(self, comparison: Compares) -> NDArray[np.int64]:
        """Give the keys of the photos for which a comparison holds, in any order, perhaps twice."""
        return self._keys(*compile_comparison(comparison))

    def having(self, name: str) -> NDArray[np.int64]:
        """Give the keys of the photos that have an attribute, in any order, perhaps twice."""
        return self._keys("SELECT image_id FROM facts WHERE kind_id IN (SELECT id FROM kinds WHERE name = ?)", (name,))

    def ranks(self, name: str, *, field: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give keys of photos, and which place the value of each takes among all values of an attribute."""
        column = column_of(name) if field else ""
        sources: list[tuple[str, tuple[str, ...]]] = [(OF_KIND, (name, type_)) for type_ in PLAIN]
        if field:
            sources = [(f"{OF_IMAGES} {column} IS NOT NULL", ())]
        key, value = ("id", column) if field else ("image_id", "value")
        found, begin = [np.zeros(0, _RANKED)], 0
        for source, parameters in sources:
            ranked = f"SELECT {key}, dense_rank() OVER (ORDER BY {value}) {source}"
            rows = np.fromiter(self._connection.execute(ranked, parameters), _RANKED)
            rows["rank"] += begin
            begin = max(begin, int(rows["rank"].max(initial=0)))
            found.append(rows)
        joined = np.concatenate(found)
        return joined["key"], joined["rank"]

    def texts(self, name: str) -> list[str]:
        """Give the different texts that are values of an attribute."""
        rows = self._connection.execute(f"SELECT DISTINCT value {OF_KIND}", (name, "text"))
        return [self._values.text(value, "an attribute") for (value,) in rows]

    def numbers_within(self, name: str, member: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Give the keys of the photos that have a number in an attribute that is an object, and the numbers."""
        if '"' in name + member:  # a path cannot say it
            return np.zeros(0, np.int64), np.zeros(0)
        numbers = f"SELECT id, json_extract({HELD}, ?) AS number FROM images WHERE hidden = ''"  # noqa: S608 (what stands above)
        rows = self._connection.execute(
            f"SELECT id, number FROM ({numbers}) WHERE typeof(number) IN ('integer', 'real')",  # noqa: S608
            (f'$."{name}"', f'$."{name}"."{member}"'),
        )
        found = np.fromiter(rows, dtype=[("key", np.int64), ("number", np.float64)])
        return found["key"], found["number"]

    def names_within(self, name: str) -> list[str]:
        """Give the names in an attribute that is an object, over all photos."""
        within = f"SELECT DISTINCT key FROM images, json_each({HELD}, ?) WHERE hidden = '' AND typeof(key) = 'text'"  # noqa: S608
        rows = self._connection.execute(within, (f'$."{name}"',) * 2)
        return sorted(key for (key,) in rows)

    def _keys(self, sql: str, parameters: tuple[int | float | str | bytes, ...]) -> NDArray[np.int64]:
        return np.fromiter((key for (key,) in self._connection.execute(sql, parameters)), np.int64)


def _named(attributes: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Leave the attributes of these names, however Unicode writes them."""
    return {
        name: value
        for name, value in attributes.items()
        if name in names or (not name.isascii() and composed(name) in names)
    }


def _difference(
    photo: Hashable, old: Mapping[str, Any], new: Mapping[str, Any]
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Give the facts of a photo that are to be removed and added, as parameters of those statements."""
    before, now = set(facts_of(old)), set(facts_of(new))
    gone: list[tuple[object, ...]] = [(name, type_, value, photo) for name, type_, value in before - now]
    come: list[tuple[object, ...]] = [(value, photo, name, type_) for name, type_, value in now - before]
    return gone, come
