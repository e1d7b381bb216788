"""How the cells of tables are written, as a user tells it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from imgsim.errors import ParameterError, UnknownNameError
from imgsim.paths import composed
from imgsim.tables.values import TYPES, as_boolean
from imgsim.tables.written_dates import ORDERS, read_date
from imgsim.tables.written_numbers import MARKS, read_number, read_price

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MONEY = "money"  # a number, whose currency is left out
ASKED_TYPES = tuple(sorted((MONEY, *TYPES)))
_FLAGS = {"yes": True, "no": False, "1": True, "0": False}  # of a column that is said to be boolean


@dataclass(frozen=True)
class CellForms:
    """How numbers and dates are written, and what type some columns have; what is None is written as programs do."""

    decimal: str | None = None  # the mark before decimals; the other one may then stand between thousands
    dates: str | None = None  # the order of day, month and year
    types: Mapping[str, str | None] = field(default_factory=dict)  # by column; where asked, None takes one back

    def __post_init__(self) -> None:
        if self.decimal not in (None, *MARKS):
            raise ParameterError(f"{self.decimal!r} is no decimal mark: choose . or ,")
        if self.dates not in (None, *ORDERS):
            raise UnknownNameError("order of dates", str(self.dates), ORDERS)
        for name, type_ in self.types.items():
            if type_ not in (None, *ASKED_TYPES):
                raise UnknownNameError(f"type of {name}", str(type_), ASKED_TYPES)

    def updated(self, asked: CellForms) -> CellForms:
        """Put what is asked for in place of what was remembered."""
        types = {name: type_ for name, type_ in {**self.types, **asked.types}.items() if type_ is not None}
        return CellForms(asked.decimal or self.decimal, asked.dates or self.dates, types)

    def kept(self) -> dict[str, Any]:
        """Write this as JSON has it."""
        return asdict(replace(self, types=dict(self.types)))

    def readers(self) -> dict[str, Callable[[str], Any]]:
        """Give what reads a text, by type; in this order for a column whose type nobody told."""
        return {
            "boolean": as_boolean,
            "number": lambda text: read_number(text, self.decimal),
            "date": lambda text: read_date(text, self.dates),
        }

    def reader(self, type_: str) -> Callable[[str], Any]:
        """Give what reads a text of a column whose type somebody told."""
        readers = self.readers()
        return {
            **readers,
            MONEY: lambda text: read_price(text, self.decimal)[0],
            "number": lambda text: readers["number"](text.lstrip("0") if text.isdigit() and text.strip("0") else text),
            "boolean": lambda text: _FLAGS.get(text.lower(), as_boolean(text)),
            "text": lambda text: text,
        }[type_]

    def example(self, type_: str) -> str:
        """Say how a type is written."""
        number = {None: "12.50", ".": "12.50 or 1,299.00", ",": "12,50 or 1.299,00"}[self.decimal]
        day = {None: "", "dmy": " or 31.5.2026", "mdy": " or 5/31/2026", "ymd": " or 2026/5/31"}[self.dates]
        return {
            "boolean": "true or false, yes or no, 1 or 0",
            "number": f"a number, such as {number}",
            MONEY: f"a number, such as {number}, with or without a currency",
            "date": f"a date, such as 2026-05-31{day}",
            "text": "text",
        }[type_]


AS_PROGRAMS_DO = CellForms()


def parse_types(texts: Iterable[str]) -> dict[str, str | None]:
    """Read ``NAME=TYPE`` of some columns; without a type, one is taken back.

    Examples
    --------
    >>> parse_types(["price=money", "code="])
    {'price': 'money', 'code': None}
    """
    types: dict[str, str | None] = {}
    for text in texts:
        name, equals, type_ = (piece.strip() for piece in text.rpartition("="))
        name = composed(name)
        if not equals or not name:
            raise ParameterError(f"{text}: write NAME=TYPE, for example price=number; NAME= takes it back")
        if type_ and type_ not in ASKED_TYPES:
            raise UnknownNameError(f"type in {text}", type_, ASKED_TYPES)
        if types.setdefault(name, type_ or None) != (type_ or None):
            raise ParameterError(f"{text}: {name} is given twice")
    return types
