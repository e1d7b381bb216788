"""What kind of thing a photo shows: how probable each of a classifier's classes is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from imgsim.core import CLASSIFIER, Extractor, ExtractorSpec, Features, Image, Scale
from imgsim.errors import ParameterError
from imgsim.features.classifier_members import make_member
from imgsim.features.several_scales import SeveralScales
from imgsim.models.classifier_model import CLASSIFIER_MODELS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from imgsim.features.classifier_members import Member
    from imgsim.models.header import Header
    from imgsim.models.model_shelf import LearnedModel


class Classifier(Extractor, Protocol):
    """An extractor whose rows are probabilities (N, C) of classes: none below 0, and each row sums to 1."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the columns."""


@dataclass(frozen=True)
class LearnedClassifier(SeveralScales):
    """Say by a model that was trained how probable each of its classes is.

    `name` is ``classifier:`` and the first digits of the model's SHA-256.
    """

    name: str
    sha256: str = ""  # whole; that of the one in the cache that begins so, unless given

    metric = "hellinger"
    binary = False
    version = 1

    def __post_init__(self) -> None:
        digits = self.name.removeprefix(CLASSIFIER)
        if not self.sha256:
            object.__setattr__(self, "sha256", CLASSIFIER_MODELS.find(digits).sha256)
        if not self.sha256.startswith(digits):
            raise ParameterError(f"{self.name} is not the model {self.sha256}")

    @property
    def paper(self) -> str:
        """Where it was described how the model was learned."""
        paper = self.header.details["recipe"].get("paper", "")
        return paper if isinstance(paper, str) and paper.isprintable() else ""

    @property
    def spec(self) -> ExtractorSpec:
        """What rebuilds this classifier."""
        return ExtractorSpec(self.name, (("sha256", self.sha256),), self.version)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the columns."""
        return tuple(self.header.details["labels"])

    @property
    def dim(self) -> int:
        """Number of classes."""
        return self.header.dim

    @property
    def scales(self) -> Collection[Scale]:
        """How large the images are that the model wants."""
        return self._member.scales

    def describe(self, images: Mapping[Scale, Image]) -> Features:
        """Give probabilities (1, C) of one photo, (H, W, 3) at each scale."""
        with self._model.about():
            return self._member.classify(images)

    @cached_property
    def header(self) -> Header:
        """What the model says of itself."""
        return self._model.header()

    @cached_property
    def _model(self) -> LearnedModel:
        return CLASSIFIER_MODELS.find(self.sha256)

    @cached_property
    def _member(self) -> Member:
        return make_member(self.header, self._model.path)


def load_classifier(text: str, others: Iterable[str] = ()) -> Classifier:
    """Load the classifier that a text names: a model's file, which is copied into the model cache unless it is there.

    Or its name, or 12 or more digits of its SHA-256, behind ``classifier:`` or not. Errors propose `others`, too.
    """
    bare = text if os.path.isfile(text) else text.removeprefix(CLASSIFIER)
    return LearnedClassifier(f"{CLASSIFIER}{CLASSIFIER_MODELS.spell(bare, others)}")
