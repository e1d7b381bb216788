"""`imgsim set`."""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING, NamedTuple

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.attributes import note_conditions, where_option
from imgsim.cli.flags import general_options, index_option
from imgsim.cli.inputs import listed_photos
from imgsim.cli.lock_wait import once_unlocked, wait_option
from imgsim.cli.which_index import open_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imgsim.index.assignments import AttributeEdit
    from imgsim.index.index import Index

STDIN = "-"


class Request(NamedTuple):
    """What is asked for: attributes to be set or dropped, of the photos named for which all of `where` holds."""

    photos: Sequence[str]
    assignments: Sequence[str]
    dropped: Sequence[str]
    where: Sequence[str]
    listed: bool  # on stdin, so that `photos` may be empty and nothing else is meant by that

    @property
    def names_photos(self) -> bool:
        """Whether photos are named at all."""
        return self.listed or bool(self.photos)

    @property
    def drops_columns(self) -> bool:
        """Whether attributes are to be dropped from all photos."""
        return bool(self.dropped) and not (self.names_photos or self.where or self.assignments)


@click.command("set", short_help="Set attributes of photos.")
@click.argument(
    "arguments",
    metavar="[PHOTO...] NAME=VALUE...",
    nargs=-1,
    type=click.Path(),
    shell_complete=name_completion.assignments,
)
@where_option
@click.option(
    "--drop",
    multiple=True,
    metavar="NAME",
    shell_complete=name_completion.attributes,
    help="Remove an attribute from these photos, as NAME= does; without a PHOTO or --where from all, and with it what "
    "declares it. Repeatable.",
)
@click.option(
    "--declare",
    multiple=True,
    metavar="NAME=TYPE",
    help="Make an attribute known before any photo has it: boolean, date, number or text; NAME= takes it back. "
    "Without a PHOTO.",
)
@click.option("-0", "--null", is_flag=True, help="Paths on stdin end in NUL, as `imgsim list -0` writes them.")
@index_option
@wait_option
@general_options
def set_attributes(
    arguments: tuple[str, ...],
    where: tuple[str, ...],
    drop: tuple[str, ...],
    declare: tuple[str, ...],
    null: bool,  # noqa: FBT001
    index_path: str | None,
) -> None:
    """Set attributes of each indexed PHOTO, or of those for which --where holds: what is known besides looks.

    A PHOTO of - reads paths from stdin. An argument with = is an assignment, unless a file or photo is called so. All
    photos are changed or, where anything is wrong, none.

    A VALUE has the type that the attribute has on other photos; a new attribute takes numbers, dates (2026-05-01) and
    true or false for what they are. '"..."' is text in any case. NAME= removes an attribute; a table that has it brings
    it back (`imgsim index --attributes`). Exit codes: 0 done, 1 no photo was meant, 2 error.
    """
    _refuse(arguments, where, drop, declare, null=null)
    if declare:
        _declare(index_path, declare)
        return
    listed = listed_photos(null=null) if STDIN in arguments else []
    with open_for(index_path, [*filter(_may_be_photo, arguments), *listed]) as index:
        photos, assignments = _split(index, arguments, listed)
        request = Request(photos, assignments, drop, where, STDIN in arguments)
        if request.drops_columns:
            _drop(index, drop)
            return
        _check_complete(request)
        note_conditions(index, where)
        edit = once_unlocked(lambda: _edit(index, request))
        if not edit.photos:
            stderr.say(f"imgsim: {_explain_nothing(index, request)}")
    if edit.photos:
        stderr.say(_said(edit, request))
    click.get_current_context().exit(0 if edit.photos else 1)


def _refuse(
    arguments: Sequence[str], where: Sequence[str], drop: Sequence[str], declare: Sequence[str], *, null: bool
) -> None:
    """Refuse what contradicts itself."""
    if declare and arguments:
        raise click.UsageError("--declare is about the whole index: give it without a PHOTO")
    if declare and (where or drop or null):
        raise click.UsageError("--declare is about the whole index: give it alone")
    if null and STDIN not in arguments:
        raise click.UsageError("-0 is about paths on stdin: give - as PHOTO")
    if not (arguments or where or drop or declare):
        raise click.UsageError("Missing argument 'PHOTO'.")


