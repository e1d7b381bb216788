"""What commands share that choose photos by their attributes, and show those."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, TypeVar

import click

from imgsim.cli import name_completion, stderr
from imgsim.errors import UnknownNameError, first_few
from imgsim.paths import composed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from imgsim.index.index import Index

F = TypeVar("F", bound="Callable[..., Any]")


def where_option(command: F) -> F:
    """Add `--where`, repeatable."""
    return click.option(
        "--where",
        multiple=True,
        metavar="EXPR",
        shell_complete=name_completion.conditions,
        help="Only photos for which this holds, such as \"price < 30000 and place = 'Line 2'\"; repeat it to ask more. "
        "The language: = != < <= > >=, in (...), between, like, contains, has NAME, is missing, and, or, not; "
        "docs/expressions.md describes it.",
    )(command)


def show_option(command: F) -> F:
    """Add `--show`."""
    return click.option(
        "--show",
        metavar="NAME,...",
        shell_complete=name_completion.attributes,
        callback=_names,
        help="Show these attributes too, a column each; in jsonl, which has all, only these.",
    )(command)


def _names(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    del ctx, param
    return None if value is None else tuple(composed(name.strip()) for name in value.split(",") if name.strip())


def note_absent(index: Index, where: Sequence[str]) -> None:
    """Say once which attributes conditions ask for, and no photo has yet."""
    from imgsim.where.select import find_absent

    absent = find_absent(index.facts, where) if where else {}
    if not absent:
        return
    names, (name, type_) = list(absent), next(iter(absent.items()))
    declaration = shlex.quote(f"{name}={type_ or 'TYPE'}")
    stderr.say(
        f"imgsim: no photo has an attribute {first_few(names)} yet, so all count as without: "
        f"`imgsim set --declare {declaration}` says that it is meant"
    )


class AttributeColumns:
    """Adds attributes to rows of an answer; `chosen` says whether any were named.

    An attribute named as one of the columns before is written ``attributes.NAME``; jsonl has all in one object.
    """

    def __init__(self, index: Index, names: Sequence[str] | None, format_: str, columns: Sequence[str]) -> None:
        known = index.facts.types() if names else {}
        for name in names or ():
            if name not in known:
                raise UnknownNameError("attribute", name, known)
        self.chosen = bool(names)
        self._names = names
        self._nested = format_ == "jsonl"
        self._titles = {f"attributes.{name}" if name in columns else name: name for name in names or ()}
        self.columns = (*columns, *self._titles)

    def of(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Give what is added to the row of a photo with these attributes."""
        attributes = {composed(name): value for name, value in attributes.items()}
        if not self._nested:
            return {title: attributes.get(name) for title, name in self._titles.items()}
        shown = {name: value for name, value in attributes.items() if self._names is None or name in self._names}
        return {"attributes": shown} if shown else {}
