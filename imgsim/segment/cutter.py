"""Cutting parts out of photos in one settled way, whose maps are kept beside whoever asks."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image

from imgsim.errors import ParameterError
from imgsim.files import replace_file
from imgsim.images.mark import MARK
from imgsim.segment.base_segmenter import NO_FILE, LabelMap, PhotoFile, Segmenter, SegmenterSpec
from imgsim.segment.cut_parts import BACKGROUNDS, Background, PhotoPart, cut_out, find_parts
from imgsim.segment.label_maps import enlarge
from imgsim.segment.part_finder import wanted_of
from imgsim.segment.segmenter_table import NO_SEGMENTER, build_segmenter, load_parts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from imgsim.core import Image, Scale
    from imgsim.segment.segmenter_table import Labels

DEFAULT_BACKGROUND: Background = "mean"
DEFAULT_CROP = True


@dataclass(frozen=True)
class Cutter:
    """Cuts parts out of photos: by a segmenter's labels, on a background, and perhaps close around them.

    `maps` is a folder that keeps label maps of files by their content, where there is one: a cache.
    """

    segmenter: Segmenter
    labels: Labels
    background: Background = DEFAULT_BACKGROUND
    crop: bool = DEFAULT_CROP
    maps: str = ""

    @classmethod
    def of_text(cls, text: str, background: str | None = None, *, crop: bool | None = None, maps: str = "") -> Cutter:
        """Make a cutter of what was typed."""
        return cls(*load_parts(text), maps=maps).seen_otherwise(background, crop=crop)

    @classmethod
    def of_owner(cls, owner: str, maps: str = "", *, renewed: bool = False) -> Cutter:
        """Make a cutter again of the name that its parts have in an index; `renewed`, though it would cut otherwise."""
        told: Mapping[str, Any] = json.loads(owner)
        segmenter = build_segmenter(SegmenterSpec.from_json(json.dumps(told["segmenter"])), renewed=renewed)
        return cls(segmenter, tuple(map(tuple, told["labels"])), told["background"], told["crop"], maps)

    @property
    def owner(self) -> str:
        """The name that its parts have in an index: canonical JSON of all that they depend on."""
        told = {"segmenter": json.loads(self.segmenter.spec.to_json()), "labels": self.labels}
        return json.dumps(told | {"background": self.background, "crop": self.crop}, sort_keys=True)

    @property
    def scale(self) -> Scale:
        """How large the image is that it looks at."""
        return self.segmenter.scale

    @property
    def wanted(self) -> str:
        """What a photo lacks that has no part of it."""
        return wanted_of(self.segmenter, self.labels)

    def with_maps(self, maps: str) -> Cutter:
        """Keep label maps in a folder."""
        return replace(self, maps=maps)

    def seen_otherwise(self, background: str | None, *, crop: bool | None) -> Cutter:
        """Put another background behind the parts, or crop them otherwise; None leaves it as it is."""
        chosen = next((one for one in BACKGROUNDS if one == (background or self.background)), None)
        if chosen is None:
            raise ParameterError(f"a background is {', '.join(BACKGROUNDS)}, not {background!r}")
        return replace(self, background=chosen, crop=self.crop if crop is None else crop)

    def find(self, image: Image, photo: PhotoFile = NO_FILE, digest: bytes = b"") -> list[PhotoPart]:
        """Find the parts on an image (H, W, 3) at its scale; by a file's digest its map is kept, or found again."""
        place = self._place(digest)
        labels = _read_map(place, image.shape[:2]) if place else None
        if labels is None:
            labels = self.segmenter.segment(image, photo)
            if place:
                _write_map(place, labels)
        return find_parts(labels, self.segmenter.names, self.labels)

    def cut(self, image: Image, part: PhotoPart) -> Image:
        """Cut a part out of the photo's image (H, W, 3) at any scale."""
        mask = enlarge(part.mask.astype(np.uint8), image.shape[:2]) > 0
        return cut_out(image, mask, self.background, crop=self.crop) if mask.any() else image

    def _place(self, digest: bytes) -> str:
        if not self.maps or not digest:
            return ""
        return os.path.join(self.maps, folder_of(self.owner), digest.hex()[:2], f"{digest.hex()}.png")


def settled_cutter(owner: str, segment: str | None, background: str | None, *, crop: bool | None) -> Cutter | None:
    """Make the cutter that is asked for, where nothing is said as one of before was, by its owner; None for none."""
    if segment == NO_SEGMENTER or not (segment or owner):
        return None
    if segment:
        told = json.loads(owner) if owner else {}
        before = told.get("background"), told.get("crop")
        return Cutter.of_text(segment, background or before[0], crop=before[1] if crop is None else crop)
    kept = Cutter.of_owner(owner, renewed=True)
    return kept.seen_otherwise(background, crop=crop)


def folder_of(owner: str) -> str:
    """Name the folder of the label maps that a cutter's segmenter made, by the owner of its parts."""
    spec = json.dumps(json.loads(owner)["segmenter"], sort_keys=True)
    return hashlib.sha256(spec.encode()).hexdigest()[:16]


def remove_other_maps(maps: str, owner: str, digests: Collection[bytes]) -> None:
    """Remove the label maps of other segmenters than an owner's, if there is one, and of other files than these."""
    kept, known = folder_of(owner) if owner else "", {f"{digest.hex()}.png" for digest in digests}
    for folder in os.scandir(maps) if os.path.isdir(maps) and not os.path.islink(maps) else ():
        if folder.name != kept:
            shutil.rmtree(folder.path, ignore_errors=True)  # not a link's, which it refuses
            continue
        for place, _, names in os.walk(folder.path):
            for name in names:
                if name not in known:
                    with suppress(OSError):
                        os.unlink(os.path.join(place, name))


def _read_map(path: str, shape: tuple[int, int]) -> LabelMap | None:
    """Read a map that was kept; None where there is none of this height and width."""
    with suppress(Exception), PIL.Image.open(path, formats=["PNG"]) as picture:  # a cache: what is damaged is not there
        if (picture.height, picture.width) == shape and picture.mode == "L" and picture.info.get("Software") == MARK:
            return np.asarray(picture)
    return None


def _write_map(path: str, labels: LabelMap) -> None:
    """Keep a map, where that can be done."""
    from PIL.PngImagePlugin import PngInfo

    buffer, text = io.BytesIO(), PngInfo()
    text.add_text("Software", MARK)
    PIL.Image.fromarray(labels).save(buffer, "PNG", pnginfo=text)
    with suppress(OSError):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        replace_file(path, buffer.getvalue())
