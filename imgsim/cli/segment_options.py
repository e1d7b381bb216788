"""The option that says what of photos is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def segment_option(*, default: str | None = None) -> Callable[[F], F]:
    """Add `--segment`."""
    return click.option(
        "--segment",
        metavar="NAME[:LABEL,...]",
        default=default,
        show_default=default is not None,
        help="What finds the parts: grabcut, mask:folder=DIR, dnn:model=FILE.json, segformer, or a name of your own; "
        "and which, A+B being one.",
    )
