"""`imgsim set`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.flags import general_options, index_option
from imgsim.cli.lock_wait import once_unlocked, wait_option
from imgsim.cli.which_index import open_for

if TYPE_CHECKING:
    from imgsim.index.index import Index


@click.command("set", short_help="Set attributes of a photo.")
@click.argument("photo", type=click.Path(), required=False)
@click.argument("assignments", metavar="NAME=VALUE...", nargs=-1)
@click.option(
    "--declare",
    multiple=True,
    metavar="NAME=TYPE",
    help="Make an attribute known before any photo has it: boolean, date, number or text; NAME= takes it back. "
    "Without a PHOTO.",
)
@index_option
@wait_option
@general_options
def set_attributes(
    photo: str | None, assignments: tuple[str, ...], declare: tuple[str, ...], index_path: str | None
) -> None:
    """Set attributes of an indexed PHOTO: what is known of it besides how it looks.

    A VALUE has the type that the attribute has on other photos; a new attribute takes numbers, dates (2026-05-01) and
    true or false for what they are. '"..."' is text in any case. NAME= removes an attribute.
    """
    if declare:
        if photo is not None:
            raise click.UsageError("--declare is about the whole index: give it without a PHOTO")
        _declare(index_path, declare)
        return
    if photo is None or not assignments:
        raise click.UsageError(f"Missing argument '{'PHOTO' if photo is None else 'NAME=VALUE...'}'.")
    with open_for(index_path, [photo]) as index:
        changed = once_unlocked(lambda: _set(index, photo, assignments))
    said = [f"no {name}" if value is None else f"{name} = {json.dumps(value)}" for name, value in changed.items()]
    stderr.say(f"{photo}: {', '.join(said)}")


def _declare(index_path: str | None, declarations: tuple[str, ...]) -> None:
    """Make attributes known, and say which."""
    with open_for(index_path) as index:

        def write() -> dict[str, str | None]:
            with index.writing() as writer:
                return writer.declare_attributes(declarations)

        declared = once_unlocked(write)
    said = [f"{name} is no longer declared" if kind is None else f"{name} is {kind}" for name, kind in declared.items()]
    stderr.say(f"{index.directory}: {', '.join(said)}")


def _set(index: Index, photo: str, assignments: tuple[str, ...]) -> dict[str, Any]:
    with index.writing() as writer:
        return writer.set_attributes(photo, assignments)
