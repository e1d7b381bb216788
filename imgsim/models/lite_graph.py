"""`python -m imgsim.models.lite_graph` writes EfficientNet-Lite's graphs, without weights, as imgsim ships them."""

from __future__ import annotations

from typing import Any

from imgsim.errors import MissingDependencyError
from imgsim.models.architectures import ARCHITECTURES, FINAL
from imgsim.models.efficientnet_lite import HEAD, SCALES, Block, Layer, blocks_of
from imgsim.models.header import Header, write_header
from imgsim.models.packaged import PACKAGES, SHIPPED

try:
    import onnx
    from onnx import TensorProto, helper
except ImportError as error:
    raise MissingDependencyError("onnx", "deep") from error

OPSET, IR_VERSION = 13, 8  # what ONNX Runtime 1.14 of 2023 knows
NEVER = "nowhere"  # the file of the weights: they are given when the graph is opened


def make_graph(architecture: str, digest: str) -> bytes:
    """Make the graph of a network whose weights have this SHA-256; the same bytes each time."""
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []
    maps = "images"
    for block in blocks_of(architecture):
        maps = _add_block(block, maps, nodes, weights)
    nodes[-1].output[0] = "maps"
    bounds = [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in (("zero", 0.0), ("six", 6.0))]
    given = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, "height", "width"])
    made = helper.make_tensor_value_info("maps", TensorProto.FLOAT, ["n", HEAD, "h", "w"])
    graph = helper.make_graph(nodes, architecture, [given], [made], [*bounds, *weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="imgsim")
    model.ir_version = IR_VERSION
    known = ARCHITECTURES[architecture]
    header = Header(
        "trunk",
        {"weights": digest},
        known.preprocessing,
        {"maps": ("n", HEAD, "h", "w")},
        {"architecture": architecture, "padding": known.padding, "layer": FINAL},
        known.licence,
        known.url,
    )
    return write_header(model.SerializeToString(deterministic=True), header)


def _add_block(block: Block, given: str, nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto]) -> str:
    maps = given
    for layer in block.layers:
        maps = _add_layer(layer, maps, nodes, weights)
    if block.residual:
        nodes.append(helper.make_node("Add", [maps, given], [f"{maps}+"]))
        return f"{maps}+"
    return maps


def _add_layer(layer: Layer, given: str, nodes: list[onnx.NodeProto], weights: list[onnx.TensorProto]) -> str:
    name = layer.convolution
    weights += [_external(f"{name}.weight", layer.shape), _external(f"{name}.bias", (layer.outputs,))]
    settings: dict[str, Any] = {"kernel_shape": [layer.kernel] * 2, "strides": [layer.stride] * 2}
    settings |= {"group": layer.outputs} if layer.depthwise else {}
    inputs = [given, f"{name}.weight", f"{name}.bias"]
    nodes.append(helper.make_node("Conv", inputs, [name], auto_pad="SAME_UPPER", **settings))
    if not layer.clipped:
        return name
    nodes.append(helper.make_node("Clip", [name, "zero", "six"], [f"{name}.clipped"]))
    return f"{name}.clipped"


def _external(name: str, shape: tuple[int, ...]) -> onnx.TensorProto:
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=NEVER)
    return tensor


def main() -> None:
    """Write the graphs."""
    for architecture in SCALES:
        data = make_graph(architecture, PACKAGES[architecture].digest)
        (SHIPPED / f"{architecture}.onnx").write_bytes(data)


if __name__ == "__main__":
    main()
