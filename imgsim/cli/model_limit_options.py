"""The options that say what a stranger's model may take."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from imgsim.models.model_limits import DEFAULTS, MEMORY, SECONDS, limit_of

F = TypeVar("F", bound=Callable[..., Any])


def model_limit_options(command: F) -> F:
    """Add the limits of what a stranger's model may take."""
    for name, variable, help_ in (
        ("--max-memory", MEMORY, "Memory that the model may take."),
        ("--max-seconds", SECONDS, "How long the model may take for one image; its import may take ten times that."),
    ):
        command = click.option(
            name,
            expose_value=False,
            callback=_limit,
            envvar=variable,
            show_envvar=True,
            metavar="NUMBER",
            help=f"{help_}  [default: {DEFAULTS[variable]:g}]",
        )(command)
    return command


def _limit(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Set a limit for what reads it, here and in processes."""
    del ctx
    if value is not None:
        variable = str(param.envvar)
        os.environ[variable] = value
        limit_of(variable)
