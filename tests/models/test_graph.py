"""ONNX files are walked before anything runs them: their weights must be in them, wherever a graph can hold some."""

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra deep is not installed")

from onnx import TensorProto, helper, numpy_helper

from imgsim.errors import WeightsError
from imgsim.models import graph
from imgsim.models.graph import check_graph


def beside():
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="w.bin")
    return tensor


def within():
    return numpy_helper.from_array(np.ones(2, np.float32), "w")


def a_graph(tensors=(), nodes=()):
    return helper.make_graph(nodes, "g", [], [], tensors)


def as_initializer(tensor):
    return helper.make_model(a_graph([tensor]))


def as_constant(tensor):
    return helper.make_model(a_graph(nodes=[helper.make_node("Constant", [], ["w"], value=tensor)]))


def as_one_of_several(tensor):
    return helper.make_model(a_graph(nodes=[helper.make_node("Odd", [], ["w"], values=[within(), tensor])]))


def in_a_branch(tensor):
    branches = {"then_branch": a_graph([within()]), "else_branch": a_graph([tensor])}
    loop = helper.make_node("Loop", [], ["y"], body=a_graph(nodes=[helper.make_node("If", ["c"], ["w"], **branches)]))
    return helper.make_model(a_graph(nodes=[loop]))


def in_a_function(tensor):
    constant = helper.make_node("Constant", [], ["w"], value=tensor)
    function = helper.make_function("own", "F", [], ["w"], [constant], [helper.make_opsetid("", 17)])
    return helper.make_model(a_graph(), functions=[function])


def as_sparse_indices(tensor):
    model = helper.make_model(a_graph())
    model.graph.sparse_initializer.add(values=within(), indices=tensor, dims=[9])
    return model


def in_training(tensor):
    model = helper.make_model(a_graph())
    model.training_info.add(algorithm=a_graph([tensor]))
    return model


PLACES = [
    as_initializer,
    as_constant,
    as_one_of_several,
    in_a_branch,
    in_a_function,
    as_sparse_indices,
    in_training,
]


@pytest.mark.parametrize("place", PLACES)
def test_weights_in_another_file_are_found_wherever_they_are(tmp_path, place):
    file = tmp_path / "x.onnx"
    for tensor, refused in ((within(), False), (beside(), True)):
        content = place(tensor).SerializeToString()
        file.write_bytes(content)
        for model in (content, str(file)):
            if refused:
                with pytest.raises(WeightsError, match="^keeps weights in a file beside it, which nothing vouches for"):
                    check_graph(model)
            else:
                check_graph(model)


def test_a_location_alone_is_enough():
    tensor = beside()
    tensor.ClearField("data_location")
    with pytest.raises(WeightsError, match="beside it"):
        check_graph(as_initializer(tensor).SerializeToString())


@pytest.mark.parametrize(
    "content",
    [
        b"no model",
        b"\x3a",  # a graph without a length
        b"\x3a\x05ab",  # one longer than the file
        b"\x3b",  # a group, as nobody writes them any longer
        b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # a length of more than 64 bits
        b"\x09\x00",  # eight bytes, of which there is one
    ],
)
def test_what_is_no_protobuf_is_told(content):
    with pytest.raises(WeightsError, match="^not an ONNX file, or a truncated one$"):
        check_graph(content)


def test_an_empty_file(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"")
    with pytest.raises(WeightsError, match="^not an ONNX file"):
        check_graph(str(tmp_path / "x.onnx"))


def test_a_walk_ends(monkeypatch):
    monkeypatch.setattr(graph, "MOST_FIELDS", 1000)
    check_graph(b"\x08\x01" * 1000)
    with pytest.raises(WeightsError, match="more than 1,000 parts"):
        check_graph(b"\x08\x01" * 1001)
