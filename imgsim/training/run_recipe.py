"""What any run that trains a network is told: the part of its configuration that all have in common."""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from imgsim.errors import ImgsimError, ParameterError, UnknownNameError
from imgsim.training.schedules import SCHEDULES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FALLING = ("log-loss",)  # figures of which less is better
LEAST_SIDE, MOST_SIDE = 32, 1024  # pixels
_LEAST = {
    "batch": 2,
    "accumulate": 1,
    "epochs": 1,
    "patience": 1,
    "step_epochs": 1,
    "views": 0,
    "seed": 0,
}


class RecipeError(ImgsimError):
    """A configuration that cannot be read, or a key of it that there is not."""


@dataclass(frozen=True)
class RunRecipe:
    """What a run does, but for its photos; each field is a key of its configuration, with dashes there."""

    kind_of_run: ClassVar[str]
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "batch_norm": ("frozen", "trained"),
        "optimizer": ("sgd", "adam", "adamw"),
        "schedule": tuple(SCHEDULES),
        "flip": ("yes", "no"),
        "precision": ("auto", "float32", "bfloat16"),
    }

    architecture: str = "efficientnet_lite0"
    weights: str = ""
    size: int = 0
    freeze: str = "0"
    batch_norm: str = "frozen"
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
    by: str = ""
    least_crop: float = 0.25
    flip: str = "yes"
    views: int = 0
    average: float = 0.0
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        for key, choices in self.choices.items():
            self.require(key, getattr(self, key) in choices, f"is {' or '.join(choices)}")
        sized = self.size == 0 or LEAST_SIDE <= self.size <= MOST_SIDE
        self.require("size", sized, f"is {LEAST_SIDE} to {MOST_SIDE} pixels, or 0 for the network's own")
        for key, least in _LEAST.items():
            self.require(key, getattr(self, key) >= least, f"is {least} or more")
        for key in ("lr", "head_lr", "step_factor"):
            self.require(key, math.isfinite(getattr(self, key)) and getattr(self, key) > 0, "is a number above 0")
        for key in ("decay", "head_decay"):
            self.require(key, math.isfinite(getattr(self, key)) and getattr(self, key) >= 0, "is a number, 0 or above")
        self.require("average", 0 <= self.average < 1, "is a share, 0 or above, less than 1")
        self.require("least_crop", 0 < self.least_crop <= 1, "is a share above 0, at most 1")

    def require(self, name: str, good: bool, what: str) -> None:  # noqa: FBT001 (reads as a sentence)
        """Raise ParameterError, which says what an option is, unless a condition holds."""
        if not good:
            raise ParameterError(f"{key_of(name)} {what}, not {getattr(self, name)}")

    @property
    def freezes(self) -> list[tuple[int, str]]:
        """From which epochs on how many stages are frozen."""
        return [(1, self.freeze)]

    def rate_at(self, epoch: int, judged: Sequence[float] = ()) -> float:
        """Tell the share of the learning rate that an epoch, from 0, has.

        `judged` is how good each epoch before was, more being better.
        """
        return SCHEDULES[self.schedule](self, epoch, judged)

    def judged(self, figures: Mapping[str, float]) -> float:
        """Tell how good an epoch of such figures is, by the one that chooses: more is better."""
        return -figures[self.by] if self.by in FALLING else figures[self.by]

    def to_toml(self) -> str:
        """Write it as a configuration, which `read_recipe` reads."""
        told = {"kind": self.kind_of_run, **self.as_options()}
        return "".join(f"{key} = {json.dumps(value)}\n" for key, value in told.items())

    def as_fields(self) -> dict[str, Any]:
        """Give every field with its value."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def as_options(self) -> dict[str, Any]:
        """Give every option with its value."""
        return {key_of(name): value for name, value in self.as_fields().items()}

    @classmethod
    def read(cls, path: str) -> dict[str, Any]:
        """Read a configuration: values by the recipe's fields, those only that it names."""
        raw = read_toml(path)
        if (kind := raw.pop("kind", cls.kind_of_run)) != cls.kind_of_run:
            raise RecipeError(f"{path}: of a run of kind {kind}, not {cls.kind_of_run}")
        return cls.checked_keys(path, raw)

    @classmethod
    def checked_keys(cls, path: str, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Give options' values by the recipe's fields; RecipeError where there is no such, or a value is no such."""
        known = {key_of(field.name): field for field in fields(cls)}
        for key in raw:
            if key not in known:
                raise RecipeError(f"{path}: {UnknownNameError('key', key, known)}")
        return {known[key].name: _typed(path, key, value, known[key].default) for key, value in raw.items()}

    @classmethod
    def make(cls, *told: Mapping[str, Any]) -> Self:
        """Make a recipe of what several sources say, of which a later one counts more than an earlier one."""
        return cls(**{key: value for one in told for key, value in one.items()})


def read_toml(path: str) -> dict[str, Any]:
    """Read a configuration as it is; RecipeError where it is not TOML."""
    try:
        return tomllib.loads(Path(path).read_bytes().decode())
    except OSError as error:
        raise RecipeError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: not TOML ({error})") from error


def key_of(name: str) -> str:
    """Write a field as the key of a configuration, and as an option."""
    return name.replace("_", "-")


def _typed(path: str, key: str, value: Any, default: object) -> Any:  # noqa: ANN401 (whatever TOML holds)
    """Check a value's kind; a whole number will do for a number."""
    wanted = type(default)
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        named = {str: "text in quotation marks", int: "a whole number", float: "a number"}[wanted]
        raise RecipeError(f"{path}: {key} is {named}, not {value!r}")
    return value
