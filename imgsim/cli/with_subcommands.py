"""A command that has arguments of its own, and others that are called by their name in place of the first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from imgsim.registry import Registry


class WithSubcommands(click.Command):
    """Is what its first argument names, where that is another command and no folder that alone is meant.

    A folder of that name is meant where nothing follows it but options; ``./NAME`` always means the folder.
    """

    def __init__(self, *args: Any, others: Registry[click.Command], **settings: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **settings)
        self._others = others

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the others."""
        del ctx
        return list(self._others)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Give one of them."""
        del ctx
        return self._others.load(name) if name in self._others else None

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 (click's own signature)
    ) -> click.Context:
        """Read what was typed, for this command or for the one that is named."""
        if args and args[0] in self._others and not _is_folder_alone(args):
            named = self._others.load(args[0])
            return named.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the others."""
        super().format_options(ctx, formatter)
        with formatter.section("Commands"):
            rows = [(name, self._others.load(name).get_short_help_str(80)) for name in self._others]
            formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of the others beside what else can be typed."""
        from click.shell_completion import CompletionItem

        named = [CompletionItem(name) for name in self._others if incomplete and name.startswith(incomplete)]
        return [*named, *super().shell_complete(ctx, incomplete)]


def _is_folder_alone(args: list[str]) -> bool:
    return os.path.isdir(args[0]) and (len(args) == 1 or args[1].startswith("-")) and not {"-h", "--help"} & {*args}
