"""What kind of thing a photo shows, without any training: ImageNet's kinds, and the categories of an office.

References
----------
O. Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", IJCV 115(3), 2015: the kinds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from imgsim.core import WORKING_SIZE, ExtractorSpec, Features, Image, Scale
from imgsim.errors import ParameterError
from imgsim.features.deep import prepare, wanted_side
from imgsim.features.office_categories import LANGUAGES, OTHER, office_categories, table_identity
from imgsim.models.architectures import find_architecture
from imgsim.models.cache import SHOWN_DIGITS
from imgsim.models.efficientnet_lite import last_layer
from imgsim.models.imagenet_kinds import imagenet_synsets
from imgsim.models.packaged import PackagedModel, find_packaged
from imgsim.models.pooling import pool
from imgsim.models.trunk_spec import TrunkSpec, missing_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.models.session import Session

KINDS, IMAGENET = "kinds", "imagenet"  # the categories of offices, and the kinds that these are made of
NETWORK = "efficientnet_lite0"
PAPER = "Russakovsky et al.: ImageNet Large Scale Visual Recognition Challenge, 2015"
CROP = "center"  # what the head was trained on: it is surer of a square from the middle than of the whole photo
THRESHOLD = 0.25  # of the likeliest category, below which the answer is `other`; see docs/kinds.md

Language = Literal["en", "ko"]


@dataclass(frozen=True)
class ImageNetKinds:
    """Tell how probable each of ImageNet's 1,000 kinds is: a softmax of the last layer of imgsim's own network."""

    weights: str = ""  # the first digits of their SHA-256: those of the package that is installed, unless given

    name = IMAGENET
    version = 1
    metric = "hellinger"
    binary = False
    paper = PAPER

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", self.weights or self._file.weights[:SHOWN_DIGITS])

    @property
    def spec(self) -> ExtractorSpec:
        """What rebuilds this classifier."""
        return ExtractorSpec(self.name, (("weights", self.weights),), self.version)

    @property
    def labels(self) -> tuple[str, ...]:
        """The kinds, in the order of the columns."""
        return tuple(imagenet_synsets())

    @property
    def dim(self) -> int:
        """How many there are."""
        return len(self.labels)

    @property
    def scale(self) -> Scale:
        """How large the images are that it wants: as decoded, since it brings them to its own size."""
        preprocessing = find_architecture(NETWORK).preprocessing or self._session.header.preprocessing
        return Scale(max(WORKING_SIZE, wanted_side(preprocessing, CROP)), exact=False)

    def extract(self, images: Sequence[Image]) -> Features:
        """Give the probabilities of each kind, one row an image (H, W, 3): (N, 1000), rows that sum to 1."""
        return np.concatenate([np.zeros((0, self.dim), np.float32), *map(self._classify, images)])

    def _classify(self, image: Image) -> Features:
        session, (weights, biases) = self._session, self._head
        given = prepare(image, session.header.preprocessing, crop=CROP, size=0, rounded=True)
        with self._file.about():
            row = pool(session.run(given), "avg").astype(np.float64)
        scores = row @ weights.T + biases
        odds = np.exp(scores - scores.max())
        return (odds / odds.sum()).astype(np.float32)  # type: ignore[no-any-return]

    @cached_property
    def _file(self) -> PackagedModel:
        found = find_packaged(NETWORK, weights=self.weights)
        if not found:
            raise missing_model(TrunkSpec(NETWORK), self.weights)
        return found

    @cached_property
    def _session(self) -> Session:
        from imgsim.models.session import open_checked

        return open_checked(self._file)

    @cached_property
    def _head(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        with self._file.about():
            weights, biases = last_layer(self._file.tensors())
        return weights.astype(np.float64), biases.astype(np.float64)


@dataclass(frozen=True)
class OfficeKinds:
    """Tell how probable a thing of each category of lost-property offices is: the sum of the kinds that it has.

    What is left is the last label's, ``other``, which is the answer where no category reaches the threshold.
    """

    language: Language = "en"
    table: str = ""  # the first digits of its SHA-256: the table that ships, unless given
    weights: str = ""

    name = KINDS
    version = 1
    metric = "hellinger"
    binary = False
    paper = PAPER
    threshold = THRESHOLD

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ParameterError(f"{self.name}: the language is {' or '.join(LANGUAGES)}, not {self.language}")
        if self.table not in ("", table_identity()):
            raise ParameterError(f"{self.name}: this imgsim has another table of categories than {self.table}")
        object.__setattr__(self, "table", table_identity())
        object.__setattr__(self, "weights", self.kinds.weights)

    @property
    def spec(self) -> ExtractorSpec:
        """What rebuilds this classifier: the language, the table, and the network's weights."""
        params = (("language", self.language), ("table", self.table), ("weights", self.weights))
        return ExtractorSpec(self.name, params, self.version)

    @cached_property
    def kinds(self) -> ImageNetKinds:
        """What tells the probabilities that are added."""
        return ImageNetKinds(self.weights)

    @property
    def other(self) -> str:
        """What the label is called that stands for no category."""
        return OTHER[self.language]

    @property
    def labels(self) -> tuple[str, ...]:
        """The categories, those that no kind covers too, and `other`, in the order of the columns."""
        return (*(category.name(self.language) for category in office_categories()), self.other)

    @property
    def dim(self) -> int:
        """How many there are."""
        return len(self.labels)

    @property
    def scale(self) -> Scale:
        """How large the images are that it wants."""
        return self.kinds.scale

    def extract(self, images: Sequence[Image]) -> Features:
        """Give the probabilities of each category, one row an image (H, W, 3): (N, 27), rows that sum to 1."""
        return (self.kinds.extract(images).astype(np.float64) @ self._filing).astype(np.float32)

    @property
    def filed(self) -> dict[str, list[str]]:
        """The kinds that are filed under each label; none under `other`, which has all the rest."""
        kinds = {category.name(self.language): list(category.kinds) for category in office_categories()}
        return {**kinds, self.other: []}

    @cached_property
    def _filing(self) -> NDArray[np.float64]:
        """Which kind goes where, (1000, 27)."""
        places = {kind: place for place, one in enumerate(office_categories()) for kind in one.kinds}
        other = self.dim - 1
        columns = [places.get(kind, other) for kind in self.kinds.labels]
        return np.eye(self.dim)[columns]
