"""Small ONNX graphs, written field by field: no package is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.models.graph_additions import bytes_field, number_field, with_property
from imgsim.models.header import KEY, UNSEALED, Header, seal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

OPSET, IR_VERSION = 13, 8  # what ONNX Runtime 1.14 of 2023 knows
_TYPES = {"<f4": 1, "<i8": 7}  # of tensors
_INT, _INTS = 2, 7  # an attribute's


def write_graph(
    nodes: Sequence[bytes],
    tensors: Mapping[str, NDArray[np.float32] | NDArray[np.int64]],
    takes: tuple[str, Sequence[int]],
    gives: tuple[str, Sequence[int]],
    header: Header,
    *,
    before: bytes = b"",
) -> bytes:
    """Write a graph with its header; what it takes and gives, by name, are any number of rows of such a shape.

    `before` are further fields of the model, which come first.
    """
    graph = b"".join(
        (
            *nodes,
            bytes_field(2, header.kind.encode()),
            *(_tensor(name, values) for name, values in tensors.items()),
            bytes_field(11, _value(*takes)),
            bytes_field(12, _value(*gives)),
        )
    )
    opset = bytes_field(1, b"") + number_field(2, OPSET)
    model = number_field(1, IR_VERSION) + bytes_field(2, b"imgsim") + bytes_field(7, graph) + bytes_field(8, opset)
    return seal(with_property(before + model, KEY, header._replace(digest=UNSEALED.decode()).to_properties()[KEY]))


def node(operator: str, inputs: Sequence[str], output: str, attributes: bytes = b"") -> bytes:
    """Write a graph's operation."""
    names = b"".join(bytes_field(1, name.encode()) for name in inputs) + bytes_field(2, output.encode())
    return bytes_field(1, names + bytes_field(4, operator.encode()) + attributes)


def integer(name: str, value: int) -> bytes:
    """Write an operation's attribute that is a whole number, 0 or more."""
    return bytes_field(5, bytes_field(1, name.encode()) + number_field(3, value) + number_field(20, _INT))


def integers(name: str, value: int) -> bytes:
    """Write an operation's attribute that is a list of one whole number."""
    return bytes_field(5, bytes_field(1, name.encode()) + number_field(8, value) + number_field(20, _INTS))


def _tensor(name: str, values: NDArray[np.float32] | NDArray[np.int64]) -> bytes:
    kind = "<i8" if values.dtype == np.int64 else "<f4"
    shape = b"".join(number_field(1, length) for length in values.shape)
    raw = np.ascontiguousarray(values, kind).tobytes()
    return bytes_field(5, shape + number_field(2, _TYPES[kind]) + bytes_field(8, name.encode()) + bytes_field(9, raw))


def _value(name: str, shape: Sequence[int]) -> bytes:
    """Declare an array of numbers whose first axis is of any length."""
    axes = bytes_field(1, bytes_field(2, b"n"))
    axes += b"".join(bytes_field(1, number_field(1, length)) for length in shape)
    tensor = number_field(1, _TYPES["<f4"]) + bytes_field(2, axes)
    return bytes_field(1, name.encode()) + bytes_field(2, bytes_field(1, tensor))
