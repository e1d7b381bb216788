"""Which pairs of a lost and a found photo fit together, by conditions on what is known of both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, reduce
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import ExpressionError
from imgsim.paths import composed
from imgsim.tables.values import facts_of
from imgsim.where.check import PLURALS, check, find_subject
from imgsim.where.conditions import AllOf, AnyOf, Compares, Has, NoneOf
from imgsim.where.pair_parse import NEAR, Reference, parse_pair
from imgsim.where.pair_reasons import list_parts
from imgsim.where.select import holds
from imgsim.where.side_names import of_side, split_side

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from imgsim.core import ImageRecord, Keys
    from imgsim.where.check import Subject
    from imgsim.where.conditions import Condition
    from imgsim.where.facts import FactTable

    Places = Mapping[str, NDArray[np.intp]]  # of photos of either side: (q, 1) and (1, n)
    Holds = Callable[[Places], NDArray[np.bool_]]  # broadcasts to (q, n)
    Value = bool | int | float | str

ORDERED = ("number", "date", "text")
UNORDERED = ("boolean",)
_END = "\x7f"  # sorts after all that can follow in a date
# A value is compared with the moments from `begin` on until `end` that another one stands for.
_OPERATORS: dict[str, Callable[[NDArray[Any], NDArray[Any], NDArray[Any]], NDArray[np.bool_]]] = {
    "=": lambda value, begin, end: (value >= begin) & (value < end),
    "<": lambda value, begin, _: value < begin,
    "<=": lambda value, _, end: value < end,
    ">": lambda value, _, end: value >= end,
    ">=": lambda value, begin, _: value >= begin,
}


class SidePhotos(NamedTuple):
    """One side: what its conditions are answered from, its photos' keys (P,), and what is known of each of them."""

    facts: FactTable
    photos: Keys
    records: Callable[[], Iterator[ImageRecord]]


@dataclass(frozen=True)
class _Named:
    """An attribute or field of a side."""

    side: str
    subject: Subject

    def __str__(self) -> str:
        return f"{self.side}.{self.subject.name}"


