"""A model that ONNX Runtime cannot run is refused in one line, imgsim's own."""

import numpy as np
import pytest

from tests.cases.trunks import sealed_trunk, tensor

pytest.importorskip("onnx", reason="the extra deep is not installed")

from onnx import numpy_helper
from onnx.helper import make_node


def test_nothing_else_is_written(tmp_path, run, capfd):
    huge = numpy_helper.from_array(np.array([1, 512, 1 << 20, 1 << 20]), "shape")
    node = make_node("ConstantOfShape", ["shape"], ["maps"], value=tensor("one", [1]))
    file = tmp_path / "huge.onnx"
    file.write_bytes(sealed_trunk([node], [huge]))
    ran = run("models", "import", file)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert capfd.readouterr().err == ""
