"""Waiting for an index that another process is writing, as long as `--wait` says."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

import click

from imgsim.cli import stderr
from imgsim.errors import IndexLockedError

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")
T = TypeVar("T")

_SECONDS = "imgsim.wait"
PAUSE = 0.5  # seconds


def wait_option(command: F) -> F:
    """Add `--wait`, for commands that write an index."""
    return click.option(
        "--wait",
        type=click.FloatRange(min=0),
        default=0.0,
        expose_value=False,
        callback=_keep,
        metavar="SECONDS",
        help="If another process is writing the index, wait so long for it before giving up.",
    )(command)


def _keep(ctx: click.Context, param: click.Parameter, value: float) -> None:
    del param
    ctx.meta[_SECONDS] = value


def once_unlocked(write: Callable[[], T]) -> T:
    """Do what writes an index: at once, or when the process that writes it is done."""
    end = time.monotonic() + click.get_current_context().meta[_SECONDS]
    told = False
    while True:
        try:
            return write()
        except IndexLockedError as error:
            if time.monotonic() >= end:
                raise
            if not told:
                stderr.say(f"{error}: waiting")
            told = True
        time.sleep(min(PAUSE, max(0.0, end - time.monotonic())))
