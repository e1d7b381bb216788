"""`imgsim models`."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import click

from imgsim.cli import name_completion, stderr
from imgsim.cli.flags import check_model_name, device_option, format_option, general_options
from imgsim.cli.inputs import photos_among
from imgsim.cli.learned_models import is_learned
from imgsim.cli.output import JSON, ROW_FORMATS, RowWriter, choose_format
from imgsim.cli.remedies import explain
from imgsim.errors import MissingDependencyError, WeightsError
from imgsim.models.model_limits import DEFAULTS, MEMORY, SECONDS, limit_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgsim.errors import ImageReadError
    from imgsim.models.cache import ModelFile

F = TypeVar("F", bound=Callable[..., Any])
COLUMNS = ("architecture", "weights", "padding", "layer", "megabytes", "path", "kind", "licence", "source", "name")


@click.group(short_help="Import, list and export networks.")
@general_options
def models() -> None:
    """Manage the networks behind deep extractors.

    A model is imported once from a weight file, which takes torch (the extra `deep`), and kept as an ONNX file in the
    user's cache folder, or in the one that IMGSIM_MODELS names. From then on torch is not needed.

    A model may take 60 s for one photo and, with all others of its process, 4096 MB, unless IMGSIM_MODEL_SECONDS and
    IMGSIM_MODEL_MEMORY say otherwise; an import ten times those seconds and, beside them, 12 times its file.
    """


@models.command("list")
@click.option("--all", "everything", is_flag=True, help="List also the networks that have no model here yet.")
@format_option(*ROW_FORMATS)
@general_options
def list_(everything: bool, format_: str | None) -> None:  # noqa: FBT001
    """List the models that are here, the newest first, then those whose weights are installed as packages."""
    from imgsim.cli.learned_models import learned_rows
    from imgsim.models.architectures import ARCHITECTURES
    from imgsim.models.cache import list_models

    rows = [*_rows(list_models()), *learned_rows(), *_packaged_rows()]
    if everything:
        here = {row["architecture"] for row in rows}
        rows += [
            {"architecture": one.name, "megabytes": one.megabytes, "path": one.url, "licence": one.licence}
            for one in ARCHITECTURES.values()
            if one.name not in here
        ]
    RowWriter(choose_format(format_), COLUMNS).write(rows)
    click.get_current_context().exit(0 if rows else 1)


@models.command()
@click.argument("architecture")
@format_option("text", *JSON, default="text")
@general_options
def show(architecture: str, format_: str | None) -> None:
    """Show what is known of an ARCHITECTURE and of its models here, or of the model that has a name of your own.

    Models that were trained are embedding:NAME, classifier:NAME and segmenter:NAME, or the digits that `imgsim models
    list` shows.
    """
    from imgsim.cli.output import write_object, write_text
    from imgsim.models.architectures import find_architecture
    from imgsim.models.cache import list_models
    from imgsim.models.own_names import own_names

    if is_learned(architecture):
        _show_learned(architecture, format_)
        return
    named = own_names().get(architecture)
    known = find_architecture(named.architecture if named else architecture)
    architecture = known.name
    rows = _rows([named] if named else [file for file in list_models() if file.architecture == architecture])
    rows += [row for row in _packaged_rows() if not named and row["architecture"] == architecture]
    if format_ in JSON:
        input_ = known.preprocessing and known.preprocessing._asdict()
        published = {"paper": known.paper, "dimension": known.dim or None, "weights": known.url if input_ else None}
        write_object({"architecture": architecture, **published, "input": input_, "models": rows})
        click.get_current_context().exit(0 if rows else 1)
    if known.source == "own":
        write_text(f"architecture: {architecture}\n")
    elif known.preprocessing is None:
        write_text(f"architecture: {architecture}\n{_published_by_timm(architecture)}")
    else:
        resize, crop, interpolation, mean, std = known.preprocessing
        write_text(
            f"architecture: {architecture}\npaper: {known.paper}\nvalues: {known.dim}\n"
            f"weights: {known.url} ({known.megabytes:.1f} MB)\nlicence: {known.licence}\n"
            f"input: shorter side {resize} px, square {crop} px, {interpolation}, mean {mean}, deviation {std}\n"
        )
    for row in rows:
        write_text(f"model: {' '.join(f'{key}={value}' for key, value in row.items())}\n")
    click.get_current_context().exit(0 if rows else 1)


def _show_learned(name: str, format_: str | None) -> None:
    from imgsim.cli.learned_models import describe_learned
    from imgsim.cli.output import write_object, write_text

    told = describe_learned(name)
    if format_ in JSON:
        write_object(told)
    else:
        listed = {key: ", ".join(value) if key == "labels" else value for key, value in told.items()}
        write_text("".join(f"{key}: {value}\n" for key, value in listed.items() if value))


def _published_by_timm(name: str) -> str:
    """Say where a network's weights are, unless timm, which knows, is not here."""
    try:
        from imgsim.models.timm_networks import timm_weights

        url = timm_weights(name)
    except MissingDependencyError as error:
        stderr.complain(str(error))
        return ""
    return f"weights: {url or 'none published'}\n"


