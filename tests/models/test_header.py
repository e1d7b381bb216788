"""One header for models of every kind, and the session that runs them."""

import json

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra deep is not installed")

import onnx
from onnx import TensorProto, helper, numpy_helper

from imgsim.errors import WeightsError
from imgsim.models.architectures import Preprocessing
from imgsim.models.header import FORMAT, KINDS, Header, write_header
from imgsim.models.session import Session

HASH = "ab" * 32
NAMES = ["coat", "bag", "shoe"]
IMAGES = Preprocessing(32, 32)
DETAILS = {
    "trunk": {"architecture": "timm/small", "padding": "torch", "layer": "final"},
    "network": {
        "architecture": "onnx/small",
        "padding": "torch",
        "layer": "final",
        "input": "images",
        "output": "maps",
        "layout": "NCHW",
        "axes": "NCHW",
        "channels": "rgb",
        "sizes": "any",
    },
    "embedding": {"crop": "whole", "recipe": {"loss": "triplet"}},
    "linear-embedding": {"base": '{"name": "hog", "params": {"cells": 4}, "version": 1}', "recipe": {"method": "lda"}},
    "classifier": {"labels": NAMES, "counts": [3, 1, 0], "crop": "letterbox", "recipe": {"temperature": 1.5}},
    "linear-classifier": {
        "labels": NAMES,
        "counts": [3, 1, 0],
        "bases": ['{"name": "hog", "params": {"cells": 4}, "version": 1}'],
        "recipe": {},
    },
    "ensemble": {"labels": NAMES, "members": [{"sha256": HASH, "temperature": 1.5, "weight": 1}], "recipe": {}},
    "color-names": {"architecture": "lab", "names": NAMES, "recipe": {}, "split": "rows", "seed": 0},
    "segmenter": {"names": NAMES},
}


def header_of(kind, **changes):
    about = KINDS[kind]
    header = Header(
        kind,
        dict.fromkeys(about.parents, HASH),
        IMAGES if about.takes == "images" else None,
        {about.gives: ["n", 3, "h", "w"][: about.axes]},
        DETAILS[kind],
        "MIT",
        "https://example.org/weights",
    )
    return header._replace(**changes)


