"""Photos made for measuring: soft colours, detail at every scale, hard edges and grain, as heavy as a phone's."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LARGE, SMALL, TINY = (4000, 3000), (1024, 768), (32, 24)


def photo_folder(parent: Path, size: tuple[int, int], count: int) -> Path:
    """Give a folder of so many photos of a size (width, height), made unless they are there."""
    folder = parent / f"{size[0]}x{size[1]}-{count}"
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        path = folder / f"{seed:06d}.jpg"
        if not path.exists():
            _save(path, make_photo(seed, size))
    return folder


def with_adobe_rgb(folder: Path) -> Path:
    """Give a folder of the same photos, each with a profile of Adobe RGB."""
    profile, other = _adobe_rgb(), folder.with_name(folder.name + "-adobe")
    segment = b"\xff\xe2" + struct.pack(">H", len(profile) + 16) + b"ICC_PROFILE\0\1\1" + profile
    other.mkdir(exist_ok=True)
    for path in folder.glob("*.jpg"):
        if not (copy := other / path.name).exists():
            content = path.read_bytes()
            copy.write_bytes(content[:2] + segment + content[2:])
    return other


def _adobe_rgb() -> bytes:
    """Write an ICC profile of Adobe RGB (1998): three primaries in CIE XYZ under D50, and a gamma of 2.2."""
    primaries = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
    colors = [b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(65536 * one)) for one in row) for row in primaries]
    tags = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), colors, strict=True))
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv\0\0\0\0\0\0\0\1\2\x33\0\0")
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(content))
        data += content
    head = struct.pack(">I8x4s4s4s12x4s", 128 + len(table + data), b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return head.ljust(128, b"\0") + table + data


def make_photo(seed: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Draw a photo, (H, W, 3) BGR."""
    rng = np.random.default_rng(seed)
    width, height = size
    photo = np.full((height, width, 3), rng.integers(70, 180, 3), np.float32)
    for cells in (3, 12, 48, 192, 768):  # across the photo; finer detail is fainter, as in nature
        if cells < width:
            noise = rng.normal(0, 60 / cells**0.4, (cells * height // width + 1, cells, 3)).astype(np.float32)
            photo += cv2.resize(noise, size, interpolation=cv2.INTER_LINEAR)
    _draw_things(photo, rng)
    photo += 4 * rng.standard_normal(photo.shape, np.float32)
    return np.clip(photo, 0, 255).astype(np.uint8)


def _draw_things(photo: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Draw shapes with hard edges."""
    height, width = photo.shape[:2]
    for _ in range(40):
        centre = rng.uniform(0, (width, height))
        corners = centre + rng.normal(0, height / 12, (5, 2))
        cv2.fillPoly(photo, [corners.astype(np.int32)], rng.uniform(20, 235, 3).tolist(), cv2.LINE_4)


def _save(path: Path, photo: NDArray[np.uint8]) -> None:
    encoded, data = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert encoded
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(data.tobytes())
    temporary.rename(path)