def limit_options(command: F) -> F:
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


@models.command()
@click.argument(
    "architectures", nargs=-1, required=True, metavar="ARCHITECTURE...", shell_complete=name_completion.networks
)
@limit_options
@general_options
def pull(architectures: tuple[str, ...]) -> None:
    """Download and import the published weights of each ARCHITECTURE."""
    from imgsim.cli.networks import pull_model
    from imgsim.models.trunk_spec import TrunkSpec

    for name in architectures:
        pull_model(TrunkSpec(name))


def _channels(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[float, ...] | None:
    """Read one number for all channels, or one for each; fractions will do."""
    from fractions import Fraction

    from imgsim.models.header import LEAST_DEVIATION
    from imgsim.models.header_details import LARGEST

    if value is None:
        return None
    try:
        numbers = [float(Fraction(text)) for text in value.split(",")]
    except (ValueError, ZeroDivisionError, OverflowError):
        numbers = []
    least = LEAST_DEVIATION if param.name == "deviation" else -LARGEST
    if len(numbers) not in (1, 3) or not all(least <= number <= LARGEST for number in numbers):
        told = f"{value!r}: one number for all channels, or three as 0.485,0.456,0.406"
        raise click.BadParameter(f"{told}, of {least:g} to {LARGEST}", ctx, param)
    return tuple(numbers if len(numbers) == 3 else numbers * 3)


@models.command("import")
@click.argument("file", type=click.Path())
@click.option(
    "-a",
    "--architecture",
    shell_complete=name_completion.networks,
    help="Which network the weights are of; an exported .onnx file says it itself.",
)
@click.option(
    "--layer", default="", help="Cut the network after this layer; of an ONNX file, the output that is taken."
)
@click.option(
    "--padding",
    type=click.Choice(["torch", "tensorflow"]),
    help="How strided convolutions pad, as where the weights were trained: torch unless given.",
)
@click.option("--size", type=int, metavar="PIXELS", help="Of another program's .onnx: the side of the square it takes.")
@click.option(
    "--mean",
    callback=_channels,
    metavar="R,G,B",
    help="Likewise: what is subtracted from values of 0 to 1.  [default: ImageNet's]",
)
@click.option(
    "--deviation",
    callback=_channels,
    metavar="R,G,B",
    help="Likewise: what they are divided by; 1/255 brings them to 0..255.  [default: ImageNet's]",
)
@click.option("--channels", type=click.Choice(["rgb", "bgr"]), help="Likewise: their order.  [default: rgb]")
@click.option("--input", metavar="NAME", help="Likewise: its input for images, to make sure of it.")
@click.option("--name", default="", help="A name of your own for it, for -x NAME; a later import may take it over.")
@limit_options
@general_options
def import_(
    file: str,
    architecture: str | None,
    layer: str,
    padding: str | None,
    name: str,
    **takes: Any,  # noqa: ANN401 (each has its own type)
) -> None:
    """Import the weights in FILE, a model that imgsim wrote, or an ONNX file of another program's.

    A learned embedding is then -x embedding:NAME, a classifier `imgsim classify -m NAME`, a segmenter --segment NAME.

    With --architecture segformer, FILE is a folder that transformers wrote, or OWNER/NAME of the hub; it is then
    --segment NAME.

    Of another program's, which --size, --mean, --deviation or --name tells, one image is run to find out what it gives:
    rows, rows of tokens or maps, which are averaged. It is then -x NAME, or -x onnx/NAME; without --name, its file's.
    """
    if architecture == "segformer":
        from imgsim.cli.segmenters import import_segmenter

        import_segmenter(file, name)
        return
    from imgsim.cli.networks import import_file

    given = {key: value for key, value in takes.items() if value is not None}
    import_file(file, architecture, layer, padding, name, given)


@models.command()
@click.argument("architecture")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--weights", default="", metavar="HASH", help="Which weights, by the start of their SHA-256.")
@click.option("--padding", type=click.Choice(["torch", "tensorflow"]), help="Which padding.")
@click.option("--layer", default="", help="Cut after which layer.")
@general_options
def export(architecture: str, file: str, weights: str, padding: str | None, layer: str) -> None:
    """Write a model of ARCHITECTURE, or one with a name of your own, to FILE: no torch is needed to import that."""
    from imgsim.files import write_whole
    from imgsim.models.session import read_sealed

    check_model_name(file)
    if is_learned(architecture):
        from imgsim.cli.learned_models import export_learned

        export_learned(architecture, file)
        return
    write_whole(file, read_sealed(_only(architecture, weights=weights, padding=padding or "", layer=layer)))
    stderr.say(f"exported {architecture} to {file}")


@models.command()
@click.argument("architecture")
@click.option("--weights", default="", metavar="HASH", help="Only these weights, by the start of their SHA-256.")
@general_options
def remove(architecture: str, weights: str) -> None:
    """Remove the models of ARCHITECTURE from the cache, or the one that has a name of your own, with the name."""
    from imgsim.files import remove_old_parts
    from imgsim.models.cache import list_models, models_directory
    from imgsim.models.defaults import read_defaults, write_defaults
    from imgsim.models.own_names import FILE, own_names

    remove_old_parts(models_directory())
    if is_learned(architecture):
        from imgsim.cli.learned_models import remove_learned

        remove_learned(architecture)
        return
    named = own_names().get(architecture)
    there = [named] if named else [one for one in list_models() if one.architecture == architecture]
    files = [one for one in there if one.weights.startswith(weights)]
    for file in files:
        try:
            os.unlink(file.path)
        except FileNotFoundError:  # another process was quicker
            continue
        except OSError as error:
            raise WeightsError(f"{file.path}: cannot be removed ({error.strerror})") from error
        stderr.say(f"removed {file.path}")
    with suppress(OSError, WeightsError):  # another user's, perhaps: what is not there is not meant either way
        write_defaults(models_directory(), read_defaults(models_directory()))
        write_defaults(models_directory(), read_defaults(models_directory(), FILE), FILE)
    click.get_current_context().exit(0 if files else 1)


@models.command()
@click.argument("photos", metavar="FOLDER", type=click.Path(exists=True, file_okay=False))
@click.option("-x", "--extractor", required=True, metavar="NAME[:KEY=VALUE,...]", help="A deep extractor.")
@click.option("--dimensions", type=click.IntRange(min=1), default=128, show_default=True, help="Axes to keep.")
@device_option
@general_options
def whiten(photos: str, extractor: str, dimensions: int) -> None:
    """Fit a PCA-whitening to the photos in FOLDER, for `-x NAME:whitening=HASH`."""
    from imgsim.cli.output import write_text
    from imgsim.features.whiten import fit_to_photos
    from imgsim.index.index import remembered_at

    def skipped(error: ImageReadError) -> None:
        stderr.say(f"skipped {explain(error)}")

    made = remembered_at(photos)
    paths = [os.path.join(photos, image.path) for image in photos_among(photos, made.scan(photos))]
    digest = fit_to_photos(paths, extractor, dimensions, skipped, made.limits)
    write_text(f"{digest}\n")


def _only(architecture: str, **wanted: str) -> ModelFile:
    """Find the one model that is meant."""
    from imgsim.models.cache import find_models, models_directory
    from imgsim.models.own_names import own_names

    if named := own_names().get(architecture):
        return named
    found = find_models(architecture, **wanted)
    if not found:
        raise WeightsError(f"no such model of {architecture} in {models_directory()}: see `imgsim models list`")
    return found[0]


def _rows(files: Iterable[ModelFile]) -> list[dict[str, Any]]:
    """Describe models, but for those that went away meanwhile."""
    from imgsim.models.cache import SHOWN_DIGITS
    from imgsim.models.header import read_header
    from imgsim.models.own_names import own_names

    rows, names = [], own_names()
    for file in files:
        with suppress(WeightsError):
            row = file._asdict() | {"weights": file.weights[:SHOWN_DIGITS], "megabytes": round(file.size / 1e6, 1)}
            rows.append({key: row[key] for key in COLUMNS[:6]})
            rows[-1]["name"] = ",".join(name for name, named in names.items() if named.name == file.name)
            header = read_header(file.path)  # one that does not say what it is, is listed by its name
            rows[-1] |= {key: getattr(header, key) for key in COLUMNS[6:9]}
    return rows


def _packaged_rows() -> list[dict[str, Any]]:
    """Describe models whose weights are installed as packages."""
    from imgsim.models.architectures import find_architecture
    from imgsim.models.cache import SHOWN_DIGITS
    from imgsim.models.packaged import PACKAGES, find_packaged

    rows = []
    for file in filter(None, map(find_packaged, PACKAGES)):
        known = find_architecture(file.architecture)
        row = file._asdict() | {"weights": file.weights[:SHOWN_DIGITS], "megabytes": known.megabytes}
        row |= {"kind": "trunk", "licence": known.licence, "source": known.url, "name": ""}
        rows.append({key: row[key] for key in COLUMNS})
    return rows
