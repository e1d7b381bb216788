"""Giving photos the attributes that a table has for them."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgsim.errors import ImgsimError, ParameterError
from imgsim.file_state import FileState, identity_of
from imgsim.paths import composed, key_within
from imgsim.tables.columns import read_columns
from imgsim.tables.matching import pair_rows
from imgsim.tables.photo_names import PhotoNames
from imgsim.tables.table import read_table
from imgsim.tables.values import READERS, kind_of, read_value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from imgsim.index.store import Known, Store


@dataclass(frozen=True)
class AttributeTable:
    """Where attributes come from."""

    path: str
    key: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Described:
    """What became of a table."""

    path: str
    changed: int
    lost_rows: Sequence[str]
    photos_without_row: Sequence[str]
    notes: Sequence[str]


class Description:
    """A table of attributes, read before anything is changed."""

    def __init__(self, source: AttributeTable) -> None:
        self._source = source
        self._table = read_table(source.path, source.encoding)

    def pair(self, root: str, paths: Collection[str]) -> None:
        """Find out which photo each row is about."""
        folder = os.path.dirname(os.path.abspath(self._source.path))
        self._pairing = pair_rows(self._table, PhotoNames(root, paths, folder), self._source.key)
        columns = [column for column in self._table.columns if column != self._pairing.key]
        self._values, self._notes = read_columns(self._table, columns)

    def apply(self, store: Store) -> Described:
        """Give each indexed photo the attributes of its row; only those that differ are written."""
        indexed, rows = store.known(), self._pairing.rows
        changed = sum(store.merge_attributes(path, self._values[row]) for path, row in rows.items() if path in indexed)
        without = sorted(indexed.keys() - rows.keys(), key=os.fsencode)
        unread = sorted((row, path) for path, row in rows.items() if path not in indexed)
        lost = [*self._pairing.lost, *(f"{self._table.place(row)} ({path}: not indexed)" for row, path in unread)]
        return Described(self._source.path, changed, lost, without, self._notes)


def edit_attributes(store: Store, photo: str, assignments: Iterable[str]) -> dict[str, Any]:
    """Change attributes of a photo, as a user writes it, within a transaction."""
    path = _path_within(store, photo)
    types = store.facts.types()
    attributes: dict[str, Any] = {}
    for assignment in assignments:
        name, value = parse_assignment(assignment, types)
        if name in attributes:
            raise ParameterError(f"{assignment}: {name} is given twice")
        attributes[name] = value
    store.merge_attributes(path, attributes)
    return attributes


def parse_assignment(text: str, types: Mapping[str, Collection[str]]) -> tuple[str, Any]:
    """Read ``NAME=VALUE``.

    Examples
    --------
    >>> types = {"size": {"text"}, "price": {"number"}}
    >>> [parse_assignment(text, types)[1] for text in ("size=38", "price=38", 'price="38"', "size=", "new=2026-05-01")]
    ['38', 38, '38', None, '2026-05-01']
    """
    name, equals, value = (piece.strip() for piece in text.partition("="))
    name = composed(name)
    if not equals or not name:
        raise ParameterError(f"{text}: write NAME=VALUE, for example price=5; NAME= removes one")
    if not value:
        return name, None
    if value[0] == value[-1] == '"' and len(value) > 1:
        return name, _quoted(text, value)
    held = {"text", *READERS}.intersection(types.get(name, ()))
    if "text" in held:
        return name, value
    read = read_value(value, held or READERS)
    if held and kind_of(read) == "text":
        kinds = " or ".join("true or false" if type_ == "boolean" else f"a {type_}" for type_ in sorted(held))
        raise ParameterError(f"{text}: on other photos {name} is {kinds}; '{name}=\"{value}\"' makes it text")
    return name, read


def _quoted(text: str, value: str) -> str:
    try:
        return str(json.loads(value))
    except json.JSONDecodeError:
        raise ParameterError(f'{text}: a double quote or a backslash within text is written \\" or \\\\') from None


def _path_within(store: Store, photo: str) -> str:
    """Find a photo's path within the indexed folder."""
    root = store.root
    seen_from_here = key_within(os.path.abspath(root), os.path.abspath(photo))
    resolved = key_within(os.path.realpath(root), os.path.realpath(photo))
    there = os.path.lexists(photo)
    for path in filter(None, (seen_from_here, resolved, None if there else photo)):
        if store.photo_key(path) is not None:
            return path
    known = store.known()
    same = _of_same_file(root, known, photo) if there else _composed_alike(known, {seen_from_here, resolved, photo})
    if same is not None:
        return same
    paths = set(filter(None, (seen_from_here, resolved, None if there else photo)))
    raise _not_indexed(store, photo, paths)


def _not_indexed(store: Store, photo: str, paths: Collection[str]) -> ImgsimError:
    """Say why a photo is not in an index, by its paths there, and what helps."""
    from imgsim.images.file_patterns import comes_by
    from imgsim.index.options import Remembered

    if not os.path.lexists(photo):
        hidden = any(one.path in paths for one in store.hidden())
        return ImgsimError(
            f"{photo}: {'missing: it is kept in the index until it is back' if hidden else 'no such file'}"
        )
    failures = [failure.reason for failure in store.failures() if failure.path in paths]
    if failures:
        return ImgsimError(f"{photo}: cannot be read, and so is not in the index of {store.root}: {failures[0]}")
    made = Remembered.of(store)
    if paths and not any(map(comes_by(made.include, made.exclude), paths)):
        return ImgsimError(f"{photo}: left out of the index of {store.root} by its patterns", remedy="other-patterns")
    return ImgsimError(f"{photo}: not in the index of {store.root}", remedy="add-photo")


def _of_same_file(root: str, known: Mapping[str, Known], photo: str) -> str | None:
    """Find the photo that another name of its file stands for: a link, or letters in another case where that is one."""
    try:
        status = os.stat(photo)
        identity, size = identity_of(photo, status), FileState.of(status).size
    except OSError:
        return None
    for path, state in known.items():
        with suppress(OSError):
            if state.size == size and identity_of(os.path.join(root, path)) == identity:
                return path
    return None


def _composed_alike(known: Iterable[str], names: Collection[str | None]) -> str | None:
    """Find the photo whose path differs from a name only in how Unicode writes it."""
    wanted = {composed(name) for name in names if name}
    return next((path for path in known if composed(path) in wanted), None)
