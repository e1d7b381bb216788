"""What is said to people, on stderr; how much, is theirs to choose."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from imgsim.paths import cleaned

if TYPE_CHECKING:
    from typing import TextIO

QUIET, NORMAL, VERBOSE = -1, 0, 1
_LEVEL = "imgsim.verbosity"
LONGEST = 2000  # characters of a message


def set_level(ctx: click.Context, level: int) -> None:
    """Set how much is said, for a command and all that called it."""
    ctx.meta[_LEVEL] = level  # click shares meta between a command and its group


def say(message: str) -> None:
    """Say something, unless asked to be quiet."""
    _echo(message, NORMAL)


def detail(message: str) -> None:
    """Say something that only the curious want."""
    _echo(message, VERBOSE)


def complain(message: str) -> None:
    """Say that a part of the job could not be done, however quiet."""
    _echo(message, QUIET)


def write_line(message: str) -> None:
    """Write a line; where nobody can hear it, the job and its exit code matter more."""
    try:
        click.echo(printable(message), err=True)
    except OSError:
        discard(sys.stderr)


def discard(stream: TextIO) -> None:
    """Let what a standard stream still buffers go nowhere, without a complaint at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def wants_progress() -> bool:
    """Tell whether progress is to be drawn: on a terminal, unless asked to be quiet."""
    return is_terminal() and _level() >= NORMAL


def is_terminal() -> bool:
    """Tell whether stderr is read by somebody at a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def is_verbose() -> bool:
    """Tell whether the curious listen."""
    return _level() >= VERBOSE


def _level() -> int:
    level: int = click.get_current_context().meta.get(_LEVEL, NORMAL)
    return level


def printable(message: str) -> str:
    """Keep a message one line that any terminal can show, whatever bytes a file's name has, and however long it is."""
    clean = cleaned(message, kept="")
    return clean if len(clean) <= LONGEST else f"{clean[: LONGEST // 2]} ... {clean[-LONGEST // 2 :]}"


def _echo(message: str, level: int) -> None:
    if _level() >= level:
        write_line(message)
