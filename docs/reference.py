"""Write the reference of the command line, as Markdown, from the commands' own help.

``python -m docs.reference > docs/cli.md`` (`make docs`).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from imgsim.cli.group import SETTINGS, imgsim
from imgsim.cli.with_subcommands import WithSubcommands

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 88  # characters, whatever the terminal
HEAD = """\
# The command line

What `imgsim --help` and `imgsim COMMAND --help` say. This file is generated: change the commands, then run `make docs`.
"""


def write_reference() -> str:
    """Give the whole reference."""
    group = click.Context(imgsim, info_name="imgsim", terminal_width=WIDTH, **SETTINGS)
    return "\n".join([HEAD, *_sections(imgsim, group, level=2)])


def _sections(command: click.Command, ctx: click.Context, level: int) -> Iterator[str]:
    """Give the section of a command, and those of its subcommands."""
    yield f"{'#' * level} {ctx.command_path}\n\n```text\n{command.get_help(ctx)}\n```\n"
    if isinstance(command, click.Group | WithSubcommands):
        for name in command.list_commands(ctx):
            subcommand = command.get_command(ctx, name)
            assert subcommand is not None
            yield from _sections(subcommand, _context_of(subcommand, name, ctx), level + 1)


def _context_of(subcommand: click.Command, name: str, ctx: click.Context) -> click.Context:
    """Give the context of a subcommand; the arguments of a command that has some are not written before its name."""
    if isinstance(ctx.command, click.Group):
        return click.Context(subcommand, info_name=name, parent=ctx)
    return click.Context(subcommand, info_name=f"{ctx.info_name} {name}", parent=ctx.parent)


if __name__ == "__main__":
    sys.stdout.write(write_reference())
