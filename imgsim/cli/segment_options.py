"""The option that says what of photos is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from imgsim.cli import segment_completion

F = TypeVar("F", bound=Callable[..., Any])


def cut_options(*, remembered: bool) -> Callable[[F], F]:
    """Add what photos are cut into, and how parts are seen: `--segment`, `--background` and `--crop`."""

    def add(command: F) -> F:
        kept = ", now and in later runs; none for no more" if remembered else "; none for whole photos"
        options = (
            click.option(
                "--segment",
                metavar="NAME[:LABEL,...]",
                shell_complete=segment_completion.cut_segmenters,
                help="Compare parts of photos, cut out by grabcut, mask:folder=DIR, dnn:model=FILE.json, segformer, or "
                f"a segmenter with a name of your own{kept}.",
            ),
            click.option(
                "--background",
                type=click.Choice(["white", "black", "mean", "blur"]),
                help="What is put behind a part." + " [default: mean, or as before]" * remembered,
            ),
            click.option("--crop/--no-crop", default=None, help="Cut close around a part, or keep the photo's frame."),
        )
        for option in reversed(options):
            command = option(command)
        return command

    return add


def segment_option(*, default: str | None = None) -> Callable[[F], F]:
    """Add `--segment`."""
    return click.option(
        "--segment",
        metavar="NAME[:LABEL,...]",
        shell_complete=segment_completion.segmenters,
        default=default,
        show_default=default is not None,
        help="What finds the parts: grabcut, mask:folder=DIR, dnn:model=FILE.json, segformer, or a name of your own; "
        "and which, A+B being one.",
    )
