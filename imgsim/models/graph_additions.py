"""Additions to an ONNX file, written at its end: protobuf takes further fields as such, and no package is used."""

from __future__ import annotations

_BYTES = 2  # the wire type of what tells its length
_GRAPH, _PROPERTIES = 7, 14  # fields of a model
_OUTPUT = 12  # of a graph
_NAME = 1  # of an output
_KEY, _VALUE = 1, 2  # of a property


def with_output(data: bytes, name: str) -> bytes:
    """Let a model also give a tensor that it computes on its way."""
    return data + bytes_field(_GRAPH, bytes_field(_OUTPUT, bytes_field(_NAME, name.encode())))


def with_property(data: bytes, key: str, value: str) -> bytes:
    """Write a property beside a model's own, as the last of the file."""
    return data + bytes_field(_PROPERTIES, bytes_field(_KEY, key.encode()) + bytes_field(_VALUE, value.encode()))


def bytes_field(number: int, content: bytes) -> bytes:
    """Write a field of bytes, a text or a message."""
    return varint(number << 3 | _BYTES) + varint(len(content)) + content


def number_field(number: int, value: int) -> bytes:
    """Write a field of a whole number, 0 or more."""
    return varint(number << 3) + varint(value)


def varint(value: int) -> bytes:
    """Write a number, seven bits a byte and the lowest first.

    Examples
    --------
    >>> varint(300).hex()
    'ac02'
    """
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])
