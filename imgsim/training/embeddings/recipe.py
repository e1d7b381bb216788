"""How an embedding is trained: what a configuration file and the command's options say, checked before any work."""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from imgsim.errors import ImgsimError, ParameterError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND = "embedding"  # of a run, in its configuration
LEAVE_ONE_OUT, ONE_QUERY = PRODUCT_SPLITS = ("products-leave-one-out", "products-one-query")
DIMS = (64, 128, 256, 512)
CHOICES = {
    "batch_norm": ("frozen", "trained"),
    "optimizer": ("sgd", "adam", "adamw"),
    "schedule": ("constant", "step", "cosine"),
    "by": ("recall@1", "map@r", "accuracy", "spearman"),
    "split": ("classes", "photos", *PRODUCT_SPLITS, "groups"),
    "flip": ("yes", "no"),
    "head": ("orthogonal", "linear"),
}
OF_KIND: dict[str, dict[str, tuple[str, ...]]] = {  # what fits labels that are classes, or scores
    "by": {"classes": ("recall@1", "map@r"), "scores": ("accuracy", "spearman")},
    "split": {"classes": ("classes", "photos", *PRODUCT_SPLITS), "scores": ("photos", "groups")},
    "head": {"classes": ("orthogonal", "linear"), "scores": ("orthogonal",)},
}
SCORED = {"loss": "triplet", "sampler": "scores", "by": "accuracy", "split": "photos"}  # in place of other defaults
UNMINED, UNMINED_SAMPLER = "log-ratio", "random"  # a loss of scores that needs no partners, and its sampler
LEAST_SIDE, MOST_SIDE = 32, 1024  # pixels


class RecipeError(ImgsimError):
    """A configuration that cannot be read, or a key of it that there is not."""


