"""The colour-name models that are shipped, and how colours are read."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from imgsim.colors.names import FOLDER, MODELS, load_namer, model_identity, parse_color
from imgsim.errors import ParameterError, UnknownNameError, WeightsError
from imgsim.images.lab import to_lab
from imgsim.models.header import Header, write_header

NO_ONNX = "the extra deep is not installed"
NINE = {"red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "grey"}

# Colours of the web whose names nobody doubts, and what the rule for black and white must say.
SURE = {
    (255, 0, 0): "red",
    (178, 34, 34): "red",
    (255, 165, 0): "orange",
    (255, 255, 0): "yellow",
    (255, 215, 0): "yellow",
    (0, 128, 0): "green",
    (0, 255, 0): "green",
    (0, 0, 255): "blue",
    (0, 0, 128): "blue",
    (128, 0, 128): "purple",
    (255, 105, 180): "pink",
    (255, 192, 203): "pink",
    (139, 69, 19): "brown",
    (128, 128, 128): "grey",
    (105, 105, 105): "grey",
    (192, 192, 192): "grey",
    (0, 0, 0): "black",
    (20, 20, 25): "black",
    (40, 38, 37): "black",
    (255, 255, 255): "white",
    (250, 250, 245): "white",
    (240, 234, 214): "white",
}


@pytest.mark.parametrize(("color", "name"), SURE.items())
def test_the_default_names_what_nobody_doubts(color, name):
    assert load_namer().name([color])[0][0] == name


def test_the_default_knows_eleven_names_and_the_reference_nine():
    assert set(load_namer().names) == NINE | {"black", "white"}
    assert set(load_namer("rgb").names) == NINE


@pytest.mark.parametrize("model", MODELS)
def test_probabilities_are_those_of_every_name(model, rng):
    namer = load_namer(model)
    colors = rng.integers(0, 256, (200, 3))
    probabilities = namer.probabilities(colors)
    assert probabilities.shape == (200, len(namer.names))
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    named = namer.name(colors)
    assert [name for name, _ in named] == [namer.names[best] for best in probabilities.argmax(axis=1)]
    np.testing.assert_allclose([probability for _, probability in named], probabilities.max(axis=1))
    np.testing.assert_allclose(namer.probabilities(colors[:1]), probabilities[:1], atol=1e-6)


def test_greys_go_from_black_through_grey_to_white():
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    lightness = to_lab(greys)[:, 0]
    names = [name for name, _ in load_namer().name(greys)]
    assert names == sorted(names, key=["black", "grey", "white"].index)
    assert 25 < lightness[names.index("grey")] < 26.5  # Munsell value 2.5
    assert 86 < lightness[names.index("white")] < 87  # and 8.5


def test_chroma_keeps_dark_and_light_colours_from_being_black_and_white():
    names = dict(
        zip("abcd", load_namer().name([[60, 0, 0], [0, 0, 90], [255, 255, 170], [190, 255, 190]]), strict=True)
    )
    assert not {"black", "white"} & {name for name, _ in names.values()}


def test_no_colours_have_no_names():
    assert load_namer().name([]) == []
    assert load_namer().probabilities(np.zeros((0, 3))).shape == (0, 11)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_tells_its_data_and_comes_with_a_card(model):
    header = load_namer(model).header
    card = (FOLDER / MODELS[model]).with_suffix(".md").read_text()
    assert header.details["architecture"] == model
    assert header.parents["data"][:16] in card
    assert "licence of the data could not be found" in card
    assert "imgsim color train" in card
    assert model_identity(model).startswith(f"{model}-")


def test_the_reference_has_841_parameters_and_the_default_knows_its_temperature():
    assert load_namer("rgb").header.details["recipe"]["parameters"] == 841
    assert load_namer("lab").header.details["recipe"]["temperature"] > 0


def test_what_is_no_model_is_told(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean lab"):
        load_namer("lap")
    with pytest.raises(WeightsError, match=r"gone\.onnx: No such file"):
        load_namer(str(tmp_path / "gone.onnx"))
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(WeightsError, match=r"bad\.onnx: not an ONNX file, or a truncated one$"):
        load_namer(str(tmp_path / "bad.onnx"))


def test_a_model_of_something_else_is_told(tmp_path):
    onnx = pytest.importorskip("onnx", reason=NO_ONNX)
    from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info

    values = [make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, 3]) for name in ("x", "y")]
    graph = make_graph([make_node("Relu", ["x"], ["y"])], "other", values[:1], values[1:])
    model = make_model(graph, opset_imports=[make_opsetid("", 17)], ir_version=8)
    (tmp_path / "other.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match="not a colour-name model"):
        load_namer(str(tmp_path / "other.onnx"))


def forged(tmp_path, properties, table=np.eye(3, dtype=np.float32)):  # noqa: B008 (never changed)
    """A model that gives the rows of a table's product with colours, softened, and says of itself what it is told."""
    pytest.importorskip("onnx", reason=NO_ONNX)
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("MatMul", ["colors", "w"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"]),
    ]
    takes = helper.make_tensor_value_info("colors", TensorProto.FLOAT, ["n", 3])
    gives = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", "names"])
    graph = helper.make_graph(nodes, "forged", [takes], [gives], [numpy_helper.from_array(table, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, properties)
    path = tmp_path / "forged.onnx"
    path.write_bytes(model.SerializeToString())
    return str(path)


def said(names, form):
    """What a colour model says of itself, in format 1 or the present one."""
    told = {"architecture": "lab", "names": names, "recipe": {}, "split": "rows", "seed": 0}
    if form == 1:
        return {"imgsim-color-names": json.dumps(told | {"data": "ab" * 32})}
    return Header("color-names", {}, None, {"probabilities": ["n", len(names)]}, told).to_properties()


@pytest.mark.parametrize("form", [1, 2])
@pytest.mark.parametrize("names", [[], ["a"], list("abcdef"), ["a", "b", "b"], ["a", "b", "\x1b[2J"]])
def test_names_that_are_not_those_of_the_probabilities_are_refused(tmp_path, form, names):
    message = r"forged\.onnx: (not a colour-name model that imgsim exported|does not make the \d values of prob)"
    with pytest.raises(WeightsError, match=message) as caught:
        load_namer(forged(tmp_path, said(names, form)))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("form", [1, 2])
def test_as_many_names_as_probabilities_are_taken(tmp_path, form):
    namer = load_namer(forged(tmp_path, said(["a", "b", "c"], form)))
    assert namer.name([[9, 1, 2]])[0][0] == "a"


def test_a_colour_model_that_was_tampered_with_is_told(tmp_path):
    path = Path(forged(tmp_path, said(["a", "b", "c"], 1)))
    header = Header.from_properties(said(["a", "b", "c"], 2), "color-names")
    sealed = write_header(path.read_bytes(), header)
    path.write_bytes(sealed)
    assert load_namer(str(path)).names == ("a", "b", "c")
    other = tmp_path / "other.onnx"
    other.write_bytes(sealed.replace(b"forged", b"Forged"))
    with pytest.raises(WeightsError, match=r"other\.onnx: damaged or tampered with since it was exported"):
        load_namer(str(other))


def test_probabilities_that_are_no_numbers_are_told(tmp_path):
    with pytest.raises(WeightsError, match=r"forged\.onnx: its probabilities are no numbers from 0 to 1$"):
        load_namer(forged(tmp_path, said(["a", "b", "c"], 2), np.full((3, 3), np.nan, np.float32)))


@pytest.mark.parametrize(
    ("text", "color"),
    [("1,2,3", (1, 2, 3)), (" 255, 0 ,010 ", (255, 0, 10)), ("#Ff8000", (255, 128, 0)), ("#F80", (255, 136, 0))],
)
def test_colours_are_read(text, color):
    assert parse_color(text) == color


@pytest.mark.parametrize(
    "text",
    ["", "red", "1,2", "1,2,3,4", "256,0,0", "-1,0,0", "1.5,0,0", "1,,2", "#12345", "#12345g", "\u0661,2,3", "1e2,0,0"],
)
def test_what_is_no_colour_is_told(text):
    with pytest.raises(ParameterError, match="is no colour: R,G,B of 0 to 255 each, #rrggbb or #rgb"):
        parse_color(text)


def test_naming_needs_no_torch():
    code = """if True:
        import sys
        sys.modules["torch"] = None
        from imgsim.colors.names import load_namer
        print(load_namer().name([[255, 0, 0]])[0][0], *{"scipy", "sklearn", "cv2", "PIL"} & set(sys.modules))
    """
    result = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (result.stdout, result.stderr) == ("red\n", "")
