"""Pooled features of a network, run by ONNX Runtime; torch is not imported."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import PIL.Image

from imgsim.core import WORKING_SIZE, ExtractorSpec, Features, Image, Scale
from imgsim.errors import ParameterError
from imgsim.metrics.product import unit_rows
from imgsim.models.architectures import FINAL, Preprocessing, find_architecture
from imgsim.models.cache import SHOWN_DIGITS, ModelFile
from imgsim.models.header import check_header
from imgsim.models.packaged import PackagedModel, find_ready
from imgsim.models.pooling import Pooling, pool
from imgsim.models.trunk_spec import TrunkSpec, missing_model
from imgsim.models.whitening import Whitening, load_whitening

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.models.session import Session

_FILTERS = {"bilinear": PIL.Image.Resampling.BILINEAR, "bicubic": PIL.Image.Resampling.BICUBIC}
WHOLE = 8 / 7  # of the square that a network was trained on: things are smaller in a whole photo than in a crop of it
BEFORE_CUTS = 1  # the version that was given photos brought to the working size; each cut of a network is one more
_NOT_PARAMETERS = ("architecture", "version")
_LONGEST = 4  # sides of the square: what a photo's longer side is squeezed or cut to, which bounds the memory it takes


@dataclass(frozen=True)
class DeepExtractor:
    """Describe a photo by the pooled feature maps of a network.

    Parameters
    ----------
    architecture : str
        A name in the table, or ``timm/NAME``.
    pooling : {"avg", "max", "gem"}
        How maps become a row: the mean of each map, its largest value, or the generalised mean, which lies between.
    p : float
        The power of ``gem``, 0.1 to 100: 1 is ``avg``, and more comes closer to ``max``.
    layer : str
        Where the network is cut; empty for its last feature map.
    crop : {"whole", "center", "squash"}
        All of the photo, its shorter side 8/7 of the square that the network was trained on (transformers, which
        take that square only, squeeze the photo to it); that square, cut from the middle; or the photo squeezed to it.
    size : int
        Pixels of that shorter side, or of that square, 32 to 1024; 0 for those. Not for transformers.
    flip : {"no", "yes"}
        Whether a photo and its mirror image are described together: the mean of their unit rows.
    weights : str
        The first digits of the weights' SHA-256; the ones imported last unless given.
    padding : {"", "torch", "tensorflow"}
        Which import of the weights; the last unless given.
    whitening : str
        Hash of a fitted whitening; empty for none.
    version : int
        Of its features: an earlier one where the network is still cut as it was then, else the present one.

    Notes
    -----
    Rows have length 1. A photo is run by itself: its row does not depend on the batch.

    References
    ----------
    A. Babenko, V. Lempitsky, "Aggregating Deep Convolutional Features for Image Retrieval", ICCV 2015: sums over the
    last feature map as a descriptor.
    H. Touvron, A. Vedaldi, M. Douze, H. Jegou, "Fixing the Train-Test Resolution Discrepancy", NeurIPS 2019: why a
    photo is best seen larger than in training.
    """

    architecture: str
    pooling: Pooling = "avg"
    p: float = 3.0
    layer: str = ""
    crop: Literal["whole", "center", "squash"] = "whole"
    size: int = 0
    flip: Literal["no", "yes"] = "no"
    weights: str = ""
    padding: Literal["", "torch", "tensorflow"] = ""
    whitening: str = ""
    version: int = 0

    metric = "cosine"
    binary = False

    def __post_init__(self) -> None:
        known = find_architecture(self.architecture)
        object.__setattr__(self, "architecture", known.name)
        if self.layer in (FINAL, known.final()):
            object.__setattr__(self, "layer", "")
        cuts = [known.cut, *range(1, known.cut)] if not self.layer else [1]
        versions = [BEFORE_CUTS + cut for cut in cuts]
        object.__setattr__(self, "version", self.version if self.version in versions else versions[0])
        if not 0.1 <= self.p <= 100:
            raise ParameterError(f"{self.architecture}: p is 0.1 to 100, not {self.p:g}")
        if self.size and not 32 <= self.size <= 1024:
            raise ParameterError(f"{self.architecture}: size is 32 to 1024 pixels, or 0, not {self.size}")
        if self.size and known.one_size:
            raise ParameterError(f"{self.architecture} takes images of its own size only: leave out size")

    @property
    def paper(self) -> str:
        """Where the network was described."""
        return find_architecture(self.architecture).paper

    @property
    def spec(self) -> ExtractorSpec:
        """What rebuilds this extractor, the weights named by their hash."""
        named = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in _NOT_PARAMETERS}
        named |= {"weights": self._file.weights[:SHOWN_DIGITS], "padding": self._file.padding}
        return ExtractorSpec(self.architecture, tuple(sorted(named.items())), self.version)

    @property
    def dim(self) -> int:
        """Number of values in a row; the network's own, if no model file is needed to know it."""
        return self._whitening.dim if self.whitening else self._channels

    @property
    def scale(self) -> Scale:
        """How large the images are that it wants: as decoded, since it brings them to its own size."""
        preprocessing = find_architecture(self.architecture).preprocessing or self._session.header.preprocessing
        return Scale(max(WORKING_SIZE, wanted_side(preprocessing, self.crop, self.size)), exact=False)

    def extract(self, images: Sequence[Image]) -> Features:
        """Describe images, one row each.

        `images` (H, W, 3); gives (len(images).
        """
        rows = np.concatenate([np.zeros((0, self._session.header.dim), np.float32), *map(self._describe, images)])
        return self._whitening.apply(rows) if self.whitening else rows

    def _describe(self, image: Image) -> Features:
        views = [image, image[:, ::-1]] if self.flip == "yes" else [image]
        session = self._session
        crop = "squash" if self.crop == "whole" and not session.takes_any_size else self.crop
        packaged = find_architecture(self.architecture).source == "package"
        form = session.header.preprocessing
        inputs = [prepare(view, form, crop=crop, size=self.size, rounded=packaged) for view in views]
        with self._file.about():
            pooled = [unit_rows(pool(session.run(one), self.pooling, self.p)) for one in inputs]
        return pooled[0] if len(pooled) == 1 else unit_rows(np.mean(pooled, axis=0))

    @cached_property
    def _file(self) -> ModelFile | PackagedModel:
        layer = self.layer or find_architecture(self.architecture).final(self.version - BEFORE_CUTS)
        found = next(iter(find_ready(self.architecture, weights=self.weights, padding=self.padding, layer=layer)), None)
        if not found:
            raise missing_model(TrunkSpec(self.architecture, self.layer, self.padding), self.weights)
        if isinstance(found, ModelFile):
            check_header(found)  # before an index is begun with it
        return found

    @cached_property
    def _session(self) -> Session:
        from imgsim.models.session import open_checked

        return open_checked(self._file)

    @property
    def _channels(self) -> int:
        known = find_architecture(self.architecture)
        return known.dim if known.dim and not self.layer else self._session.header.dim

    @cached_property
    def _whitening(self) -> Whitening:
        fitted = load_whitening(self.whitening)
        if len(fitted.mean) != self._channels:
            there = f"{len(fitted.mean)} values, not to the {self._channels} of {self.architecture}"
            raise ParameterError(f"whitening {self.whitening} was fitted to {there}")
        bare = replace(self, whitening="").spec
        if fitted.fitted_to != bare.to_json():
            other = ExtractorSpec.from_json(fitted.fitted_to) if fitted.fitted_to else "what it does not name"
            raise ParameterError(f"whitening {self.whitening} was fitted to {other}, not to {bare}")
        return fitted


