"""What commands share that choose photos by their attributes, and show those."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, TypeVar

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.output import JSON
from imgsim.cli.remedies import REMEDIES, explain
from imgsim.core import ImageRecord
from imgsim.errors import first_few
from imgsim.paths import composed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from imgsim.core import Match
    from imgsim.index.index import Index
    from imgsim.where.check import Subject
    from imgsim.where.sight import Waiting

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
        help="Show these attributes too, a column each; in json and jsonl, which have all, only these. What every "
        "photo has can be named as well: width, height, size, ... or, where an attribute is called so, photo.width.",
    )(command)


def _names(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    from imgsim.where.name_list import split_names

    del ctx, param
    return None if value is None else tuple(split_names(value))


def note_conditions(index: Index, where: Sequence[str]) -> None:
    """Say once which attributes conditions ask for that no photo has yet, or that some have as text."""
    from imgsim.where.select import find_absent

    absent = find_absent(index.facts, where) if where else {}
    note_mixed(index, where)
    if absent:
        names = first_few(list(absent))
        stderr.say(f"imgsim: no photo has an attribute {names} yet, so all count as without: {_declaring(absent)}")


def note_mixed(index: Index, where: Sequence[str]) -> None:
    """Say which attributes conditions compare with numbers or dates that some photos have as text."""
    from imgsim.where.select import find_mixed

    for name, (type_, text) in find_mixed(index.facts, where).items() if where else ():
        stderr.say(f"imgsim: {name} is text on some photos, such as {text!r}, and those are not compared with {type_}s")


def _declaring(absent: Mapping[str, str]) -> str:
    """Say how the first of some attributes is declared."""
    name, type_ = next(iter(absent.items()))
    declaration = shlex.quote(f"{name}={type_ or 'TYPE'}")
    return f"`imgsim set --declare {declaration}` says that it is meant"


def all_option(command: F) -> F:
    """Add `--all`."""
    said = "Find also what rules keep out of sight, see `imgsim hide`."
    return click.option("--all", "out_of_sight", is_flag=True, help=said)(command)


def note_sight(index: Index, *, out_of_sight: bool) -> None:
    """Say once which rules keep nothing out of sight, since they cannot be asked at the moment."""
    waiting = {} if out_of_sight else index.sight.waiting
    if waiting:
        listed = [f"{rule} ({reason_of(why)})" for rule, why in waiting.items()]
        stderr.say(f"imgsim: rule{'s' * (len(listed) > 1)} passed over: {first_few(listed)}")


def note_unseen(index: Index, where: Sequence[str]) -> None:
    """Say how many photos that fit are out of sight, if any are."""
    if count := index.count_out_of_sight(where):
        said = f"{count:,} photos that fit are" if count > 1 else "1 photo that fits is"
        stderr.say(f"imgsim: {said} out of sight{REMEDIES['lift-rules']}")


def reason_of(waiting: Waiting) -> str:
    """Say why a rule is passed over, and what ends that."""
    return f"{waiting.reason}: {_declaring(waiting.absent)}" if waiting.absent else waiting.reason


def explain_empty(index: Index, where: Sequence[str], *, out_of_sight: bool) -> None:
    """Say why no photo is found, if there is a reason."""
    if reason := index.explain_nothing(where, out_of_sight=out_of_sight):
        stderr.say(f"imgsim: {explain(reason)}")


class AttributeColumns:
    """Adds attributes, in json in one object, and fields to rows of an answer; `chosen`: whether any were named.

    One that is called like a column before or like another is written ``attributes.NAME`` or ``photo.NAME``.
    """

    def __init__(self, index: Index, names: Sequence[str] | None, format_: str, columns: Sequence[str]) -> None:
        self.chosen = bool(names)
        self._index = index
        self._nested = format_ in JSON
        self._all = names is None
        subjects = list(self._subjects(names)) if names else []
        self._attributes = {one.name for one in subjects if not one.field}
        self._titles = {self._title(one, columns): one for one in subjects if not (one.field and one.name in columns)}
        self.columns = (*columns, *self._titles)

    def of(self, photo: ImageRecord | Match) -> dict[str, Any]:
        """Give what is added to a photo's row."""
        attributes = {composed(name): value for name, value in photo.attributes.items()}
        if not self._nested:
            fields = self._fields_of(photo)
            return {title: fields.get(title, attributes.get(one.name)) for title, one in self._titles.items()}
        shown = {name: value for name, value in attributes.items() if self._all or name in self._attributes}
        return self._fields_of(photo) | ({"attributes": shown} if shown else {})

    def _subjects(self, names: Sequence[str]) -> Iterator[Subject]:
        """Find what names stand for."""
        from imgsim.where.name_list import subject_of

        known = self._index.facts.types()
        return (subject_of(name, known) for name in names)

    def _title(self, subject: Subject, columns: Sequence[str]) -> str:
        if subject.field:
            return f"photo.{subject.name}" if subject.name in self._attributes else subject.name
        return f"attributes.{subject.name}" if subject.name in columns else subject.name

    def _fields_of(self, photo: ImageRecord | Match) -> dict[str, Any]:
        """Give what every photo has and is to be shown of this one."""
        fields = {title: one.name for title, one in self._titles.items() if one.field}
        if not fields:
            return {}
        record = photo if isinstance(photo, ImageRecord) else self._index.photo(photo.path)
        return {title: getattr(record, name) for title, name in fields.items()}
