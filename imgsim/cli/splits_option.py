"""`--splits`: the parts that photos had in an earlier run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


def splits_option(command: F) -> F:
    """Add `--splits`."""
    return click.option(
        "--splits",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        help="The splits.csv of another run: its photos, in the parts and with the classes that they had there.  "
        "[default: dealt by --seed, which deals the same photos alike each time]",
    )(command)


def check_splits(splits: str | None, *others: tuple[str, object]) -> None:
    """Refuse options that say otherwise what a file of splits says, by their names and values."""
    for name, value in others if splits else ():
        if value is not None:
            raise click.UsageError(f"--splits has the photos' classes: leave {name} out")
