"""How a table was read, and how it could be, as a user types it."""

from __future__ import annotations

import functools
import shlex
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imgsim.tables.cell_forms import CellForms
    from imgsim.tables.column_doubts import Doubt
    from imgsim.tables.columns import ColumnType


F = TypeVar("F", bound="Callable[..., Any]")
_OPTIONS = (
    click.option(
        "--decimal",
        metavar="[.|,]",
        help="The mark before decimals in --attributes; the other may divide thousands.",
    ),
    click.option(
        "--dates",
        metavar="[dmy|mdy|ymd]",
        help="The order of dates in --attributes, such as 12.03.2024.",
    ),
    click.option(
        "--type",
        "types",
        multiple=True,
        metavar="NAME=TYPE",
        help="What a column of --attributes holds: number, money (a currency is left out), text, boolean or date.",
    ),
)


def table_options(command: F) -> F:
    """Add how the cells of a table are written: `forms`, None where nothing is told."""

    @functools.wraps(command)
    def with_forms(
        *args: object, decimal: str | None, dates: str | None, types: Sequence[str], **options: object
    ) -> Any:  # noqa: ANN401 (whatever the command gives)
        from imgsim.tables.cell_forms import CellForms, parse_types

        told = decimal is not None or dates is not None or types
        forms = CellForms(decimal, dates, parse_types(types)) if told else None
        return command(*args, forms=forms, **options)

    for option in reversed(_OPTIONS):
        with_forms = option(with_forms)
    return with_forms  # type: ignore[return-value]


def write_forms(forms: CellForms, encoding: str | None = None) -> str:
    """Write the options that tell how a table is read."""
    told = {"--decimal": forms.decimal, "--dates": forms.dates, "--encoding": encoding}
    words = [f"{option} {value}" for option, value in told.items() if value]
    return " ".join([*words, *(f"--type {shlex.quote(f'{name}={type_}')}" for name, type_ in forms.types.items())])


def describe_columns(columns: Sequence[ColumnType]) -> str:
    """List what the columns were taken for, but for those of which more is to be said."""
    listed = [f"{column.name}: {' and '.join(column.types) or 'empty'}" for column in columns if not column.doubt]
    return "; ".join(listed)


def describe_doubt(name: str, doubt: Doubt) -> str:
    """Say why a column is text, and what would read it."""
    from imgsim.tables.columns import NOUNS

    said = f"{name}: text, since {doubt.text!r} in {doubt.place} is {NOUNS[doubt.type]}"
    several = len(doubt.proposals) > 1
    ways = [f"{write_forms(one.forms)}{f' ({one.value})' * several}" for one in doubt.proposals]
    return f"{said}: {' or '.join(ways)}" if ways else said
