"""A network that answers NaN for one photo."""

import PIL.Image
import pytest

from tests.cases.trunks import sealed_trunk, tensor

pytest.importorskip("onnx", reason="the extra deep is not installed")

from onnx.helper import make_node


def test_the_photo_is_found_or_has_failed(make_photos, tmp_path, run):
    photos = make_photos(4)
    PIL.Image.new("RGB", (80, 80)).save(photos / "black.png")
    nodes = [
        make_node("ReduceMax", ["images"], ["largest"], keepdims=1, axes=[1, 2, 3]),
        make_node("Add", ["largest", "offset"], ["above"]),
        make_node("Sqrt", ["above"], ["root"]),
        make_node("Mul", ["images", "root"], ["maps"]),
    ]
    file = tmp_path / "roots.onnx"
    file.write_bytes(sealed_trunk(nodes, [tensor("offset", 0.95)], architecture="timm/bn", dim=3))
    refused = run("models", "import", file).code == 2
    indexed = run("index", photos, "-x", "timm/bn")
    found = run("query", photos / "1.png", "--index", photos, "-k", "10", "--format", "paths").out
    assert refused or "1 failed" in indexed.err or "black.png" in found
