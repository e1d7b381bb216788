"""The `imgsim` command: a group whose commands are imported when they are asked for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli.flags import general_options
from imgsim.cli.remedies import explain
from imgsim.cli.stderr import discard, write_line
from imgsim.errors import ImgsimError, UnknownNameError
from imgsim.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMANDS: Registry[click.Command] = Registry(
    "command",
    {
        "index": "imgsim.cli.commands.index:index",
        "query": "imgsim.cli.commands.query:query",
        "list": "imgsim.cli.commands.list:list_photos",
        "set": "imgsim.cli.commands.set:set_attributes",
        "show": "imgsim.cli.commands.show:show",
        "extract": "imgsim.cli.commands.extract:extract",
        "distances": "imgsim.cli.commands.distances:distances",
        "extractors": "imgsim.cli.commands.extractors:extractors",
        "metrics": "imgsim.cli.commands.metrics:metrics",
        "evaluate": "imgsim.cli.commands.evaluate:evaluate",
        "recommend": "imgsim.cli.commands.recommend:recommend",
        "calibrate": "imgsim.cli.commands.calibrate:calibrate",
        "models": "imgsim.cli.commands.models:models",
        "color": "imgsim.cli.commands.color:color",
        "stats": "imgsim.cli.commands.stats:stats",
        "info": "imgsim.cli.commands.info:info",
        "failures": "imgsim.cli.commands.failures:failures",
    },
)
INTERRUPTED = 130  # as a shell reports SIGINT
CLOSED_PIPE = 141  # and SIGPIPE


class CommandError(click.ClickException):
    """What imgsim explains to its user: one line on stderr, and exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:  # noqa: ANN401 (click's own signature)
        """Write the line."""
        del file
        write_line(f"imgsim: {self.message}")


class _Commands(click.Group):
    """Imports a command when it is called, and turns errors into exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        return COMMANDS.load(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise click.UsageError(str(UnknownNameError("command", args[0], COMMANDS)), ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 (click's own signature)
        try:
            return super().invoke(ctx)
        except ImgsimError as error:
            raise CommandError(explain(error)) from error
        except BrokenPipeError:
            discard(sys.stdout)  # whoever reads has enough
            ctx.exit(CLOSED_PIPE)
        except KeyboardInterrupt:
            write_line("imgsim: interrupted; what was committed is kept")
            ctx.exit(INTERRUPTED)


SETTINGS: Mapping[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=_Commands, context_settings=dict(SETTINGS))
@general_options
def imgsim() -> None:
    """Find look-alike photos in a folder.

    Index a folder once, then ask for the photos nearest to one: `imgsim index FOLDER`, `imgsim query PHOTO`.
    """


def main() -> None:
    """Run the command line."""
    imgsim(prog_name="imgsim")
