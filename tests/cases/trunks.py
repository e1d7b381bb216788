"""Networks of a few operators, sealed as if imgsim had exported them."""

import json

import numpy as np
import pytest

from imgsim.models.header import UNSEALED, seal

pytest.importorskip("onnx", reason="the extra deep is not installed")

import onnx
from onnx import TensorProto, helper, numpy_helper

HEADER = {
    "architecture": "resnet18",
    "padding": "torch",
    "layer": "final",
    "weights": "ab" * 32,
    "dim": 512,
    "preprocessing": {"resize": 64, "crop": 64, "interpolation": "bilinear", "mean": [0.5] * 3, "std": [0.5] * 3},
    "digest": UNSEALED.decode(),
}


def sealed_trunk(nodes, tensors, **header):
    """Write a network from `images` to `maps` with what it says of itself."""
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ("n", 3, "h", "w"))
    maps = helper.make_tensor_value_info("maps", TensorProto.FLOAT, ("n", "c", "a", "b"))
    graph = helper.make_graph(nodes, "trunk", [images], [maps], tensors)
    return seal(_written(graph, {"imgsim": json.dumps(HEADER | header)}))


def color_namer(names):
    """Write a network that gives three probabilities, and says that it knows these names."""
    nodes = [
        helper.make_node("MatMul", ["colors", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"]),
    ]
    colors = helper.make_tensor_value_info("colors", TensorProto.FLOAT, ["n", 3])
    probabilities = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "namer", [colors], [probabilities], [tensor("weights", np.eye(3))])
    header = {"architecture": "lab", "names": names, "recipe": {}, "data": "ab" * 32, "split": "rows", "seed": 0}
    return _written(graph, {"imgsim-color-names": json.dumps(header)})


def tensor(name, values):
    return numpy_helper.from_array(np.asarray(values, np.float32), name)


def tensor_beside(name, shape, file):
    """Describe a tensor whose values are in a file of their own."""
    described = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
    for key, value in {"location": file, "offset": "0", "length": str(4 * np.prod(shape))}.items():
        described.external_data.add(key=key, value=value)
    return described


def _written(graph, properties):
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, producer_name="pytorch", ir_version=8)
    onnx.helper.set_model_props(model, properties)
    return model.SerializeToString()