def graph_of(kind, width=3, *, declared=True):
    """A graph that gives `width` channels of images, or values of images or colours."""
    about = KINDS[kind]
    axes = ["n", width, "h", "w"][: about.axes] if declared else ["n", "c", "h", "w"][: about.axes]
    if about.takes != "images":
        votes = about.takes == "votes"
        nodes, shape = [helper.make_node("MatMul", [about.takes, "w"], ["each" if votes else about.gives])], ["n", 3]
        if votes:
            nodes.append(helper.make_node("ReduceMean", ["each"], [about.gives], axes=[1], keepdims=0))
            shape = ["n", 2, 3]
        weights = np.eye(3, width, dtype=np.float32)
    else:
        weights, shape = np.ones((width, 3, 1, 1), np.float32), ["n", 3, "h", "w"]
        nodes = [helper.make_node("Conv", ["images", "w"], [about.gives if about.axes == 4 else "maps"])]
        if about.axes == 2:
            nodes.append(helper.make_node("ReduceMean", ["maps"], [about.gives], axes=[2, 3], keepdims=0))
    takes, gives = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, axes)
        for name, axes in ((about.takes, shape), (about.gives, axes))
    )
    graph = helper.make_graph(nodes, "small", [takes], [gives], [numpy_helper.from_array(weights, "w")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def values_of(kind):
    shape = {"images": (2, 3, 32, 48), "votes": (2, 2, 3)}.get(KINDS[kind].takes, (2, 3))
    return np.random.default_rng(0).random(shape, np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_written_read_and_run(kind):
    session = Session(write_header(graph_of(kind), header_of(kind)), "cpu", kind)
    digest = session.header.digest
    assert session.header == header_of(kind, digest=digest)
    assert digest.strip("0")
    answer = session.run(values_of(kind))
    assert answer.shape[:2] == (2, 3)
    assert answer.ndim == KINDS[kind].axes


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("declared", [True, False])
def test_a_width_that_is_not_the_headers_is_refused(kind, declared):
    """When it is opened, if its graph says so, else when it is run."""
    data = write_header(graph_of(kind, 2, declared=declared), header_of(kind))
    with pytest.raises(WeightsError, match=r"^does not make the 3 (channels|values) of \w+ that it says$"):
        Session(data, "cpu", kind).run(values_of(kind))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "trunk"])
def test_a_model_of_another_kind_is_not_run(kind):
    with pytest.raises(WeightsError, match=rf"^not a model that imgsim exported: of kind {kind}$"):
        Session(write_header(graph_of(kind), header_of(kind)), "cpu")
    with pytest.raises(WeightsError, match=rf"^not a {KINDS[kind].title} that imgsim exported: of kind trunk$"):
        Session(write_header(graph_of("trunk"), header_of("trunk")), "cpu", kind)


def test_a_graph_of_another_kind_is_not_run():
    with pytest.raises(WeightsError, match="it does not make rows of images$"):
        Session(write_header(graph_of("classifier"), header_of("embedding")), "cpu", "embedding")


def test_a_model_that_cannot_be_run_on_what_it_takes_is_told():
    session = Session(write_header(graph_of("trunk"), header_of("trunk")), "cpu")
    with pytest.raises(WeightsError, match=r"^cannot be run on 8 x 9 pixels, which it says that it takes$"):
        session.run(np.zeros((1, 4, 8, 9), np.float32))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": FORMAT + 1}, "of model format 3, newer than 2: update imgsim"),
        ({"format": FORMAT + 1, "kind": "oracle", "later": 1}, "of model format 3, newer than 2: update imgsim"),
        ({"kind": "oracle"}, "of kind 'oracle', which this imgsim does not know: update imgsim"),
        ({"kind": "oracle\n"}, r"of kind 'oracle\n', which this"),
        ({"kind": ["trunk"]}, "that imgsim exported"),
        ({"format": "two"}, "that imgsim exported"),
        ({"parents": {"weights": "../outside", "trunk": "x"}}, "exported: it"),
        ({"parents": [HASH]}, "that imgsim exported"),
        ({"outputs": {}}, "that imgsim exported"),
        (
            {"outputs": {"maps": ["n", 3, "h", "w"], "rows": ["n", 3], "scores": ["n", 3], "probabilities": ["n", 3]}},
            "its ",
        ),
        ({"outputs": {"maps": ["n", 0], "rows": ["n", 0], "scores": ["n", 0], "probabilities": ["n", 0]}}, " have 0 "),
        (
            {
                "outputs": {
                    "maps": ["n", 2**40],
                    "rows": ["n", 2**40],
                    "scores": [0, 2**40],
                    "probabilities": [0, 2**40],
                }
            },
            "would have 1099511627776 ",
        ),
        ({"licence": 5}, "its licence would be 5"),
        ({"licence": "a\nb"}, r"its licence would be 'a\nb'"),
        ({"source": "x" * 1000}, "its source would be 'xxx"),
        ({"source": "\x1b[31m"}, r"its source would be '\x1b[31m'"),
        ({"digest": "x"}, "its digest would be 'x'"),
        ({"input": None}, "that imgsim exported"),
        ({"input": "sounds"}, "that imgsim exported"),
        ({"details": {}}, "that imgsim exported"),
        ({"surprise": 1}, "that imgsim exported"),
    ],
)
def test_what_cannot_be_true_of_any_kind_is_refused_in_one_line(kind, changes, message):
    raw = json.loads(header_of(kind).to_properties()["imgsim"]) | changes
    with pytest.raises(WeightsError) as caught:
        Header.from_properties({"imgsim": json.dumps(raw)}, kind)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        *(
            (kind, {"labels" if "labels" in DETAILS[kind] else "names": names})
            for kind in ("classifier", "linear-classifier", "ensemble", "color-names", "segmenter")
            for names in (["a", "b"], ["a", "b", "b"], ["a", "b", "c\n"], "abc", [1, 2, 3], None, [["a"], "b", "c"])
        ),
        ("classifier", {"recipe": {"temperature": "warm"}}),
        ("classifier", {"recipe": {"temperature": 0}}),
        ("classifier", {"recipe": {"temperature": float("nan")}}),
        *(("classifier", {"counts": counts}) for counts in ([1, 2], [1, 2, -3], [1, 2, 3.5], [1, 2, True], None)),
        ("classifier", {"crop": "round"}),
        *(("linear-classifier", {"bases": bases}) for bases in ([], ["hog"], [None], "hog", ["hog"] * 65)),
        *(
            ("ensemble", {"members": members})
            for members in (
                [],
                [{"sha256": HASH, "temperature": 0, "weight": 1}],
                [{"sha256": HASH, "temperature": 1, "weight": -1}],
                [{"sha256": "cd", "temperature": 1, "weight": 1}],
                [{"sha256": HASH, "temperature": 1}],
                [{"sha256": HASH, "temperature": 1, "weight": 1, "surprise": 1}],
                [{"sha256": HASH, "temperature": float("inf"), "weight": 1}],
                None,
            )
        ),
        ("color-names", {"seed": -1}),
        ("color-names", {"seed": "x"}),
        ("color-names", {"split": 5}),
        ("color-names", {"architecture": "\x1b]0;x"}),
        ("color-names", {"recipe": []}),
        ("embedding", {"recipe": "triplet"}),
        ("embedding", {"surprise": 1}),
        ("embedding", {"crop": "round"}),
        *(
            ("linear-embedding", {"base": base})
            for base in (
                None,
                "",
                "hog",
                "[]",
                '{"name": "hog"}',
                '{"name": "hog", "params": {"cells": [4]}, "version": 1}',
                '{"name": "hog", "params": {}, "version": "1"}',
                '{"name": "hog", "params": {"a": "\\u001b[31m"}, "version": 1}',
                '{"name": "h\\n", "params": {}, "version": 1}',
                '{"version": 1, "name": "hog", "params": {}}',
                '{"name": "hog", "params": {"a": "' + "x" * 20_000 + '"}, "version": 1}',
            )
        ),
    ],
)
def test_details_that_cannot_be_true_are_refused(kind, details):
    raw = json.loads(header_of(kind).to_properties()["imgsim"])
    raw["details"] |= details
    with pytest.raises(WeightsError, match=rf"^not a {KINDS[kind].title} that imgsim exported") as caught:
        Header.from_properties({"imgsim": json.dumps(raw)}, kind)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("kind", ["trunk", "embedding"])
