"""ONNX files of other programs: understood by running them, refused in a line, and run as they were meant."""

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra deep is not installed")

import onnx
from onnx import TensorProto

from imgsim.errors import ImgsimError, WeightsError
from imgsim.features import build_extractor, load_extractor
from imgsim.features.deep import prepare
from imgsim.models.cache import list_models
from imgsim.models.header import read_header
from imgsim.models.imported_model import import_model
from imgsim.models.own_network import Asked, import_network, name_of
from imgsim.models.session import open_checked, read_sealed
from tests.models.graphs import convolution, network

HALVES = Asked(mean=(0.5, 0.5, 0.5), deviation=(0.5, 0.25, 0.5))
PHOTO = np.random.default_rng(5).integers(0, 256, (300, 400, 3), np.uint8)


@pytest.fixture
def bring(tmp_path):
    """Import the bytes of an ONNX file: ``bring(network(), Asked(size=64))``."""

    def imported(data, asked=HALVES, name="mine"):
        path = tmp_path / "brought.onnx"
        path.write_bytes(data)
        return import_network(str(path), name, asked)

    return imported


def expected(images, seed=0):
    """Compute what `network` does, in NumPy: maps (N, 4, h, w) of images (N, 3, H, W)."""
    high, wide = (side // 4 for side in images.shape[2:])
    tiles = images[:, :, : high * 4, : wide * 4].reshape(len(images), 3, high, 4, wide, 4)
    return np.einsum("nchiwj,kcij->nkhw", tiles, convolution(seed).astype(float))


@pytest.mark.parametrize("gives", ["rows", "tokens", "maps"])
@pytest.mark.parametrize("shape", [("n", 3, "h", "w"), (1, 3, 64, 64), (None, None, None, 3), ("n", 64, 64, 3)])
def test_every_form_gives_the_features_that_its_author_meant(bring, shape, gives):
    file = bring(network(shape, gives))
    header = read_header(file.path)
    assert header.details["layout"] == ("NHWC" if shape[-1] == 3 else "NCHW")
    assert header.details["sizes"] == ("any" if not isinstance(shape[2], int) else "one")
    assert header.preprocessing.crop == (64 if isinstance(shape[2], int) else 224)
    crop = "whole" if header.details["sizes"] == "any" else "squash"
    maps = expected(prepare(PHOTO, header.preprocessing, crop=crop, size=0))
    row = load_extractor("onnx/mine").extract([PHOTO])[0]
    mean = maps.mean(axis=(0, 2, 3))
    np.testing.assert_allclose(row, mean / np.linalg.norm(mean), atol=2e-5)


def test_channels_may_be_in_the_other_order(bring):
    bring(network(), HALVES._replace(channels="bgr"))
    row = load_extractor("onnx/mine").extract([PHOTO])[0]
    form = read_header(list_models()[0].path).preprocessing
    mean = expected(prepare(PHOTO, form, crop="whole", size=0)[:, ::-1]).mean(axis=(0, 2, 3))
    np.testing.assert_allclose(row, mean / np.linalg.norm(mean), atol=2e-5)


def test_half_precision_is_taken_too(bring):
    bring(network(kind=TensorProto.FLOAT16))
    half = load_extractor("onnx/mine").extract([PHOTO])[0]
    bring(network(), name="full")
    np.testing.assert_allclose(half, load_extractor("onnx/full").extract([PHOTO])[0], atol=2e-2)
    assert half.dtype == np.float32


def test_a_tensor_on_the_way_may_be_taken_in_place_of_the_output(bring):
    bring(network(gives="classes"), HALVES._replace(output="/conv"))
    deep = load_extractor("onnx/mine:pooling=max")
    form = read_header(list_models()[0].path).preprocessing
    best = expected(prepare(PHOTO, form, crop="whole", size=0)).max(axis=(0, 2, 3))
    np.testing.assert_allclose(deep.extract([PHOTO])[0], best / np.linalg.norm(best), atol=2e-5)


def test_the_spec_tells_file_and_options_and_rebuilds_the_extractor(bring):
    first = bring(network())
    other = bring(network(), HALVES._replace(mean=(0.0, 0.0, 0.0)))
    assert first.weights != other.weights
    spec = load_extractor(first.naming).spec
    assert dict(spec.params)["weights"] == first.weights[:12]
    assert build_extractor(spec).spec == spec
    assert load_extractor("onnx/mine").spec != spec  # what was imported last
    assert bring(network()).name == first.name  # and again, without a second file
    assert len(list_models()) == 2


def test_what_was_imported_goes_to_other_machines_as_one_file(bring, tmp_path, monkeypatch):
    file = bring(network(gives="maps"))
    row = load_extractor("onnx/mine").extract([PHOTO])
    (tmp_path / "sent.onnx").write_bytes(read_sealed(file))
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "elsewhere"))
    assert import_model(str(tmp_path / "sent.onnx")).name == file.name
    np.testing.assert_array_equal(load_extractor("onnx/mine").extract([PHOTO]), row)


