"""What a model file says of itself: written beside its graph, and believed only where it can be true."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from imgsim.errors import WeightsError
from imgsim.models.architectures import ARCHITECTURES, Preprocessing
from imgsim.models.cache import FINAL, is_identity

KEY = "imgsim"
SIDES = range(16, 4097)  # pixels; timm's networks take 106 to 1024
INTERPOLATIONS = ("bilinear", "bicubic")
LARGEST, LEAST_DEVIATION = 1000, 1e-6  # of means and deviations, for values in 0..1


class Header(NamedTuple):
    """What a model file says of itself.

    Parameters
    ----------
    architecture, padding, layer, weights : str
        As in `imgsim.models.cache.ModelFile`.
    dim : int
        Channels of its maps.
    preprocessing : Preprocessing
        What its input goes through.
    """

    architecture: str
    padding: str
    layer: str
    weights: str
    dim: int
    preprocessing: Preprocessing

    def to_properties(self) -> dict[str, str]:
        """Write it as an ONNX file's metadata."""
        return {KEY: json.dumps(self._asdict() | {"preprocessing": self.preprocessing._asdict()})}

    @classmethod
    def from_properties(cls, properties: dict[str, str]) -> Header:
        """Read it from an ONNX file's metadata; WeightsError where there is none of imgsim's, or it cannot be true."""
        try:
            raw = json.loads(properties[KEY])
            mean, std = (tuple(raw["preprocessing"].pop(key)) for key in ("mean", "std"))
            header = cls(**raw | {"preprocessing": Preprocessing(**raw["preprocessing"], mean=mean, std=std)})
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise WeightsError("not a model that imgsim exported") from error
        if wrong := header._wrong():
            raise WeightsError(f"not a model that imgsim exported: {wrong[:120]}")
        return header

    def _wrong(self) -> str:
        """Say what cannot be true, if anything."""
        if not all(isinstance(text, str) for text in self[:4]) or not is_identity(*self[:4]):
            return f"it calls itself {'--'.join(map(str, self[:4]))!r}"
        known = ARCHITECTURES.get(self.architecture)
        if not _is_count(self.dim) or (known and self.layer == FINAL and self.dim != known.dim):
            return f"its maps would have {self.dim!r} channels" + (f" instead of {known.dim}" if known else "")
        resize, crop, interpolation, mean, std = self.preprocessing
        if not all(_is_count(side) and side in SIDES for side in (resize, crop)):
            return f"its input would be resized to {resize!r} and cut to {crop!r} pixels"
        if interpolation not in INTERPOLATIONS:
            return f"its interpolation would be {interpolation!r}"
        if not _are_numbers(mean) or not _are_numbers(std) or min(std) < LEAST_DEVIATION:
            return f"its mean would be {mean!r}, its deviation {std!r}"
        return ""


def _is_count(value: Any) -> bool:  # noqa: ANN401 (whatever the JSON held)
    return type(value) is int and value > 0


def _are_numbers(values: tuple[Any, ...]) -> bool:
    """Tell whether these are three, one a channel."""
    return len(values) == 3 and all(type(value) in (int, float) and abs(value) <= LARGEST for value in values)
