"""`imgsim models remove`."""

from __future__ import annotations

import os
from contextlib import suppress

import click

from imgsim.cli import model_completion, stderr
from imgsim.cli.flags import general_options
from imgsim.errors import WeightsError


@click.command()
@click.argument("architecture", shell_complete=model_completion.cached_models)
@click.option("--weights", default="", metavar="HASH", help="Only these weights, by the start of their SHA-256.")
@general_options
def remove(architecture: str, weights: str) -> None:
    """Remove the models of ARCHITECTURE from the cache, or the one that has a name of your own, with the name."""
    from imgsim.cli.learned_models import is_learned, remove_learned
    from imgsim.cli.model_names import find_network
    from imgsim.files import remove_old_parts
    from imgsim.models.cache import list_models, models_directory
    from imgsim.models.defaults import read_defaults, write_defaults
    from imgsim.models.own_names import FILE, own_names
    from imgsim.models.packaged import PACKAGES, find_packaged

    remove_old_parts(models_directory())
    if is_learned(architecture):
        remove_learned(architecture)
        return
    named = own_names().get(architecture)
    network = named.architecture if named else find_network(architecture).name
    there = [named] if named else [one for one in list_models() if one.architecture == network]
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
    if not files and find_packaged(network, weights=weights):
        stderr.say(f"{network}: its weights are a package's: `pip uninstall {PACKAGES[network].distribution}`")
    click.get_current_context().exit(0 if files else 1)
