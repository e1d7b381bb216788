"""Options that several commands share."""

from __future__ import annotations

import functools
import math
import os
from typing import TYPE_CHECKING, Any, TypeVar

import click

from imgsim import __version__
from imgsim.cli import name_completion, stderr
from imgsim.images.limits import LIMITS, Limits

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

_LIMITS = (
    ("max_megapixels", "MEGAPIXELS", "Refuse to decode larger photos."),
    ("max_seconds", "SECONDS", "Give a photo up that takes longer to decode."),
    ("max_memory", "MB", "Give a photo up that takes more memory to decode; only Linux holds it to that."),
)
LAST_SEED = 2**32 - 1  # that NumPy's older generators, and so scikit-learn, take


def refuse_nan(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    """Refuse "nan", which click lets through as a number within any bounds."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("'nan' is not a number.", ctx, param)
    return value


def check_model_name(name: str) -> None:
    """Refuse a name of a model's file by which it would not be known for one."""
    if not name.endswith(".onnx"):
        raise click.UsageError(f"models are ONNX files: name it {name}.onnx")


def max_distance_option(command: F) -> F:
    """Add `--max-distance`: a number, or as text how many bits."""
    return click.option(
        "--max-distance",
        callback=_distance,
        metavar="D",
        help="Leave out matches farther than this; 6b is 6 bits, of hashes that hamming compares.",
    )(command)


def rerank_option(command: F) -> F:
    """Add `--rerank`, of answers."""
    return click.option(
        "--rerank",
        metavar="NAME[:KEY=VALUE,...]",
        shell_complete=name_completion.rerankings,
        help="Put the first matches in another order: k_reciprocal or query_expansion. For finding all, not the first.",
    )(command)


def min_probability_option(command: F) -> F:
    """Add `--min-probability`."""
    return click.option(
        "--min-probability",
        type=click.FloatRange(0, 1),
        callback=refuse_nan,
        metavar="P",
        help="Leave out matches less probable than this; `imgsim calibrate` comes first.",
    )(command)


def _distance(ctx: click.Context, param: click.Parameter, value: str | None) -> float | str | None:
    """Read a number; leave bits as they are written."""
    if value is None or (value[-1:] == "b" and value[:-1].isdecimal()):
        return value
    try:
        return refuse_nan(ctx, param, float(value))
    except ValueError:
        raise click.BadParameter(f"{value!r} is no distance, nor a number of bits such as 6b.", ctx, param) from None


def general_options(command: F) -> F:
    """Add what every command takes: `-q`, `-v` and `-V`."""
    quiet = click.option(
        "-q", "--quiet", is_flag=True, expose_value=False, is_eager=True, callback=_quiet, help="Say errors only."
    )
    verbose = click.option(
        "-v", "--verbose", is_flag=True, expose_value=False, is_eager=True, callback=_verbose, help="Say more."
    )
    version = click.version_option(__version__, "-V", "--version", message="imgsim %(version)s")
    return quiet(verbose(version(command)))


def _quiet(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 (click's signature)
    del param
    if value:
        stderr.set_level(ctx, stderr.QUIET)


def _verbose(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 (click's signature)
    del param
    if value:
        stderr.set_level(ctx, stderr.VERBOSE)


def index_option(command: F) -> F:
    """Add `--index`, for commands that read an index."""
    return click.option(
        "--index",
        "index_path",
        type=click.Path(),
        metavar="FOLDER_OR_PATH",
        help="The indexed folder, or the index's own. Without it: the nearest upward from here, or else upward from "
        "the photo, or else the only one right below here.",
    )(command)


def extractor_option(*, fused: bool) -> Callable[[F], F]:
    """Add `-x`, repeatable; weighted where several extractors are fused into one distance."""
    several = "Repeat it to fuse several; weights are 1 unless given." if fused else "Repeat it for several."
    return click.option(
        "-x",
        "--extractor",
        "extractors",
        multiple=True,
        metavar="NAME[:KEY=VALUE,...]" + "[@WEIGHT]" * fused,
        shell_complete=name_completion.extractors,
        help=f"An extractor, see `imgsim extractors`. {several}",
    )


def metric_option(command: F) -> F:
    """Add `-m`."""
    return click.option(
        "-m",
        "--metric",
        metavar="METRIC",
        shell_complete=name_completion.metrics,
        help="A distance, see `imgsim metrics`, in place of the extractor's own.",
    )(command)


def count_option(command: F) -> F:
    """Add `-k`."""
    return click.option(
        "-k", type=click.IntRange(min=1), default=10, show_default=True, help="Matches wanted for each query."
    )(command)


def limits_options(*, remembered: bool = False) -> Callable[[F], F]:
    """Add what decoding a photo may take: `limits`, or where an index remembers them, each by itself or None."""

    def add(command: F) -> F:
        @functools.wraps(command)
        def limited(*args: object, **options: Any) -> Any:  # noqa: ANN401 (whatever the command gives)
            limits = Limits(*(options.pop(name) for name in Limits._fields))
            return command(*args, limits=limits, **options)

        added: Callable[..., Any] = command if remembered else limited
        for name, metavar, said in reversed(_LIMITS):
            added = click.option(
                f"--{name.replace('_', '-')}",
                type=click.FloatRange(min=0, min_open=True),
                callback=refuse_nan,
                default=None if remembered else getattr(LIMITS, name),
                show_default=True,
                metavar=metavar,
                help=said,
            )(added)
        return added  # type: ignore[return-value]

    return add


def device_option(command: F) -> F:
    """Add `--device`, which worker processes hear of through the environment."""
    return click.option(
        "--device",
        expose_value=False,
        callback=_device,
        envvar="IMGSIM_DEVICE",
        show_envvar=True,
        metavar="NAME",
        help="Where networks run: cpu, cuda, ... Without it: the best that this ONNX Runtime has.",
    )(command)


def _device(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    del ctx, param
    if value is not None:
        from imgsim.models.session import choose_providers

        choose_providers(value)  # one that is not here is told before any work is done
        os.environ["IMGSIM_DEVICE"] = value


def labels_options(*, scores: bool) -> Callable[[F], F]:
    """Add where labels come from: `--labels`, `--key`, `--encoding`, and `--scores` where they may be numbers."""

    def add(command: F) -> F:
        numeric = click.option(
            "--scores",
            metavar="FILE:COLUMN|attribute:NAME",
            help="In place of classes: a number for each photo, from a table, or from what the index knows of it.",
        )
        options = (
            click.option(
                "--labels",
                metavar="folders|FILE:COLUMN|attribute:NAME|products",
                help="The class of each photo: the folder that it lies in, a column of a table, an attribute that the "
                "index knows of it, or what the lists of Stanford Online Products say.  [default: folders]",
            ),
            *((numeric,) if scores else ()),
            click.option(
                "--key",
                metavar="COLUMN",
                help="The column of FILE that says which photo, or a pattern such as '{house}_*.jpg'. Without it: the "
                "column that finds most.",
            ),
            click.option("--encoding", help="Of FILE.  [default: UTF-8, or what its byte order mark says]"),
            click.option(
                "--seed", type=click.IntRange(0, LAST_SEED), default=0, show_default=True, help="Of what is drawn."
            ),
            click.option(
                "-j", "--jobs", type=click.IntRange(min=1), help="Processes and threads.  [default: one a processor]"
            ),
            click.option(
                "--strict", is_flag=True, help="Exit with 2 if a photo cannot be read, or a label does not fit."
            ),
        )
        for option in reversed(options):
            command = option(command)
        return command

    return add


def photos_argument(command: F) -> F:
    """Add `PHOTO...`; `-` stands for standard input."""
    return click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=click.Path())(command)


def folder_argument(command: F) -> F:
    """Add an optional FOLDER, another way to say `--index`, for commands about an index as a whole."""
    return click.argument("folder", required=False, type=click.Path())(command)


def format_option(*formats: str, default: str = "a table on a terminal, tsv in a pipe") -> Callable[[F], F]:
    """Add `--format`, with these choices."""
    return click.option(
        "--format", "format_", type=click.Choice(formats), help=f"How to write the answer. Without it: {default}."
    )
