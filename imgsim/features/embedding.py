"""A learned embedding: a network of images, or a linear map of another extractor's rows, as a model file has it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from imgsim.core import EMBEDDING, WORKING_SIZE, ExtractorSpec, Features, Image, Scale
from imgsim.errors import ExtractorMismatchError, ParameterError, WeightsError
from imgsim.features.deep import prepare, wanted_side
from imgsim.features.extractor_table import build_extractor
from imgsim.metrics.product import unit_rows
from imgsim.models.embedding_model import EMBEDDING_MODELS
from imgsim.models.header import LINEAR, Header

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.core import Extractor
    from imgsim.models.model_shelf import LearnedModel
    from imgsim.models.session import Session


@dataclass(frozen=True)
class Embedding:
    """Describe a photo by an embedding that was learned, in a row of length 1.

    `name` is ``embedding:`` and the first digits of the model's SHA-256.
    """

    name: str
    sha256: str = ""  # whole; that of the one in the cache that begins so, unless given
    base: str = ""  # the specification of the extractor whose rows a linear map takes, as JSON; none of a network's

    metric = "cosine"
    binary = False
    version = 1

    def __post_init__(self) -> None:
        if not self.sha256:
            model = EMBEDDING_MODELS.find(self.name.removeprefix(EMBEDDING))
            object.__setattr__(self, "sha256", model.sha256)
            object.__setattr__(self, "base", model.header().details.get("base", ""))
        if not self.sha256.startswith(self.name.removeprefix(EMBEDDING)):
            raise ParameterError(f"{self.name} is not the model {self.sha256}")

    @property
    def paper(self) -> str:
        """Where it was described how the model was learned, or of what."""
        paper = self._header.details["recipe"].get("paper", "")
        return paper if isinstance(paper, str) and paper.isprintable() else ""

    @property
    def spec(self) -> ExtractorSpec:
        """What rebuilds this extractor."""
        return ExtractorSpec(self.name, (("base", self.base), ("sha256", self.sha256)), self.version)

    @property
    def dim(self) -> int:
        """Number of values in a row."""
        if self.base:
            _ = self.extractor.dim  # a network without its model says so before an index is begun
        return self._header.dim

    @property
    def scale(self) -> Scale:
        """How large the images are that it wants: as its base does, or as decoded, for a network resamples them."""
        if self.base:
            return self.extractor.scale
        header = self._header
        return Scale(max(WORKING_SIZE, wanted_side(header.preprocessing, header.details["crop"])), exact=False)

    def extract(self, images: Sequence[Image]) -> Features:
        """Describe images, one row each.

        `images` (H, W, 3); gives (len(images).
        """
        rows = [self._map(self.extractor.extract([one])) if self.base else self._run(one) for one in images]
        return np.concatenate([np.zeros((0, self._header.dim), np.float32), *rows])

    @cached_property
    def extractor(self) -> Extractor:
        """The extractor whose rows a linear map takes."""
        spec = ExtractorSpec.from_json(self.base)
        try:
            return build_extractor(spec)
        except ExtractorMismatchError as error:
            told = f"{self.name} maps rows of {spec}, version {spec.version}, which this imgsim does not make"
            raise ExtractorMismatchError(f"{told}: learn it again") from error

    @cached_property
    def _model(self) -> LearnedModel:
        return EMBEDDING_MODELS.find(self.sha256)

    @cached_property
    def _header(self) -> Header:
        header = self._model.header()
        if header.details.get("base", "") != self.base:
            raise ParameterError(f"{self.name} is a model of {_named(header)}")
        return header

    @cached_property
    def _session(self) -> Session:
        session = self._model.open()
        if session.header.kind == LINEAR and session.width_taken != self.extractor.dim:
            taken, there = session.width_taken, f"{self.extractor.dim} values of {self.extractor.spec}"
            with self._model.about():
                raise WeightsError(f"takes rows of {taken} values, not the {there}")
        return session

    def _map(self, row: Features) -> Features:
        session = self._session
        with self._model.about():
            return unit_rows(session.run(np.ascontiguousarray(row, np.float32)))

    def _run(self, image: Image) -> Features:
        session = self._session
        header = session.header
        crop = header.details["crop"]
        crop = "squash" if crop == "whole" and not session.takes_any_size else crop
        given = prepare(image, header.preprocessing, crop=crop, size=0, rounded=True)
        with self._model.about():
            return unit_rows(session.run(given))


def _named(header: Header) -> str:
    base = header.details.get("base", "")
    return f"the rows of {json.loads(base)['name']}" if base else "images"
