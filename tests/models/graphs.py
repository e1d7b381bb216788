"""Small ONNX networks as other programs export them: of any layout, of fixed or free sizes."""

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra deep is not installed")

from onnx import TensorProto, helper


def convolution(seed=0, width=4):
    """Weights of a convolution of three channels, 4 pixels wide and apart."""
    return np.random.default_rng(seed).standard_normal((width, 3, 4, 4)).astype(np.float32)


def network(shape=("n", 3, "h", "w"), gives="rows", kind=TensorProto.FLOAT, seed=0, extra_input=False, name="pixels"):
    """Give an ONNX file's bytes: a convolution `/conv`, then maps, rows of means, rows of tokens, or an argmax."""
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    last = shape[-1] == 3
    depth = 1 if shape[1] == 1 else 3
    kernel = convolution(seed)[:, :depth].astype(dtype)
    tensors = [helper.make_tensor("w", kind, kernel.shape, kernel.ravel())]
    nodes, at = [], name
    if last:
        nodes.append(helper.make_node("Transpose", [name], ["first"], perm=[0, 3, 1, 2]))
        at = "first"
    nodes.append(helper.make_node("Conv", [at, "w"], ["/conv"], strides=[4, 4]))
    axes = ["n", 4, "y", "x"]
    out = kind
    if gives == "maps" and last:
        nodes.append(helper.make_node("Transpose", ["/conv"], ["out"], perm=[0, 2, 3, 1]))
        axes = ["n", "y", "x", 4]
    elif gives == "maps":
        nodes.append(helper.make_node("Identity", ["/conv"], ["out"]))
    elif gives == "tokens":
        tensors.append(helper.make_tensor("s", TensorProto.INT64, (3,), [0, 4, -1]))
        nodes.append(helper.make_node("Reshape", ["/conv", "s"], ["flat"]))
        nodes.append(helper.make_node("Transpose", ["flat"], ["out"], perm=[0, 2, 1]))
        axes = ["n", "t", 4]
    else:
        nodes.append(helper.make_node("GlobalAveragePool", ["/conv"], ["mean"]))
        nodes.append(helper.make_node("Flatten", ["mean"], ["out" if gives == "rows" else "flat"]))
        axes = ["n", 4]
        if gives == "classes":
            nodes.append(helper.make_node("ArgMax", ["flat"], ["out"], axis=1))
            axes, out = ["n", 1], TensorProto.INT64
    inputs = [helper.make_tensor_value_info(name, kind, list(shape))]
    if extra_input:
        inputs.append(helper.make_tensor_value_info("text", TensorProto.INT64, [1, 77]))
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info("out", out, axes)], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model.SerializeToString()
