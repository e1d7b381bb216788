"""The `imgsim` command: a group whose commands are imported when they are asked for."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from imgsim import bounds
from imgsim.cli.flags import general_options
from imgsim.cli.main import CLOSED_PIPE, ERROR, Stopped
from imgsim.cli.remedies import explain
from imgsim.cli.stderr import discard, write_line
from imgsim.errors import ImgsimError, UnknownNameError
from imgsim.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from click.shell_completion import CompletionItem

COMMANDS: Registry[click.Command] = Registry(
    "command",
    {
        "fetch": "imgsim.cli.commands.fetch:fetch",
        "index": "imgsim.cli.commands.index:index",
        "query": "imgsim.cli.commands.query:query",
        "list": "imgsim.cli.commands.list:list_photos",
        "set": "imgsim.cli.commands.set:set_attributes",
        "hide": "imgsim.cli.commands.hide:hide",
        "show": "imgsim.cli.commands.show:show",
        "extract": "imgsim.cli.commands.extract:extract",
        "distances": "imgsim.cli.commands.distances:distances",
        "extractors": "imgsim.cli.commands.extractors:extractors",
        "metrics": "imgsim.cli.commands.metrics:metrics",
        "evaluate": "imgsim.cli.commands.evaluate:evaluate",
        "recommend": "imgsim.cli.commands.recommend:recommend",
        "calibrate": "imgsim.cli.commands.calibrate:calibrate",
        "duplicates": "imgsim.cli.commands.duplicates:duplicates",
        "match": "imgsim.cli.commands.match:match",
        "pair": "imgsim.cli.commands.pair:pair",
        "pairs": "imgsim.cli.commands.pairs:pairs",
        "classify": "imgsim.cli.commands.classify:classify",
        "models": "imgsim.cli.commands.models:models",
        "train": "imgsim.cli.commands.train:train",
        "color": "imgsim.cli.commands.color:color",
        "segment": "imgsim.cli.commands.segment:segment",
        "stats": "imgsim.cli.commands.stats:stats",
        "info": "imgsim.cli.commands.info:info",
        "failures": "imgsim.cli.commands.failures:failures",
        "completion": "imgsim.cli.commands.completion:completion",
    },
)
SUMMARIES = {  # which `--help` shows without importing the commands; a test compares them with theirs
    "fetch": "Bring the photos of a product table here, and keep them in line with newer ones.",
    "index": "Index the photos in FOLDER, or bring its index up to date.",
    "query": "Find the indexed photos that look most like each PHOTO.",
    "list": "List photos by what is known of them.",
    "set": "Set attributes of photos.",
    "hide": "Keep photos out of sight for which a rule holds, without removing them.",
    "show": "Show photos in the terminal.",
    "extract": "Write the features of each PHOTO.",
    "distances": "Write the square matrix of distances between the PHOTOs.",
    "extractors": "List the extractors, or describe some.",
    "metrics": "List the distances.",
    "evaluate": "Judge extractors and distances on the photos in FOLDER, whose classes or scores are known.",
    "recommend": "Try extractors and distances on the photos in FOLDER, whose classes are known, and rank them.",
    "calibrate": "Turn distances into probabilities, fitted to the photos in FOLDER, of which it is known what "
    "they show.",
    "duplicates": "Group the photos in FOLDER that are copies of each other.",
    "match": "Find for each lost thing the found ones that may be it.",
    "pair": "Keep what people decided about a lost photo and a found one.",
    "pairs": "List what people decided about lost photos and found ones.",
    "classify": "Say what kind of thing each PHOTO shows.",
    "models": "Import, list and export networks.",
    "train": "Learn from photos what is alike.",
    "color": "Name colours as people do.",
    "segment": "Cut out what photos show.",
    "stats": "Describe the sizes and colour values of photos.",
    "info": "Say what an index holds.",
    "failures": "List the files that could not be read, and why.",
    "completion": "Write what makes a shell complete names.",
}


class CommandError(click.ClickException):
    """What imgsim explains to its user: one line on stderr, and exit code 2."""

    exit_code = ERROR

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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUMMARIES[name]) for name in COMMANDS])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        names = (CompletionItem(name, help=SUMMARIES[name]) for name in COMMANDS if name.startswith(incomplete))
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise click.UsageError(str(UnknownNameError("command", args[0], COMMANDS)), ctx)
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:  # noqa: ANN401 (click's own signature)
        with _ending():  # --help writes, too
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 (click's own signature)
        with _ending():
            return super().invoke(ctx)


@contextmanager
def _ending() -> Iterator[None]:
    """Turn what ends a command into an exit code."""
    try:
        yield
    except ImgsimError as error:
        raise CommandError(explain(error)) from error
    except BrokenPipeError as error:
        discard(sys.stdout)  # whoever reads has enough
        raise click.exceptions.Exit(CLOSED_PIPE) from error
    except KeyboardInterrupt as error:
        stopped = error if isinstance(error, Stopped) else Stopped()
        write_line(stopped.line)
        raise click.exceptions.Exit(stopped.code) from error
    except EOFError as error:  # which click would take for an interrupt
        raise RuntimeError(repr(error)) from error


COMPLETION = "_IMGSIM_COMPLETE"  # by which a shell asks for names
SETTINGS: Mapping[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=_Commands, context_settings=dict(SETTINGS))
@general_options
def imgsim() -> None:
    """Find look-alike photos in a folder.

    Index a folder once, then ask for the photos nearest to one: `imgsim index FOLDER`, `imgsim query PHOTO`.
    """


def run() -> int:
    """Run the command line; give its exit code."""
    bounds.make_own()
    if COMPLETION in os.environ:
        from imgsim.cli.shell_scripts import use_scripts

        use_scripts()
    try:
        return imgsim.main(prog_name="imgsim", standalone_mode=False) or 0
    except CommandError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        lines = io.StringIO()
        error.show(lines)
        for line in lines.getvalue().splitlines():
            write_line(line)
        return error.exit_code
