"""Who votes and how: what a configuration file and the command's options say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgsim.errors import UnknownNameError
from imgsim.training.classifiers.ensemble_model import VoteSettings
from imgsim.training.run_recipe import RecipeError, read_toml
from imgsim.training.sweep import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHIPPED_VOTES = ("furniture-vote",)
MODELS = "models"
CHOICES = {"vote": ("mean", "weighted"), "temperature": ("fitted", "none")}


def make_vote_recipe(
    config: str | None, models: Sequence[str], given: Mapping[str, Any]
) -> tuple[list[str], VoteSettings]:
    """Give the models that vote, and how; what is given and not None counts more than a configuration says."""
    told = _read(config) if config else {}
    named = list(models) or told.pop(MODELS, [])
    told.pop(MODELS, None)
    return named, VoteSettings(**{**told, **{key: value for key, value in given.items() if value is not None}})


def _read(config: str) -> dict[str, Any]:
    path = str(SHIPPED / f"{config}.toml") if config in SHIPPED_VOTES else config
    told = read_toml(path)
    for key, value in told.items():
        if key not in (MODELS, *VoteSettings._fields):
            raise RecipeError(f"{path}: {UnknownNameError('option', key, [MODELS, *VoteSettings._fields])}")
        if key in CHOICES and value not in CHOICES[key]:
            raise RecipeError(f"{path}: {key} is one of {', '.join(CHOICES[key])}, not {value!r}")
        if key == "seed" and not (type(value) is int and value >= 0):
            raise RecipeError(f"{path}: seed is a whole number, 0 or above, not {value!r}")
        if key == MODELS and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise RecipeError(f'{path}: models is a list of files or names, such as ["a.onnx", "b.onnx"]')
    return told
