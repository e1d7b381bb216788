"""What says of a photo how probable each class is: a network, or a map of other extractors' rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from imgsim.core import WORKING_SIZE, ExtractorSpec, Features, Image, Scale
from imgsim.errors import ExtractorMismatchError, WeightsError
from imgsim.features.deep import prepare, wanted_side
from imgsim.features.extractor_table import build_extractor
from imgsim.features.several_scales import join_rows
from imgsim.models.ensemble_file import unpack_ensemble
from imgsim.models.header import CLASSIFIER, ENSEMBLE, LINEAR_CLASSIFIER
from imgsim.models.model_shelf import open_learned
from imgsim.models.regular_file import read_regular

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from imgsim.core import Extractor
    from imgsim.models.header import Header
    from imgsim.models.session import Session


class Member(ABC):
    """A model that gives probabilities of images, opened when it is first asked."""

    def __init__(self, header: Header, model: bytes | str) -> None:
        self.header = header
        self._model = model

    @property
    @abstractmethod
    def scales(self) -> Collection[Scale]:
        """How large the images are that it wants."""

    @abstractmethod
    def classify(self, images: Mapping[Scale, Image]) -> Features:
        """Give probabilities (1, C) of a photo, (H, W, 3) at each of those scales."""

    @cached_property
    def session(self) -> Session:
        """What runs it."""
        return open_learned(self._model, self.header.kind)


class NetworkMember(Member):
    """A network of images."""

    @property
    def scales(self) -> Collection[Scale]:
        """As decoded, for it resamples them."""
        side = wanted_side(self.header.preprocessing, self.header.details["crop"])
        return (Scale(max(WORKING_SIZE, side), exact=False),)

    def classify(self, images: Mapping[Scale, Image]) -> Features:
        """Bring a photo into the network's form, and run it."""
        (scale,), crop = self.scales, self.header.details["crop"]
        crop = "squash" if crop == "whole" and not self.session.takes_any_size else crop
        return self.session.run(prepare(images[scale], self.header.preprocessing, crop=crop, size=0, rounded=True))


class ProbeMember(Member):
    """A map of the rows of one extractor, or of several joined."""

    @property
    def scales(self) -> Collection[Scale]:
        """As the extractors want them."""
        return {one.scale for one in self.extractors}

    def classify(self, images: Mapping[Scale, Image]) -> Features:
        """Describe a photo by the extractors, and map what they say."""
        return self._checked.run(join_rows(self.extractors, images))

    @cached_property
    def extractors(self) -> list[Extractor]:
        """The extractors whose rows are mapped, in order."""
        return [_base(ExtractorSpec.from_json(text)) for text in self.header.details["bases"]]

    @cached_property
    def _checked(self) -> Session:
        taken, there = self.session.width_taken, sum(one.dim for one in self.extractors)
        if taken != there:
            named = " and ".join(str(one.spec) for one in self.extractors)
            raise WeightsError(f"takes rows of {taken} values, not the {there} values of {named}")
        return self.session


class EnsembleMember(Member):
    """Several classifiers, and their vote."""

    @property
    def scales(self) -> Collection[Scale]:
        """As the members want them."""
        return {scale for one in self.members for scale in one.scales}

    def classify(self, images: Mapping[Scale, Image]) -> Features:
        """Ask every member, and take the vote."""
        votes = np.stack([one.classify(images) for one in self.members], axis=1)
        return self.session.run(votes)

    @property
    def members(self) -> list[Member]:
        """Who votes."""
        return self._unpacked[0]

    @cached_property
    def session(self) -> Session:
        """What takes the vote."""
        return open_learned(self._unpacked[1], self.header.kind)

    @cached_property
    def _unpacked(self) -> tuple[list[Member], bytes]:
        data = self._model if isinstance(self._model, bytes) else read_regular(self._model)
        packed, vote = unpack_ensemble(data, self.header)
        return [make_member(*one) for one in packed], vote


_MEMBERS: Mapping[str, type[Member]] = {
    CLASSIFIER: NetworkMember,
    LINEAR_CLASSIFIER: ProbeMember,
    ENSEMBLE: EnsembleMember,
}


def make_member(header: Header, model: bytes | str) -> Member:
    """Make what runs a model that its header is of; `model` is its file, or that file's content."""
    return _MEMBERS[header.kind](header, model)


def _base(spec: ExtractorSpec) -> Extractor:
    try:
        return build_extractor(spec)
    except ExtractorMismatchError as error:
        told = f"it is of rows of {spec}, version {spec.version}, which this imgsim does not make"
        raise ExtractorMismatchError(f"{told}: learn it again") from error