def _published_side(preprocessing: Preprocessing, crop: str) -> int:
    """Tell the square's side or, for a whole photo, what its shorter side is brought to."""
    return round(WHOLE * preprocessing.crop) if crop == "whole" else preprocessing.crop


def _resized(preprocessing: Preprocessing, side: int) -> int:
    """Tell what the shorter side is brought to before a square is cut from it."""
    return round(preprocessing.resize * side / preprocessing.crop)


def wanted_side(preprocessing: Preprocessing, crop: str, size: int = 0) -> int:
    """Tell what a photo's shorter side is brought to, in pixels."""
    side = size or _published_side(preprocessing, crop)
    return _resized(preprocessing, side) if crop == "center" else side


def prepare(
    image: Image, preprocessing: Preprocessing, *, crop: str, size: int, rounded: bool = False
) -> NDArray[np.float32]:
    """Bring pixels into the form that a network was trained with.

    `image` (H, W, 3); gives (1, 3, h, w). The longer side is rounded down, as by torchvision, or to the nearest.
    """
    return normalise(resample(image, preprocessing, crop=crop, size=size, rounded=rounded), preprocessing)


def resample(image: Image, preprocessing: Preprocessing, *, crop: str, size: int, rounded: bool = False) -> Image:
    """Bring an image (H, W, 3) to the size that a network sees it in, (h, w, 3)."""
    side = size or _published_side(preprocessing, crop)
    if crop == "letterbox":
        return _letterbox(image, side, _FILTERS[preprocessing.interpolation])
    if crop == "center":
        image = _middle(image)
    target = (side, side)
    if crop != "squash":
        height, width = image.shape[:2]
        shorter = side if crop == "whole" else _resized(preprocessing, side)
        longer = (shorter * max(height, width) + rounded * (min(height, width) // 2)) // min(height, width)
        longer = min(longer, _LONGEST * shorter)
        target = (shorter, longer) if height > width else (longer, shorter)
    photo = PIL.Image.fromarray(np.ascontiguousarray(image)).resize(target, _FILTERS[preprocessing.interpolation])
    if crop == "center":
        left, top = (round((length - side) / 2) for length in target)  # half to even, as torchvision
        photo = photo.crop((left, top, left + side, top + side))
    return np.asarray(photo)


def _letterbox(image: Image, side: int, resampling: PIL.Image.Resampling) -> Image:
    """Bring an image's longer side to the square's, and fill that up with black, alike on both sides."""
    height, width = image.shape[:2]
    high, wide = (max(1, round(length * side / max(height, width))) for length in (height, width))
    top, left = (side - high) // 2, (side - wide) // 2
    square = np.zeros((side, side, 3), np.uint8)
    photo = PIL.Image.fromarray(np.ascontiguousarray(image)).resize((wide, high), resampling)
    square[top : top + high, left : left + wide] = np.asarray(photo)
    return square


def normalise(pixels: Image, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """Look each value up in a table of the 256 there are, shape (1, 3, h, w): a sixth of the time of computing it."""
    shares = np.arange(256, dtype=np.float32)[:, None] / 255
    table = (shares - np.array(preprocessing.mean, np.float32)) / np.array(preprocessing.std, np.float32)
    channels = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    normalised = np.empty((1, *channels.shape), np.float32)
    for channel, values, answer in zip(channels, np.ascontiguousarray(table.T), normalised[0], strict=True):
        np.take(values, channel, out=answer, mode="clip")  # clip: the mode that writes to `out` unbuffered
    return normalised


def _middle(image: Image) -> Image:
    height, width = image.shape[:2]
    most = _LONGEST * min(height, width)
    top, left = (max(length - most, 0) // 2 for length in (height, width))
    return image[top : top + most, left : left + most]