class PairConditions:
    """Expressions on pairs of photos; `near` holds pairs of places that are neighbours.

    Examples
    --------
    ``found.found_on >= lost.lost_on - 2 days and found.kind = lost.kind``
    """

    def __init__(
        self,
        expressions: Sequence[str],
        sides: Mapping[str, SidePhotos],
        near: Collection[tuple[str, str]] | None = None,
        now: datetime | None = None,
    ) -> None:
        now = now or datetime.now()
        self._sides = sides
        self._near = near
        self._catalogues = {name: side.facts.types() for name, side in sides.items()}
        self._values: dict[_NamedKey, list[list[tuple[str, Value]]]] = {}
        self._records: dict[str, list[ImageRecord]] = {}
        self.absent: dict[str, None] = {}  # names of which nothing is known, which hold as missing
        self.unknown_places: list[str] = []  # of `near`, which no photo has
        texts = [composed(text) for text in expressions]
        self._trees = [(parse_pair(text, now), text) for text in texts]
        self._holds = [self._prepared(tree, text) for tree, text in self._trees]

    def __len__(self) -> int:
        return len(self._holds)

    def allowed(self, lost: NDArray[np.intp], found: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Tell which pairs of photos fit together: places (q,) and (n,) among the sides' give (q, n)."""
        places = {"lost": lost[:, None], "found": found[None]}
        fitting = np.ones((len(lost), len(found)), bool)
        for condition in self._holds:
            fitting &= condition(places)
        return fitting

    def reasons(self, lost: int, found: int) -> list[str]:
        """Tell which parts of the expressions hold for a pair of photos, given by their places, as they are written."""
        places = {"lost": np.array([[lost]]), "found": np.array([[found]])}
        return [text for text, condition in self._parts.items() if condition(places).any()]

    @cached_property
    def _parts(self) -> dict[str, Holds]:
        parts = ((*part, text) for tree, text in self._trees for part in list_parts(tree))
        return {written: self._prepared(part, text) for written, part, text in parts}

    def _prepared(self, tree: Condition, text: str) -> Holds:
        """Make ready to tell for which pairs a condition holds."""
        match tree:
            case Has():
                return self._of_one_side(tree, text)
            case Compares():
                return self._compared(tree, text)
            case NoneOf(inner):
                negated = self._prepared(inner, text)
                return lambda places: ~negated(places)
            case AllOf(conditions):
                every = [self._prepared(one, text) for one in conditions]
                return lambda places: reduce(np.logical_and, (one(places) for one in every))
            case AnyOf(conditions):
                some = [self._prepared(one, text) for one in conditions]
                return lambda places: reduce(np.logical_or, (one(places) for one in some))

    def _compared(self, leaf: Compares, text: str) -> Holds:
        """Divide a comparison into those with one value each, if any is another attribute's."""
        if not any(isinstance(literal, Reference) for literal in leaf.literals):
            return self._of_one_side(leaf, text)
        if leaf.operator in ("like", "contains"):
            reason = f"{leaf.operator} looks for text in quotes, not for another attribute"
            raise ExpressionError(text, leaf.literals[0].position, reason)
        if leaf.operator == "between":
            low, high = leaf.literals
            ends = (replace(leaf, operator=">=", literals=(low,)), replace(leaf, operator="<=", literals=(high,)))
            return self._prepared(AllOf(ends), text)
        if leaf.operator == "in":
            return self._prepared(
                AnyOf(tuple(replace(leaf, operator="=", literals=(one,)) for one in leaf.literals)), text
            )
        (reference,) = leaf.literals
        assert isinstance(reference, Reference)
        return self._crossed(leaf, reference, text)

    def _of_one_side(self, leaf: Compares | Has, text: str) -> Holds:
        """Ask a side's index for which of its photos a condition holds."""
        side, name = split_side(leaf.name)
        photos, catalogue = self._sides[side], self._catalogues[side]
        with of_side(side):
            condition = check(replace(leaf, name=name), text, catalogue)
            if find_subject(name, catalogue, quoted=leaf.quoted) is None:
                self.absent[leaf.name] = None
        fitting = holds(photos.facts, condition, photos.photos)
        return lambda places: fitting[places[side]]

    def _named(self, name: str, *, quoted: bool) -> _Named | None:
        side, bare = split_side(name)
        with of_side(side):
            subject = find_subject(bare, self._catalogues[side], quoted=quoted)
        if subject is None:
            self.absent[name] = None
        return subject and _Named(side, subject)

    def _crossed(self, leaf: Compares, reference: Reference, text: str) -> Holds:
        """Compare an attribute with another."""
        one = self._named(leaf.name, quoted=leaf.quoted)
        other = self._named(str(reference.value), quoted=reference.quoted)
        if one is None or other is None:
            return lambda _: np.zeros((1, 1), bool)
        types = _common_types(one, other, leaf.operator, reference, text)
        if leaf.operator == NEAR:
            if self._near is None:
                raise ExpressionError(text, leaf.position, "near needs a table of which places are neighbours")
            columns = self._columns(one, other, "text")
            there = {place for column in columns for places in column for place in places}
            self.unknown_places += sorted({place for pair in self._near for place in pair} - there)
            return _near(columns, (one.side, other.side), self._near)
        compared = [
            _crossing(self._columns(one, other, type_), (one.side, other.side), leaf.operator, type_, reference.days)
            for type_ in types
        ]
        return lambda places: reduce(np.logical_or, (holds_(places) for holds_ in compared))

    def _columns(self, one: _Named, other: _Named, type_: str) -> tuple[list[list[Value]], list[list[Value]]]:
        """Give both attributes' values of a type, photo by photo."""
        first, second = (
            [[value for kind, value in values if kind == type_] for values in self._values_of(named)]
            for named in (one, other)
        )
        return first, second

    def _values_of(self, named: _Named) -> list[list[tuple[str, Value]]]:
        """Give the typed values of each photo of a side."""
        key = (named.side, named.subject.name, named.subject.field)
        if key not in self._values:
            if named.side not in self._records:
                self._records[named.side] = list(self._sides[named.side].records())
            records = self._records[named.side]
            self._values[key] = [_values(record, named.subject) for record in records]
        return self._values[key]


_NamedKey = tuple[str, str, bool]


def _values(record: ImageRecord, subject: Subject) -> list[tuple[str, Value]]:
    if subject.field:
        value = getattr(record, subject.name)
        return [] if value is None else [(next(iter(subject.types)), value)]
    name = subject.name
    held = {key: value for key, value in record.attributes.items() if key == name or composed(key) == name}
    return [(type_, value) for _, type_, value in facts_of(held) if type_ not in ("list", "object")]


def _common_types(one: _Named, other: _Named, operator: str, reference: Reference, text: str) -> list[str]:
    """List the types in which two attributes compare."""
    allowed = ("text",) if operator == NEAR else ORDERED if operator not in ("=",) else (*ORDERED, *UNORDERED)
    if reference.days and "date" not in other.subject.types:
        reason = f"days are added to dates, {other} holds {_held(other)}"
        raise ExpressionError(text, reference.position, reason)
    types = [type_ for type_ in allowed if type_ in one.subject.types and type_ in other.subject.types]
    if reference.days:
        types = [type_ for type_ in types if type_ == "date"]
    if not types:
        reason = f"{one} holds {_held(one)}, {other} holds {_held(other)}: {operator} does not compare them"
        raise ExpressionError(text, reference.position, reason)
    return types


def _held(named: _Named) -> str:
    return " and ".join(PLURALS.get(type_, f"{type_}s") for type_ in sorted(named.subject.types))


def _crossing(
    columns: tuple[list[list[Value]], list[list[Value]]], sides: tuple[str, str], operator: str, type_: str, days: int
) -> Holds:
    """Compare values of one type with values of another attribute, whichever of a photo's."""
    values, others = columns
    if type_ == "date":
        begins: list[list[Value]] = [_moved(dates, days) for dates in others]
        ends: list[list[Value]] = [[f"{date}{_END}" for date in dates] for dates in begins]
        codes = _codes(values, begins, ends)
        value, begin, end = (_table(column, codes) for column in (values, begins, ends))
    else:
        codes = _codes(values, others)
        value, begin = _table(values, codes), _table(others, codes)
        end = begin + 1
    compare = _OPERATORS[operator]

    def of_pairs(places: Places) -> NDArray[np.bool_]:
        one, other = places[sides[0]], places[sides[1]]
        found = []
        for own in value:
            mine = own[one]
            for first, last in zip(begin, end, strict=True):
                there, until = first[other], last[other]
                found.append(compare(mine, there, until) & (mine >= 0) & (there >= 0))
        return reduce(np.logical_or, found)

    return of_pairs


def _near(
    columns: tuple[list[list[Value]], list[list[Value]]], sides: tuple[str, str], near: Collection[tuple[str, str]]
) -> Holds:
    """Tell which places are the same or neighbours."""
    codes = _codes(*columns)
    one, other = (_table(column, codes) for column in columns)
    neighbours = np.eye(len(codes) + 1, dtype=bool)
    neighbours[-1, -1] = False  # of those that have no place
    for pair in near:
        known = [codes[place] for place in pair if place in codes]
        if len(known) == 2:
            neighbours[known, known[::-1]] = True

    def of_pairs(places: Places) -> NDArray[np.bool_]:
        return reduce(
            np.logical_or,
            (neighbours[own[places[sides[0]]], its[places[sides[1]]]] for own in one for its in other),
        )

    return of_pairs


def _codes(*columns: list[list[Value]]) -> dict[Value, int]:
    """Give each value its place among all."""
    different = {value for column in columns for values in column for value in values}
    return {value: place for place, value in enumerate(sorted(different))}


def _table(column: list[list[Value]], codes: dict[Value, int]) -> NDArray[np.int64]:
    """Write values as their numbers, -1 where there is none: (most values of a photo, photos)."""
    table = np.full((max(1, max(map(len, column), default=0)), len(column)), -1)
    for place, values in enumerate(column):
        for row, value in enumerate(values):
            table[row, place] = codes[value]
    return table


def _moved(dates: Sequence[Value], days: int) -> list[Value]:
    """Add days to dates as the calendar has them; where it ends there is none."""
    if not days:
        return list(dates)
    moved: list[Value] = []
    for date in map(str, dates):
        try:
            day = datetime.fromisoformat(date[:10]) + timedelta(days=days)
        except OverflowError:
            continue
        moved.append(day.date().isoformat() + date[10:])
    return moved