def test_what_it_was_made_from_must_be_named(kind):
    with pytest.raises(WeightsError, match="that imgsim exported"):
        Header.from_properties(header_of(kind, parents={}).to_properties(), kind)


def test_only_colours_and_features_are_taken_without_preprocessing():
    with pytest.raises(WeightsError, match="its images would be None"):
        Header.from_properties(header_of("segmenter", images=None).to_properties(), "segmenter")
    with pytest.raises(WeightsError, match="its images would be Preprocessing"):
        Header.from_properties(header_of("color-names", images=IMAGES).to_properties(), "color-names")
    with pytest.raises(WeightsError, match="its images would be Preprocessing"):
        Header.from_properties(header_of("linear-embedding", images=IMAGES).to_properties(), "linear-embedding")
    raw = json.loads(header_of("linear-embedding").to_properties()["imgsim"]) | {"input": "colors"}
    with pytest.raises(WeightsError, match="that imgsim exported$"):
        Header.from_properties({"imgsim": json.dumps(raw)}, "linear-embedding")


@pytest.mark.parametrize("text", ["", "[]", "5", "null", "[" * 100_000, '{"format": 2}', '{"names": 5, "data": []}'])
def test_what_is_no_header_is_told(text):
    for kind in KINDS:
        for key in ("imgsim", "imgsim-color-names"):
            with pytest.raises(WeightsError, match=rf"^not a {KINDS[kind].title} that imgsim exported$"):
                Header.from_properties({key: text}, kind)
    with pytest.raises(WeightsError, match="^not a model that imgsim exported$"):
        Header.from_properties({})


def test_the_header_is_the_only_metadata_and_the_same_bytes_each_time():
    first, again = (write_header(graph_of("trunk"), header_of("trunk")) for _ in range(2))
    assert first == again
    assert [entry.key for entry in onnx.load_from_string(first).metadata_props] == ["imgsim"]


def test_onnx_runtime_writes_nothing_to_stderr(capfd):
    """Not even where it fails: a graph whose maps would take four terabytes."""
    shape = numpy_helper.from_array(np.array([1, 3, 1 << 20, 1 << 20], np.int64), "shape")
    one = numpy_helper.from_array(np.ones(1, np.float32))
    takes, gives = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", channels, f"{name} high", f"{name} wide"])
        for name, channels in (("images", 3), ("maps", "c"))
    )
    node = helper.make_node("ConstantOfShape", ["shape"], ["maps"], value=one)
    graph = helper.make_graph([node], "vast", [takes], [gives], [shape])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = Session(write_header(model.SerializeToString(), header_of("trunk")), "cpu")
    with pytest.raises(WeightsError, match="^needs more than 4096 MB of memory for 64 x 64 pixels$"):
        session.run(np.zeros((1, 3, 64, 64), np.float32))
    assert capfd.readouterr() == ("", "")


def test_weights_that_lie_in_another_file_are_not_looked_for(tmp_path, monkeypatch):
    """Whoever made a model would decide which file beside whom is read, and the digest would not see it."""
    monkeypatch.chdir(tmp_path)
    np.ones(9, np.float32).tofile("w.bin")
    model = onnx.load_from_string(graph_of("trunk"))
    weights = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(weights, "w.bin", 0, 36)
    weights.ClearField("raw_data")
    with pytest.raises(WeightsError, match="^keeps weights in a file beside it"):
        Session(write_header(model.SerializeToString(), header_of("trunk")), "cpu")
