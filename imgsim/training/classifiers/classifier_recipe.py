"""How a classifier is trained: what a configuration file and the command's options say, checked before any work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from imgsim.errors import ParameterError
from imgsim.training.run_recipe import RunRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND = "classifier"  # of a run, in its configuration
TEST, VALIDATION = 0.2, 0.1  # shares of all photos, and of those that do not test
CHOICES: dict[str, tuple[str, ...]] = {
    **RunRecipe.choices,
    "by": ("log-loss", "top-1", "top-3", "macro-f1"),  # as imgsim.evaluation.label_figures names them
    "crop": ("whole", "letterbox", "center", "squash"),
    "normalise": ("own", "centred"),
    "dropout": ("none", "dense", "convolutional"),
    "start": ("regression", "random"),
    "class_weights": ("none", "balanced"),
    "augment": ("none", "mean", "original"),
}


@dataclass(frozen=True)
class ClassifierRecipe(RunRecipe):
    """What a run does, but for its photos; each field is a key of its configuration, with dashes there."""

    kind_of_run: ClassVar[str] = KIND
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = CHOICES

    freeze: str = "but-last"
    views: int = 4
    head_lr: float = 1.0
    head_decay: float = 1.0
    epochs: int = 10
    patience: int = 10
    least_crop: float = 0.5
    by: str = "log-loss"
    crop: str = "whole"
    normalise: str = "own"
    dropout: str = "dense"
    dropout_rate: float = 0.5
    start: str = "regression"
    unfreeze: str = ""
    class_weights: str = "none"
    smoothing: float = 0.0
    augment: str = "mean"
    test: float = TEST
    validation: float = VALIDATION

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("dropout_rate", "smoothing", "test", "validation"):
            self.require(key, 0 <= getattr(self, key) < 1, "is a share, 0 or above, less than 1")
        _ = self.unfrozen

    @property
    def freezes(self) -> list[tuple[int, str]]:
        """From which epochs on how many stages are frozen."""
        return [(1, self.freeze), *self.unfrozen]

    @property
    def unfrozen(self) -> list[tuple[int, str]]:
        """From which epochs on how many stages are frozen, in place of `freeze`."""
        told = f"unfreeze {self.unfreeze!r}: EPOCH:STAGES with commas between them, such as 3:7,6:5, epochs from 2 on"
        listed = [one.partition(":")[::2] for one in self.unfreeze.split(",") if one]
        if not all(epoch.isascii() and epoch.isdecimal() and stages for epoch, stages in listed):
            raise ParameterError(told)
        steps = [(int(epoch), stages) for epoch, stages in listed]
        if any(later <= earlier for (earlier, _), (later, _) in zip([(1, ""), *steps], steps, strict=False)):
            raise ParameterError(told)
        return steps
