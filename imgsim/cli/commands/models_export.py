"""`imgsim models export`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from imgsim.cli import model_completion, stderr
from imgsim.cli.flags import check_model_name, general_options
from imgsim.errors import WeightsError

if TYPE_CHECKING:
    from imgsim.models.cache import ModelFile


@click.command()
@click.argument("architecture", shell_complete=model_completion.cached_models)
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--weights", default="", metavar="HASH", help="Which weights, by the start of their SHA-256.")
@click.option("--padding", type=click.Choice(["torch", "tensorflow"]), help="Which padding.")
@click.option("--layer", default="", help="Cut after which layer.")
@general_options
def export(architecture: str, file: str, weights: str, padding: str | None, layer: str) -> None:
    """Write a model of ARCHITECTURE, or one with a name of your own, to FILE: no torch is needed to import that."""
    from imgsim.cli.learned_models import export_learned, is_learned
    from imgsim.files import write_whole
    from imgsim.models.session import read_sealed

    check_model_name(file)
    if is_learned(architecture):
        export_learned(architecture, file)
        return
    write_whole(file, read_sealed(_only(architecture, weights=weights, padding=padding or "", layer=layer)))
    stderr.say(f"exported {architecture} to {file}")


def _only(architecture: str, **wanted: str) -> ModelFile:
    """Find the one model that is meant."""
    from imgsim.cli.model_names import find_network
    from imgsim.models.cache import find_models, models_directory
    from imgsim.models.own_names import own_names
    from imgsim.models.packaged import PACKAGES, find_packaged

    if named := own_names().get(architecture):
        return named
    network = find_network(architecture).name
    if found := find_models(network, **wanted):
        return found[0]
    if find_packaged(network, **wanted):
        package, told = PACKAGES[network].distribution, f"{network}: its weights are a package's, and not exported"
        raise WeightsError(told, remedy="install-elsewhere", package=package)
    raise WeightsError(f"no such model of {architecture} in {models_directory()}: see `imgsim models list`")
