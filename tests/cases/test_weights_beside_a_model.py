"""A model whose weights are in a file beside it, which no digest covers."""

import numpy as np
import pytest

from tests.cases.trunks import sealed_trunk, tensor_beside

pytest.importorskip("onnx", reason="the extra deep is not installed")

from onnx.helper import make_node


def test_it_is_not_imported(tmp_path, run, monkeypatch):
    shape = (512, 3, 8, 8)
    node = make_node("Conv", ["images", "weights"], ["maps"], kernel_shape=[8, 8], strides=[8, 8])
    file = tmp_path / "beside.onnx"
    file.write_bytes(sealed_trunk([node], [tensor_beside("weights", shape, "weights.bin")]))
    np.random.default_rng(1).standard_normal(shape).astype(np.float32).tofile(tmp_path / "weights.bin")
    monkeypatch.chdir(tmp_path)
    ran = run("models", "import", file)
    assert (ran.code, ran.uncaught) == (2, "")
