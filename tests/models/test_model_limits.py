"""Models that would never end, or take all memory, are refused at import, and ended where they are run."""

import json
import time

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra deep is not installed")

from onnx import TensorProto, helper, numpy_helper

from imgsim.colors.names import load_namer
from imgsim.errors import ParameterError, WeightsError
from imgsim.models.cache import store_model
from imgsim.models.header import read_header
from imgsim.models.imported_model import import_model
from imgsim.models.model_limits import MEMORY, SECONDS, limit_of
from imgsim.models.session import Session
from tests.cases.trunks import color_namer, sealed_trunk

WHOLE = {"architecture": "timm/x", "dim": 3}


def loop(nodes_after=()):
    """Repeat what comes in for ever."""
    names = ("going", TensorProto.BOOL), ("values", TensorProto.FLOAT)
    inputs = [helper.make_tensor_value_info("step", TensorProto.INT64, [])]
    inputs += [helper.make_tensor_value_info(name, kind, None) for name, kind in names]
    outputs = [helper.make_tensor_value_info(f"{name} again", kind, None) for name, kind in names]
    nodes = [helper.make_node("Identity", [name], [f"{name} again"]) for name, _ in names]
    body = helper.make_graph(nodes, "body", inputs, outputs)
    return [helper.make_node("Loop", ["", "yes", "images"], ["maps"], body=body), *nodes_after]


def endless():
    return sealed_trunk(loop(), [numpy_helper.from_array(np.array(True), "yes")], **WHOLE)


def vast():
    """Make maps of 8.6 GB of an image of 64 x 64 pixels."""
    shape = [helper.make_node("Shape", ["images"], ["shape"]), helper.make_node("Mul", ["shape", "by"], ["wanted"])]
    nodes = [*shape, helper.make_node("Expand", ["one", "wanted"], ["maps"])]
    by, one = np.array([1, 1, 419, 419], np.int64), np.ones((1, 1, 1, 1), np.float32)
    return sealed_trunk(nodes, [numpy_helper.from_array(by, "by"), numpy_helper.from_array(one, "one")], **WHOLE)


def folded():
    """Compute for minutes of constants alone, which ONNX Runtime does when it opens the model."""
    nodes = [helper.make_node("Expand", ["one", "wide"], ["0"])]
    nodes += [helper.make_node("MatMul", [str(step), str(step)], [str(step + 1)]) for step in range(400)]
    nodes += [helper.make_node("ReduceMean", ["400"], ["mean"]), helper.make_node("Add", ["images", "mean"], ["maps"])]
    wide, one = np.array([1, 1, 2048, 2048], np.int64), np.zeros((1, 1, 1, 1), np.float32)
    return sealed_trunk(nodes, [numpy_helper.from_array(wide, "wide"), numpy_helper.from_array(one, "one")], **WHOLE)


@pytest.mark.parametrize(
    ("forge", "told"),
    [
        (endless, r"takes more than 0.5 s for 64 x 64 pixels"),
        (vast, r"needs more than 4096 MB of memory for 64 x 64 pixels"),
        (folded, r"takes more than 5 s"),
    ],
)
def test_they_are_not_imported(tmp_path, left, monkeypatch, forge, told):
    monkeypatch.setenv(SECONDS, "0.5")
    file = tmp_path / "x.onnx"
    file.write_bytes(forge())
    start = time.monotonic()
    with pytest.raises(WeightsError, match=rf"x\.onnx: {told}$") as caught:
        import_model(str(file))
    assert caught.value.remedy == "allow-model-more"
    assert time.monotonic() - start < 60
    assert left() == []


@pytest.mark.parametrize(("forge", "told"), [(endless, "takes more than 0.5 s"), (vast, "needs more than 4096 MB")])
def test_they_are_ended_where_they_are_run(monkeypatch, tmp_path, forge, told):
    """As a model would that was put into the cache by hand, or is asked for a larger photo than at its import."""
    monkeypatch.setenv(SECONDS, "0.5")
    (tmp_path / "x.onnx").write_bytes(forge())
    file = store_model(forge(), **read_header(str(tmp_path / "x.onnx")).identity)
    session = Session(file.path, "cpu")
    with pytest.raises(WeightsError, match=told):
        session.run(np.zeros((1, 3, 64, 64), np.float32))


def test_a_colour_model_is_ended_too(monkeypatch, tmp_path):
    """It needs no import."""
    from onnx import load_from_string

    monkeypatch.setenv(SECONDS, "0.5")
    model = load_from_string(color_namer(list("abc")))
    nodes = loop()
    nodes[0].input[2], nodes[0].output[0] = "weights", "endless"
    model.graph.node.insert(0, nodes[0])
    model.graph.node[1].input[1] = "endless"
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "yes"))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 3]))
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert json.loads(model.metadata_props[0].value)["names"] == list("abc")
    with pytest.raises(WeightsError, match=r"x\.onnx: takes more than 0.5 s for colours$"):
        load_namer(str(tmp_path / "x.onnx"))


def test_limits_are_chosen_by_the_environment(monkeypatch):
    assert (limit_of(SECONDS), limit_of(MEMORY)) == (60, 4096)
    monkeypatch.setenv(SECONDS, "2.5")
    monkeypatch.setenv(MEMORY, "")
    assert (limit_of(SECONDS), limit_of(MEMORY)) == (2.5, 4096)
    for wrong in ("0", "-1", "nan", "inf", "1e10", "much"):
        monkeypatch.setenv(SECONDS, wrong)
        with pytest.raises(ParameterError, match="^IMGSIM_MODEL_SECONDS is a number above 0"):
            limit_of(SECONDS)
