"""A linear map of rows as an ONNX file: subtract a mean, multiply by a matrix, divide by the length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.models.graph_additions import bytes_field, number_field, with_property
from imgsim.models.header import KEY, UNSEALED, Header, seal

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPSET, IR_VERSION = 13, 8  # what ONNX Runtime 1.14 of 2023 knows
_FLOAT = 1  # a tensor's type
_INT, _INTS = 2, 7  # an attribute's
_SHORTEST = 1e-12  # a row's length that is divided by: a row of zeros stays one


def write_linear(mean: NDArray[np.float32], projection: NDArray[np.float32], header: Header) -> bytes:
    """Write rows (N, D) -> unit rows (N, R) with a header; no package is used.

    `mean` (D,), `projection` (D, R).
    """
    taken, given = projection.shape
    graph = b"".join(
        (
            _node("Sub", ["features", "mean"], "centred"),
            _node("MatMul", ["centred", "projection"], "mapped"),
            _node("ReduceL2", ["mapped"], "length", _integers("axes", 1) + _integer("keepdims", 1)),
            _node("Max", ["length", "shortest"], "divisor"),
            _node("Div", ["mapped", "divisor"], "rows"),
            bytes_field(2, b"linear"),
            _tensor("mean", mean),
            _tensor("projection", projection),
            _tensor("shortest", np.array([_SHORTEST], np.float32)),
            bytes_field(11, _value("features", taken)),
            bytes_field(12, _value("rows", given)),
        )
    )
    opset = bytes_field(1, b"") + number_field(2, OPSET)
    model = number_field(1, IR_VERSION) + bytes_field(2, b"imgsim") + bytes_field(7, graph) + bytes_field(8, opset)
    return seal(with_property(model, KEY, header._replace(digest=UNSEALED.decode()).to_properties()[KEY]))


def _node(operator: str, inputs: list[str], output: str, attributes: bytes = b"") -> bytes:
    names = b"".join(bytes_field(1, name.encode()) for name in inputs) + bytes_field(2, output.encode())
    return bytes_field(1, names + bytes_field(4, operator.encode()) + attributes)


def _integer(name: str, value: int) -> bytes:
    return bytes_field(5, bytes_field(1, name.encode()) + number_field(3, value) + number_field(20, _INT))


def _integers(name: str, value: int) -> bytes:
    return bytes_field(5, bytes_field(1, name.encode()) + number_field(8, value) + number_field(20, _INTS))


def _tensor(name: str, values: NDArray[np.float32]) -> bytes:
    shape = b"".join(number_field(1, length) for length in values.shape)
    raw = np.ascontiguousarray(values, "<f4").tobytes()
    return bytes_field(5, shape + number_field(2, _FLOAT) + bytes_field(8, name.encode()) + bytes_field(9, raw))


def _value(name: str, width: int) -> bytes:
    """Declare rows of so many numbers, any number of them."""
    axes = bytes_field(1, bytes_field(2, b"n")) + bytes_field(1, number_field(1, width))
    tensor = number_field(1, _FLOAT) + bytes_field(2, axes)
    return bytes_field(1, name.encode()) + bytes_field(2, bytes_field(1, tensor))
