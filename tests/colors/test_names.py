"""The colour-name models that are shipped, and how colours are read."""

import subprocess
import sys

import numpy as np
import pytest

from imgsim.colors.names import FOLDER, MODELS, load_namer, model_identity, parse_color
from imgsim.errors import ParameterError, UnknownNameError, WeightsError
from imgsim.images.lab import to_lab

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
    assert header.architecture == model
    assert header.data[:16] in card
    assert "licence of the data could not be found" in card
    assert "imgsim color train" in card
    assert model_identity(model).startswith(f"{model}-")


def test_the_reference_has_841_parameters_and_the_default_knows_its_temperature():
    assert load_namer("rgb").header.recipe["parameters"] == 841
    assert load_namer("lab").header.recipe["temperature"] > 0


def test_what_is_no_model_is_told(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean lab"):
        load_namer("lap")
    with pytest.raises(WeightsError, match=r"gone\.onnx: No such file"):
        load_namer(str(tmp_path / "gone.onnx"))
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(WeightsError, match=r"bad\.onnx: not a model that ONNX Runtime can run"):
        load_namer(str(tmp_path / "bad.onnx"))


def test_a_model_of_something_else_is_told(tmp_path):
    onnx = pytest.importorskip("onnx", reason="the extra deep is not installed")
    from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info

    values = [make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, 3]) for name in ("x", "y")]
    graph = make_graph([make_node("Relu", ["x"], ["y"])], "other", values[:1], values[1:])
    model = make_model(graph, opset_imports=[make_opsetid("", 17)], ir_version=8)
    (tmp_path / "other.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match="not a colour-name model"):
        load_namer(str(tmp_path / "other.onnx"))


@pytest.mark.parametrize(
    ("text", "color"), [("1,2,3", (1, 2, 3)), (" 255, 0 ,010 ", (255, 0, 10)), ("#Ff8000", (255, 128, 0))]
)
def test_colours_are_read(text, color):
    assert parse_color(text) == color


@pytest.mark.parametrize(
    "text",
    ["", "red", "1,2", "1,2,3,4", "256,0,0", "-1,0,0", "1.5,0,0", "1,,2", "#12345", "#12345g", "\u0661,2,3", "1e2,0,0"],
)
def test_what_is_no_colour_is_told(text):
    with pytest.raises(ParameterError, match="is no colour: R,G,B of 0 to 255 each, or #rrggbb"):
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
