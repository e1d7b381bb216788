"""Which characters a font has, read from its file: a font that is opened to draw with holds on to the file.

References
----------
"OpenType specification", version 1.9.1, chapters "Font file" and "cmap".
"""

from __future__ import annotations

import struct
from typing import IO, TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNICODE = {(0, 3), (0, 4), (0, 6), (3, 1), (3, 10)}  # platform and encoding of tables by Unicode
_LARGEST = 1 << 24  # bytes of a table
_CODES = 1 << 16  # that segments are of
_NONE = np.zeros((0, 2), np.int64)


def read_coverage(path: str) -> NDArray[np.int64]:
    """Read which characters a font has: (R, 2), ranges of code points, first and last; none where it cannot be read."""
    try:
        with open(path, "rb") as file:
            table = _read_table(file, b"cmap")
            ranges = [_ranges(table[offset:]) for offset in _offsets(table)]
    except (OSError, ValueError, struct.error, IndexError):
        return _NONE
    return np.concatenate([_NONE, *ranges])


def covers(ranges: NDArray[np.int64], character: str) -> bool:
    """Tell whether ranges of code points, (R, 2), have a character."""
    code = ord(character)
    return bool(((ranges[:, 0] <= code) & (code <= ranges[:, 1])).any())


def _read_table(file: IO[bytes], name: bytes) -> bytes:
    """Read a table of a font, or of the first in a collection; empty where there is none."""
    start = 0
    if file.read(4) == b"ttcf":
        file.seek(12)
        (start,) = struct.unpack(">I", file.read(4))
    file.seek(start + 4)
    (count,) = struct.unpack(">H", file.read(2))
    file.seek(start + 12)
    for _ in range(count):
        tag, _, offset, length = struct.unpack(">4sIII", file.read(16))
        if tag == name:
            file.seek(offset)
            return file.read(min(length, _LARGEST))
    return b""


def _offsets(table: bytes) -> set[int]:
    """Give where the tables by Unicode begin."""
    if not table:
        return set()
    (count,) = struct.unpack_from(">H", table, 2)
    records = (struct.unpack_from(">HHI", table, 4 + 8 * place) for place in range(count))
    return {offset for platform, encoding, offset in records if (platform, encoding) in _UNICODE}


def _ranges(table: bytes) -> NDArray[np.int64]:
    """Read a table of format 4 (segments to 0xFFFF) or 12 (groups); others are left alone."""
    (kind,) = struct.unpack_from(">H", table)
    if kind == 12:
        (count,) = struct.unpack_from(">I", table, 12)
        groups = np.frombuffer(table, ">u4", 3 * count, 16).reshape(-1, 3).astype(np.int64)
        return groups[groups[:, 2] + groups[:, 1] - groups[:, 0] > 0, :2]
    return _segments(table) if kind == 4 else _NONE


def _segments(table: bytes) -> NDArray[np.int64]:
    """Read segments: their codes lead to glyphs by a difference or by an array, and glyph 0 is what a font lacks."""
    (doubled,) = struct.unpack_from(">H", table, 6)
    count = doubled // 2
    last, first, delta, look_up = (
        np.frombuffer(table, ">u2", count, at).astype(np.int64)
        for at in (14, 16 + doubled, 16 + 2 * doubled, 16 + 3 * doubled)
    )
    lengths = np.maximum(last - first + 1, 0)
    if lengths.sum() > _CODES:  # overlapping segments, as of a damaged file
        raise ValueError("more codes than there are")
    segment = np.repeat(np.arange(count), lengths)  # of each code
    within = np.arange(len(segment)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    codes, glyphs = first[segment] + within, (first + delta)[segment] + within & 0xFFFF
    listed = np.flatnonzero(look_up[segment])
    at = (16 + 3 * doubled + 2 * np.arange(count) + look_up)[segment[listed]] + 2 * within[listed]
    padded = np.frombuffer(table + b"\0\0", np.uint8).astype(np.int64)
    at = np.minimum(at, len(table))
    glyphs[listed] = padded[at] << 8 | padded[np.minimum(at + 1, len(table))]
    there = codes[(glyphs != 0) & (codes != _CODES - 1)]
    edges = np.flatnonzero(np.diff(there) != 1)
    return np.stack([there[[0, *(edges + 1)]], there[[*edges, -1]]], axis=1) if len(there) else _NONE