@dataclass(frozen=True)
class TrainingRecipe:
    """What a run does, but for its photos; each field is a key of its configuration, with dashes there."""

    architecture: str = "efficientnet_lite0"
    weights: str = ""
    size: int = 0
    dim: int = 512
    head: str = "orthogonal"
    freeze: str = "0"
    batch_norm: str = "frozen"
    loss: str = "multi-similarity"
    miner: str = ""
    sampler: str = "m-per-class"
    batch: int = 64
    accumulate: int = 1
    optimizer: str = "adamw"
    lr: float = 1e-4
    decay: float = 1e-4
    head_lr: float = 2.0
    head_decay: float = 0.5
    schedule: str = "cosine"
    step_epochs: int = 10
    step_factor: float = 0.3
    epochs: int = 20
    patience: int = 8
    by: str = "recall@1"
    least_crop: float = 0.25
    flip: str = "yes"
    views: int = 0
    split: str = "classes"
    shares: str = "0.6:0.2:0.2"
    widths: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        for key, choices in CHOICES.items():
            _require(key, getattr(self, key) in choices, f"is {' or '.join(choices)}", getattr(self, key))
        _require("dim", self.dim in DIMS, f"is {', '.join(map(str, DIMS[:-1]))} or {DIMS[-1]}", self.dim)
        sized = self.size == 0 or LEAST_SIDE <= self.size <= MOST_SIDE
        _require("size", sized, f"is {LEAST_SIDE} to {MOST_SIDE} pixels, or 0 for the network's own", self.size)
        for key, least in _LEAST.items():
            _require(key, getattr(self, key) >= least, f"is {least} or more", getattr(self, key))
        for key in ("lr", "head_lr", "step_factor"):
            value = getattr(self, key)
            _require(key, math.isfinite(value) and value > 0, "is a number above 0", value)
        for key in ("decay", "head_decay"):
            value = getattr(self, key)
            _require(key, math.isfinite(value) and value >= 0, "is a number, 0 or above", value)
        _require("least_crop", 0 < self.least_crop <= 1, "is a share above 0, at most 1", self.least_crop)
        _ = self.parts
        default = type(self).shares
        if self.split == ONE_QUERY and self.shares != default:
            raise ParameterError(
                f"shares {self.shares}: {ONE_QUERY} deals photos by rules of its own: leave shares out"
            )
        for key, fitting in OF_KIND.items():
            if (value := getattr(self, key)) not in fitting[self.kind]:
                told = f"{value} is not for labels that are {self.kind}: {' or '.join(fitting[self.kind])}"
                raise ParameterError(f"{key}: {told}")
        if self.widths.count(":") > 1 or (self.widths and ":" not in self.widths):
            raise ParameterError(f"widths {self.widths!r}: write WITHIN:BEYOND, such as 5:30 or q0.1:q0.6")

    @property
    def kind(self) -> Literal["classes", "scores"]:
        """What its photos' labels are: scores have widths."""
        return "scores" if self.widths else "classes"

    @property
    def parts(self) -> tuple[float, ...]:
        """The shares of photos that train, validate and test."""
        try:
            return tuple(float(share) for share in self.shares.split(":"))
        except ValueError:
            told = f"shares {self.shares!r}: three numbers with colons between them, such as 0.6:0.2:0.2"
            raise ParameterError(told) from None

    def rate_at(self, epoch: int) -> float:
        """Tell the share of the learning rate that an epoch, from 0, has."""
        if self.schedule == "step":
            return self.step_factor ** (epoch // self.step_epochs)
        return (1 + math.cos(math.pi * epoch / self.epochs)) / 2 if self.schedule == "cosine" else 1.0

    def to_toml(self) -> str:
        """Write it as a configuration, which `read_recipe` reads."""
        told = {"kind": KIND, **self.as_options()}
        return "".join(f"{key} = {json.dumps(value)}\n" for key, value in told.items())

    def as_fields(self) -> dict[str, Any]:
        """Give every field with its value."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def as_options(self) -> dict[str, Any]:
        """Give every option with its value."""
        return {_key(name): value for name, value in self.as_fields().items()}


_LEAST = {
    "batch": 2,
    "accumulate": 1,
    "epochs": 1,
    "patience": 1,
    "step_epochs": 1,
    "views": 0,
    "seed": 0,
}


def read_toml(path: str) -> dict[str, Any]:
    """Read a configuration as it is; RecipeError where it is not TOML."""
    try:
        return tomllib.loads(Path(path).read_bytes().decode())
    except OSError as error:
        raise RecipeError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: not TOML ({error})") from error


def read_recipe(path: str) -> dict[str, Any]:
    """Read a configuration: values by the recipe's fields, those only that it names."""
    raw = read_toml(path)
    if (kind := raw.pop("kind", KIND)) != KIND:
        raise RecipeError(f"{path}: of a run of kind {kind}, not {KIND}")
    return checked_keys(path, raw)


def checked_keys(path: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Give options' values by the recipe's fields; RecipeError where there is no such option, or a value is no such."""
    known = {_key(field.name): field for field in fields(TrainingRecipe)}
    for key in raw:
        if key not in known:
            raise RecipeError(f"{path}: {UnknownNameError('key', key, known)}")
    return {known[key].name: _typed(path, key, value) for key, value in raw.items()}


def make_recipe(*told: Mapping[str, Any]) -> TrainingRecipe:
    """Make a recipe of what several sources say, of which a later one counts more than an earlier one."""
    named = {key: value for one in told for key, value in one.items()}
    if named.get("widths"):
        unmined = str(named.get("loss", "")).partition(":")[0] == UNMINED
        named = SCORED | ({"sampler": UNMINED_SAMPLER} if unmined else {}) | named
    return replace(TrainingRecipe(), **named)


def _typed(path: str, key: str, value: Any) -> Any:  # noqa: ANN401 (whatever TOML holds)
    """Check a value's kind; a whole number will do for a number."""
    wanted = type(getattr(TrainingRecipe(), key.replace("-", "_")))
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        named = {str: "text in quotation marks", int: "a whole number", float: "a number"}[wanted]
        raise RecipeError(f"{path}: {key} is {named}, not {value!r}")
    return value


def _key(name: str) -> str:
    return name.replace("_", "-")


def _require(name: str, good: bool, what: str, value: object) -> None:  # noqa: FBT001 (reads as a sentence)
    if not good:
        raise ParameterError(f"{_key(name)} {what}, not {value}")
