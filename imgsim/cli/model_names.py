"""The names that `imgsim models` takes, and what is said of one that no model has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.cli.learned_models import learned_names
from imgsim.errors import UnknownModelError
from imgsim.models.architectures import OWN, find_architecture, is_architecture
from imgsim.models.cache import list_models
from imgsim.models.own_names import own_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgsim.models.architectures import Architecture


def names_here() -> list[str]:
    """List the names of models in the cache: users' own, those of learned models, then those of networks."""
    return [*own_names(), *learned_names(), *dict.fromkeys(file.architecture for file in list_models())]


def find_network(name: str, others: Iterable[str] = ()) -> Architecture:
    """Look a network up; UnknownModelError for a name of none, proposing models that are here, and `others`."""
    here = names_here()
    if not is_architecture(name) or (name.startswith(OWN) and name not in here):
        raise UnknownModelError("model", name, dict.fromkeys([*here, *others]))
    return find_architecture(name)
