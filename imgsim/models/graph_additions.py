"""Additions to an ONNX file, written at its end: protobuf takes further fields as such, and no package is used."""

from __future__ import annotations

_BYTES = 2  # the wire type of what tells its length
_GRAPH, _PROPERTIES = 7, 14  # fields of a model
_OUTPUT = 12  # of a graph
_NAME = 1  # of an output
_KEY, _VALUE = 1, 2  # of a property


def with_output(data: bytes, name: str) -> bytes:
    """Let a model also give a tensor that it computes on its way."""
    return data + _field(_GRAPH, _field(_OUTPUT, _field(_NAME, name.encode())))


def with_property(data: bytes, key: str, value: str) -> bytes:
    """Write a property beside a model's own, as the last of the file."""
    return data + _field(_PROPERTIES, _field(_KEY, key.encode()) + _field(_VALUE, value.encode()))


def _field(number: int, content: bytes) -> bytes:
    """Write a field of bytes."""
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Write a number, seven bits a byte and the lowest first.

    Examples
    --------
    >>> _varint(300).hex()
    'ac02'
    """
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])
