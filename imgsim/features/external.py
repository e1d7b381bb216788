"""Rows that another program made of an index's photos: compared like any other, and made of no further photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgsim.core import ExtractorSpec, Features, Image, Scale
from imgsim.features.extractor_table import find_factory

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class ExternalExtractor:
    """Stands for the rows of a file, whose SHA-256 its spec has, where an index is asked by its own photos."""

    spec: ExtractorSpec
    dim: int

    metric = "cosine"
    binary = False
    paper = ""
    version = 1
    scale = Scale()

    def extract(self, images: Sequence[Image]) -> Features:
        """Raise ParameterError: nothing here can measure a photo so."""
        raise AssertionError(f"{len(images)} photos were to be measured by {find_factory(self.spec.name)}")