def _check_complete(request: Request) -> None:
    """Refuse to change nothing, or nobody knows what."""
    if not request.names_photos and not request.where:
        raise click.UsageError("Missing argument 'PHOTO', or --where.")
    if not request.assignments and not request.dropped:
        _check_meant(request.photos[-1:] if len(request.photos) > 1 else ())
        raise click.UsageError("Missing argument 'NAME=VALUE...'.")


def _check_meant(photos: Sequence[str]) -> None:
    """Say how an assignment is written, where the last of several photos was perhaps meant as one."""
    from imgsim.index.assignments import parse_assignment

    for photo in photos:
        name, equals, value = photo.partition("=")
        if not os.path.lexists(photo):
            parse_assignment(photo, {})
        elif equals:
            raise click.UsageError(f"{photo} is a file, and so a PHOTO: {shlex.quote(f'{name} ={value}')} sets {name}")


def _may_be_photo(argument: str) -> bool:
    """Tell whether an argument may name a photo, before an index is open that could tell."""
    return argument != STDIN and ("=" not in argument or os.path.lexists(argument))


def _split(index: Index, arguments: Iterable[str], listed: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell photos from assignments."""
    photos: list[str] = []
    assignments: list[str] = []
    for argument in arguments:
        if argument == STDIN:
            photos += listed
        elif _may_be_photo(argument) or index.has_photo(argument):
            photos.append(argument)
        else:
            assignments.append(argument)
    return photos, assignments


def _edit(index: Index, request: Request) -> AttributeEdit:
    photos = request.photos if request.names_photos else None
    with index.writing() as writer:
        return writer.edit(photos, request.assignments, dropped=request.dropped, where=request.where)


def _said(edit: AttributeEdit, request: Request) -> str:
    """Say what was changed, and of how many photos."""
    changes = [
        f"no {name}" if value is None else f"{name} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in edit.attributes.items()
    ]
    if len(request.photos) == 1 and not (request.listed or request.where):
        subject = request.photos[0]
    elif edit.changed == edit.photos:
        subject = f"{_photos(edit.photos)} changed"
    else:
        subject = f"{edit.changed:,} of {_photos(edit.photos)} changed, the others were so"
    return f"{subject}: {', '.join(changes)}"


def _explain_nothing(index: Index, request: Request) -> str:
    """Say why no photo was meant."""
    from imgsim.where.select import explain_nothing

    if not request.where:
        return "standard input names no photo"
    if not request.names_photos:
        return explain_nothing(index.facts, request.where)
    return f"of the photos named, none has {' and '.join(request.where)}"


def _drop(index: Index, names: Sequence[str]) -> None:
    """Take columns away, and say how many photos had them."""

    def write() -> dict[str, int]:
        with index.writing() as writer:
            return writer.drop_attributes(names)

    dropped = once_unlocked(write)
    said = [
        f"{name} removed from {_photos(photos)}" if photos else f"{name} is no longer declared"
        for name, photos in dropped.items()
    ]
    stderr.say(f"{index.directory}: {', '.join(said)}")


def _declare(index_path: str | None, declarations: tuple[str, ...]) -> None:
    """Make attributes known, and say which."""
    with open_for(index_path) as index:

        def write() -> dict[str, str | None]:
            with index.writing() as writer:
                return writer.declare_attributes(declarations)

        declared = once_unlocked(write)
    said = [f"{name} is no longer declared" if kind is None else f"{name} is {kind}" for name, kind in declared.items()]
    stderr.say(f"{index.directory}: {', '.join(said)}")


def _photos(count: int) -> str:
    return f"{count:,} photo{'s' * (count != 1)}"