def test_a_damaged_model_is_refused(bring):
    file = bring(network())
    with open(file.path, "r+b") as stream:
        stream.seek(100)
        stream.write(b"????")
    with pytest.raises(WeightsError, match="damaged or tampered with"):
        load_extractor("onnx/mine").extract([PHOTO])


def test_one_without_a_model_says_how_it_comes_here():
    with pytest.raises(WeightsError, match="no onnx/mine model in "):
        load_extractor("onnx/mine").extract([PHOTO])


def external(data):
    """Let a network keep its weights in another file."""
    model = onnx.load_from_string(data)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("data", "asked", "told"),
    [
        (lambda: network((1, 3, 64, 64)), HALVES._replace(size=96), "it takes 64 x 64 pixels, not 96"),
        (lambda: network((1, 3, 64, 96)), HALVES, "it takes 64 x 96 pixels, and only squares can be given"),
        (lambda: network((1, 3, 16, 16)), HALVES, "it takes 16 x 16 pixels, where 32 to 4096 can be given"),
        (lambda: network((8, 3, 64, 64)), HALVES, "float.* of 8 x 3 x 64 x 64: export it for one image at a time"),
        (lambda: network((1, 1, 64, 64)), HALVES, "pixels is of 1 x 1 x 64 x 64, where colour images have 3"),
        (network, HALVES._replace(size=8), "32 to 4096 pixels wide, not 8"),
        (network, HALVES._replace(output="nope"), "it computes no 'nope': its outputs are out"),
        (network, HALVES._replace(input="image"), "it takes no 'image', but pixels"),
        (lambda: network(extra_input=True), HALVES, "it takes pixels, text, where one input"),
        (lambda: network(gives="classes"), HALVES, "output out is int64 of 1 x 1"),
        (lambda: network(kind=TensorProto.DOUBLE), HALVES, "not a model that ONNX Runtime can run"),
        (lambda: external(network()), HALVES, "keeps weights in a file beside it"),
        (lambda: network()[:-40], HALVES, "not an ONNX file, or a truncated one"),
        (lambda: b"", HALVES, "not a model that ONNX Runtime can run"),
        (lambda: b"\x08\x08not a graph", HALVES, "not "),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_line(bring, data, asked, told):
    with pytest.raises(ImgsimError, match=told) as raised:
        bring(data(), asked)
    assert "\n" not in str(raised.value)
    assert list_models() == []


def test_several_outputs_are_to_be_chosen_from(bring):
    model = onnx.load_from_string(network())
    model.graph.output.append(onnx.helper.make_tensor_value_info("/conv", TensorProto.FLOAT, ["n", 4, "y", "x"]))
    with pytest.raises(WeightsError, match="it gives out, /conv: say which") as raised:
        bring(model.SerializeToString())
    assert raised.value.remedy == "name-output"
    assert read_header(bring(model.SerializeToString(), HALVES._replace(output="/conv")).path).details["axes"] == "NCHW"


def test_values_are_checked_when_the_model_is_run(bring, tmp_path):
    with pytest.raises(WeightsError, match="does not give finite features"):
        weights = onnx.load_from_string(network())
        weights.graph.initializer[0].CopyFrom(
            onnx.numpy_helper.from_array(np.full((4, 3, 4, 4), np.nan, np.float32), "w")
        )
        bring(weights.SerializeToString())


@pytest.mark.parametrize(
    ("path", "name"), [("a/dinov2-small.onnx", "dinov2_small"), ("x.y.onnx", "x.y"), ("ü.onnx", "network")]
)
def test_a_network_is_named_as_its_file(path, name):
    assert name_of(path) == name


def test_its_session_runs_several_images_as_one_by_one(bring):
    session = open_checked(bring(network()), "cpu")
    images = np.random.default_rng(1).standard_normal((3, 3, 40, 52)).astype(np.float32)
    together = session.run(images)
    assert together.shape == (3, 4, 1, 1)
    np.testing.assert_allclose(together, np.concatenate([session.run(one[None]) for one in images]), atol=1e-6)
