"""`imgsim models show`."""

from __future__ import annotations

import click

from imgsim.cli import model_completion, stderr
from imgsim.cli.flags import format_option, general_options
from imgsim.cli.model_rows import cached_rows, packaged_rows
from imgsim.cli.output import JSON
from imgsim.errors import MissingDependencyError


@click.command()
@click.argument("architecture", shell_complete=model_completion.known_models)
@format_option("text", *JSON, default="text")
@general_options
def show(architecture: str, format_: str | None) -> None:
    """Show what is known of an ARCHITECTURE and of its models here, or of the model that has a name of your own.

    Models that were trained are embedding:NAME, classifier:NAME and segmenter:NAME, or the digits that `imgsim models
    list` shows.
    """
    from imgsim.cli.learned_models import is_learned
    from imgsim.cli.model_names import find_network
    from imgsim.cli.output import write_object, write_text
    from imgsim.models.architectures import ARCHITECTURES
    from imgsim.models.cache import list_models
    from imgsim.models.own_names import own_names

    if is_learned(architecture):
        _show_learned(architecture, format_)
        return
    named = own_names().get(architecture)
    known = find_network(named.architecture if named else architecture, ARCHITECTURES)
    architecture = known.name
    rows = cached_rows([named] if named else [file for file in list_models() if file.architecture == architecture])
    rows += [row for row in packaged_rows() if not named and row["architecture"] == architecture]
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
