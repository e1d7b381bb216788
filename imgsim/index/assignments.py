"""Attributes as people set them by hand, on one photo or on many at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.errors import ParameterError, UnknownNameError
from imgsim.index.photo_lookup import PhotoLookup
from imgsim.paths import composed
from imgsim.tables.values import READERS, kind_of, read_value
from imgsim.where.conditions import FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence

    from imgsim.index.store.store import Store


class AttributeEdit(NamedTuple):
    """What became of photos: the attributes that they were given, None for one removed; how many, how many anew."""

    attributes: dict[str, Any]
    photos: int
    changed: int


def edit_attributes(
    store: Store,
    photos: Iterable[str] | None,
    assignments: Iterable[str],
    dropped: Iterable[str] = (),
    where: Sequence[str] = (),
) -> AttributeEdit:
    """Change attributes of photos, as a user writes it, within a transaction: of those named for which `where` holds.

    Without names, of all for which it holds.
    """
    chosen = _chosen(store, photos, where)
    attributes = _read(store, assignments, dropped)
    return AttributeEdit(attributes, len(chosen), store.change_attributes(chosen, attributes))


def drop_attributes(store: Store, names: Iterable[str]) -> dict[str, int]:
    """Remove attributes from all photos, hidden ones too, and what declares them; give how many photos had each."""
    types, declared, dropped = store.facts.types(), store.declared, {}
    typed = {one.known.key: set(map(composed, store.typed(one.known.key))) for one in store.hidden()}
    for name in dict.fromkeys(map(composed, names)):
        hidden = [key for key, held in typed.items() if name in held]
        if not hidden and name not in declared:
            _check_known(name, types)
        shown = dict.fromkeys(store.facts.having(name).tolist())
        dropped[name] = store.change_attributes([*shown, *hidden], {name: None})
        if not dropped[name] and name not in declared:
            raise ParameterError(f"{name} was measured of the photos, and typed of none: there is nothing to drop")
    store.set_declared({name: type_ for name, type_ in declared.items() if name not in dropped})
    return dropped


def parse_assignment(
    text: str, types: Mapping[str, Collection[str]], declared: Collection[str] = ()
) -> tuple[str, Any]:
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
        said = f"{name} is declared to be" if name in declared else f"on other photos {name} is"
        raise ParameterError(f"{text}: {said} {kinds}; '{name}=\"{value}\"' makes it text")
    return name, read


def _chosen(store: Store, photos: Iterable[str] | None, where: Sequence[str]) -> list[Hashable]:
    """Give the keys of the photos that are meant, each once."""
    import numpy as np

    from imgsim.where.select import select_photos

    named = None if photos is None else list(dict.fromkeys(map(PhotoLookup(store).find, photos)))
    if named is not None and not where:
        return named
    keys = store.photo_keys() if named is None else np.array(named)
    chosen: list[Hashable] = keys[select_photos(store.facts, where, keys)].tolist()
    return chosen


def _read(store: Store, assignments: Iterable[str], dropped: Iterable[str]) -> dict[str, Any]:
    """Read what attributes become, by name."""
    types, declared = store.facts.types(), store.declared
    only_declared = {name for name, type_ in declared.items() if types.get(name) == {type_}}
    attributes: dict[str, Any] = {}
    for text in assignments:
        name, value = parse_assignment(text, types, only_declared)
        if name in attributes:
            raise ParameterError(f"{text}: {name} is given twice")
        attributes[name] = value
    for name in map(composed, dropped):
        _check_known(name, types)
        if attributes.setdefault(name, None) is not None:
            raise ParameterError(f"{name} is set and dropped: only one can be")
    return attributes


def _check_known(name: str, types: Mapping[str, Collection[str]]) -> None:
    """Refuse what is no attribute of the index."""
    if name in types:
        return
    if name in FIELDS:
        raise ParameterError(f"{name}: what every photo has by that name stays")
    raise UnknownNameError("attribute", name, types)


def _quoted(text: str, value: str) -> str:
    try:
        return str(json.loads(value))
    except json.JSONDecodeError:
        raise ParameterError(f'{text}: a double quote or a backslash within text is written \\" or \\\\') from None
