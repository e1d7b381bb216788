"""Learned embeddings of tests: linear maps and tiny networks, written as their files are."""

from pathlib import Path

import numpy as np

from imgsim.features import load_extractor
from imgsim.models.architectures import Preprocessing
from imgsim.models.header import EMBEDDING, LINEAR, Header
from imgsim.models.linear_graph import write_linear

HASH = "cd" * 32
PAPER = "A paper of tests, 2007"


def linear_map(rows_of: str = "histogram:bins=2", dim: int = 3, seed: int = 0, **details: object) -> bytes:
    """Make a model of a random map of an extractor's rows."""
    extractor = load_extractor(rows_of)
    mean, projection = random_map(extractor.dim, dim, seed)
    told = {"base": extractor.spec.to_json(), "recipe": {"method": "whitening", "paper": PAPER}} | details
    return write_linear(mean, projection, Header(LINEAR, {"photos": HASH}, None, {"rows": ("n", dim)}, told))


def random_map(width: int, dim: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random(width).astype(np.float32), rng.standard_normal((width, dim)).astype(np.float32)


def tiny_network(*, any_size: bool = True, crop: str = "whole", dim: int = 4) -> bytes:
    """Make a model of a network: one convolution, averaged."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from imgsim.models.header import write_header

    weights = np.random.default_rng(1).standard_normal((dim, 3, 3, 3)).astype(np.float32)
    sides = ["h", "w"] if any_size else [32, 32]
    takes = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, *sides])
    gives = helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", dim])
    nodes = [
        helper.make_node("Conv", ["images", "w"], ["maps"]),
        helper.make_node("ReduceMean", ["maps"], ["rows"], axes=[2, 3], keepdims=0),
    ]
    graph = helper.make_graph(nodes, "tiny", [takes], [gives], [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    images = Preprocessing(37, 32, "bilinear", (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    details = {"crop": crop, "recipe": {"loss": "triplet"}}
    header = Header(EMBEDDING, {"trunk": HASH}, images, {"rows": ("n", dim)}, details)
    return write_header(model.SerializeToString(), header)


def write_model(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
