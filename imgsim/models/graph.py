"""An ONNX file's fields, walked before ONNX Runtime sees them: all of its weights must be in it."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

from imgsim.errors import WeightsError
from imgsim.models.regular_file import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

    Content = bytes | mmap.mmap

MOST_FIELDS = 1 << 20  # a network has some ten thousand
# The messages of onnx.proto3 that lead to tensors: what their fields hold, by number.
_HOLDS = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "tensor": {13: "external_data", 14: "data_location"},
}
_DAMAGED = "not an ONNX file, or a truncated one"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types
_FIXED = {_FIXED64: 8, _FIXED32: 4}  # bytes


def check_graph(model: bytes | str) -> None:
    """Make sure that an ONNX file, or its content, holds all of its weights: no digest covers those in another file."""
    if isinstance(model, bytes):
        _walk(model)
        return
    with open_regular(model) as stream:
        if not os.fstat(stream.fileno()).st_size:
            raise WeightsError(_DAMAGED)
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            _walk(content)


def _walk(content: Content) -> None:
    waiting, fields = [("model", 0, len(content))], 0
    while waiting:
        message, start, end = waiting.pop()
        for number, value, length in fields_of(content, start, end):
            fields += 1
            if fields > MOST_FIELDS:
                raise WeightsError(f"not a model that imgsim exported: it has more than {MOST_FIELDS:,} parts")
            holds = _HOLDS[message].get(number)
            if holds == "external_data" or (holds == "data_location" and value):
                raise WeightsError("keeps weights in a file beside it, which nothing vouches for: export it whole")
            if holds and length >= 0:
                waiting.append((holds, value, value + length))


def fields_of(content: Content, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Give a message's fields: number, where its bytes begin and how many; or number, value and -1."""
    place = start
    while place < end:
        key, place = _varint(content, place, end)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, place = _varint(content, place, end)
            yield number, value, -1
            continue
        if wire == _BYTES:
            length, place = _varint(content, place, end)
        elif (length := _FIXED.get(wire, -1)) < 0:
            raise WeightsError(_DAMAGED)
        if length > end - place:
            raise WeightsError(_DAMAGED)
        yield number, place, length
        place += length


def _varint(content: Content, place: int, end: int) -> tuple[int, int]:
    """Read a number, seven bits a byte and the lowest first, and tell where it ended."""
    value = shift = 0
    while place < end and shift < 64:
        byte = content[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
    raise WeightsError(_DAMAGED)
