"""Changing the attributes of one photo by hand."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from imgsim.errors import ImgsimError, ParameterError
from imgsim.index.attributes.values import READERS, read_value
from imgsim.index.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


def edit_attributes(directory: str, photo: str, assignments: Iterable[str]) -> dict[str, Any]:
    """Change attributes of a photo, as a user writes it.

    Parameters
    ----------
    directory : str
        The index's own folder.
    photo : str
        A path that opens from here, or the photo's path within the indexed folder.
    assignments : iterable of str
        ``NAME=VALUE`` each, as for `parse_assignment`.

    Returns
    -------
    dict
        What was set; None is what was removed.

    Raises
    ------
    ParameterError
        If an assignment is not understood, or its value does not fit the attribute's others.
    IndexLockedError
        If another process is writing the index.
    IndexWriteError
        If the index cannot be written.
    ImgsimError
        If the photo is not in the index.
    """
    store = SqliteStore.open_writer(directory, os.path.dirname(os.path.abspath(directory)))
    try:
        path = _path_within(store, photo)
        types = store.facts.types()
        attributes: dict[str, Any] = {}
        for assignment in assignments:
            name, value = parse_assignment(assignment, types)
            if name in attributes:
                raise ParameterError(f"{assignment}: {name} is given twice")
            attributes[name] = value
        with store.transaction():
            store.merge_attributes(path, attributes)
    finally:
        store.close()
    return attributes


def parse_assignment(text: str, types: Mapping[str, Collection[str]]) -> tuple[str, Any]:
    """Read ``NAME=VALUE``.

    Parameters
    ----------
    text : str
        The value is of the type that the attribute has on other photos, or else of the type that it looks like; in
        double quotes it is text; nothing removes the attribute.
    types : mapping of str to collection of str
        The attributes of the index and their types.

    Returns
    -------
    tuple of str and value
        Name and value; None for nothing.

    Raises
    ------
    ParameterError
        If it has another form, or a value of another type than the attribute has.

    Examples
    --------
    >>> types = {"size": {"text"}, "price": {"number"}}
    >>> [parse_assignment(text, types)[1] for text in ("size=38", "price=38", 'price="38"', "size=", "new=2026-05-01")]
    ['38', 38, '38', None, '2026-05-01']
    """
    name, equals, value = (piece.strip() for piece in text.partition("="))
    if not equals or not name:
        raise ParameterError(f"{text}: write NAME=VALUE, for example price=5; NAME= removes one")
    if not value:
        return name, None
    if value[0] == value[-1] == '"' and len(value) > 1:
        return name, _quoted(text, value)
    held = {"text", *READERS}.intersection(types.get(name, ()))
    if not held:
        return name, read_value(value)
    if "text" in held:
        return name, value
    read = next(
        (read for type_, reader in READERS.items() if type_ in held and (read := reader(value)) is not None), None
    )
    if read is None:
        kinds = " or ".join("true or false" if type_ == "boolean" else f"a {type_}" for type_ in sorted(held))
        raise ParameterError(f"{text}: on other photos {name} is {kinds}; '{name}=\"{value}\"' makes it text")
    return name, read


def _quoted(text: str, value: str) -> str:
    try:
        return str(json.loads(value))
    except json.JSONDecodeError:
        raise ParameterError(f'{text}: a double quote or a backslash within text is written \\" or \\\\') from None


def _path_within(store: SqliteStore, photo: str) -> str:
    """Find a photo's path within the indexed folder."""
    root = store.root
    seen_from_here = os.path.relpath(os.path.abspath(photo), os.path.abspath(root))
    resolved = os.path.relpath(os.path.realpath(photo), os.path.realpath(root))
    there = os.path.lexists(photo)
    for path in (seen_from_here, resolved, *([] if there else [photo])):
        if store.photo_key(path) is not None:
            return path
    reason = f"not in the index of {root}; `imgsim index` adds it" if there else "no such file"
    raise ImgsimError(f"{photo}: {reason}")
