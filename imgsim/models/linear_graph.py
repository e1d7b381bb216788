"""A linear map of rows as an ONNX file: to unit rows, or to probabilities of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.models.graph_writer import integer, integers, node, write_graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.models.header import Header

_SHORTEST = 1e-12  # a row's length that is divided by: a row of zeros stays one


def write_linear(mean: NDArray[np.float32], projection: NDArray[np.float32], header: Header) -> bytes:
    """Write rows (N, D) -> unit rows (N, R): subtract a mean, multiply by a matrix, divide by the length.

    `mean` (D,), `projection` (D, R).
    """
    taken, given = projection.shape
    nodes = (
        node("Sub", ["features", "mean"], "centred"),
        node("MatMul", ["centred", "projection"], "mapped"),
        node("ReduceL2", ["mapped"], "length", integers("axes", 1) + integer("keepdims", 1)),
        node("Max", ["length", "shortest"], "divisor"),
        node("Div", ["mapped", "divisor"], "rows"),
    )
    tensors = {"mean": mean, "projection": projection, "shortest": np.array([_SHORTEST], np.float32)}
    return write_graph(nodes, tensors, ("features", [taken]), ("rows", [given]), header)


def write_probe(
    mean: NDArray[np.float32], coefficients: NDArray[np.float32], intercepts: NDArray[np.float32], header: Header
) -> bytes:
    """Write rows (N, D) -> probabilities (N, C): subtract a mean, multiply by a matrix, add the intercepts, softmax.

    `mean` (D,), `coefficients` (D, C), `intercepts` (C,).
    """
    taken, given = coefficients.shape
    nodes = (
        node("Sub", ["features", "mean"], "centred"),
        node("MatMul", ["centred", "coefficients"], "products"),
        node("Add", ["products", "intercepts"], "logits"),
        node("Softmax", ["logits"], "probabilities", integer("axis", 1)),
    )
    tensors = {"mean": mean, "coefficients": coefficients, "intercepts": intercepts}
    return write_graph(nodes, tensors, ("features", [taken]), ("probabilities", [given]), header)
