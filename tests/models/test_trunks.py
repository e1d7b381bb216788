"""Networks less their classifiers."""

import os
from collections import OrderedDict

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.errors import MissingDependencyError, ParameterError, UnknownNameError, WeightsError
from imgsim.models.cache import list_models
from imgsim.models.export import export_network
from imgsim.models.session import Session
from imgsim.models.testing import random_network, store_random_model
from imgsim.models.trunk_spec import TrunkSpec
from imgsim.models.trunks import build_network, cut_trunk, pad_as_tensorflow
from imgsim.models.vision import torch

nn = torch.nn


def run(trunk, side=64):
    images = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 3, side, side), np.float32))
    with torch.inference_mode():
        return trunk.eval()(images)


def test_a_layer_gives_what_the_network_computes_there():
    network = random_network("resnet18", 0).eval()
    seen = []
    network.layer3.register_forward_hook(lambda *arguments: seen.append(arguments[2]))
    run(network)
    assert torch.equal(run(cut_trunk("resnet18", random_network("resnet18", 0), "layer3")), seen[0])
    assert seen[0].shape == (1, 256, 4, 4)


@pytest.mark.parametrize(
    ("name", "layer", "channels"),
    [
        ("squeezenet1_1", "features.9", 384),
        ("vgg16", "features.29", 512),
        ("convnext_tiny", "features.5", 384),
        ("swin_t", "features.3", 192),
        ("swin_v2_t", "features.5.5", 384),
        ("swin_t", "features.0.0", 96),
        ("convnext_tiny", "features.1.0.block.2", 96),
        ("swin_t", "norm", 768),
        ("swin_t", "permute", 768),
    ],
)
def test_channels_come_before_places(name, layer, channels):
    with torch.device("meta"):
        maps = cut_trunk(name, build_network(name), layer).eval()(torch.empty(1, 3, 256, 256))
    assert maps.shape[:2] == (1, channels)
    assert maps.shape[2] == maps.shape[3]


def test_an_unknown_layer_is_told_with_those_that_there_are():
    with pytest.raises(ParameterError, match=r"^no layer 'layer9'; there are .*layer1"):
        cut_trunk("resnet18", build_network("resnet18"), "layer9")


def test_a_long_list_of_layers_ends_at_a_whole_name():
    with pytest.raises(ParameterError) as caught:
        cut_trunk("mobilenet_v2", build_network("mobilenet_v2"), "features.99")
    listed = str(caught.value).partition("there are ")[2]
    assert listed.endswith(", ...")
    network = build_network("mobilenet_v2")
    assert all(network.get_submodule(name) for name in listed.removesuffix(", ...").split(", "))
    assert len(listed) <= 300


@pytest.mark.parametrize(("name", "layer"), [("resnet18", "flatten"), ("vit_b_32", "encoder.layers.encoder_layer_0")])
def test_a_layer_without_maps_is_refused(name, layer, left):
    with pytest.raises(WeightsError, match=rf"^{name}: layer {layer} gives no feature map$"):
        store_random_model(name, 0, layer=layer)
    assert left() == []


def test_a_layer_that_cannot_be_exported_is_told_in_one_line(left, capfd):
    network = nn.Sequential(OrderedDict(features=nn.Conv2d(3, 4, 3, stride=9), avgpool=nn.AdaptiveAvgPool2d(7)))
    message = (
        r"^vgg16: layer avgpool cannot be exported \(Unsupported: ONNX export of operator adaptive_avg_pool2d, .*\)$"
    )
    with pytest.raises(WeightsError, match=message):
        export_network(network, TrunkSpec("vgg16", "avgpool"), "0" * 64)
    os.write(1, b"still heard")
    assert capfd.readouterr() == ("still heard", "")
    assert left() == []


def test_what_torch_says_while_it_exports_is_not_heard(capfd, monkeypatch):
    export = torch.onnx.export

    def loud(*arguments, **options):
        os.write(1, b"graph")
        os.write(2, b"In-place op on output of tensor.shape")
        export(*arguments, **options)

    monkeypatch.setattr(torch.onnx, "export", loud)
    store_random_model("squeezenet1_1", 0)
    assert capfd.readouterr() == ("", "")


def test_onnx_is_asked_for_only_where_it_is_missing(monkeypatch):
    monkeypatch.setattr("imgsim.models.onnx_file.find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r"^onnx is not installed: pip install 'imgsim\[deep\]'$"):
        store_random_model("squeezenet1_1", 0)


def test_an_exported_layer_runs():
    store_random_model("squeezenet1_1", 0, layer="features.4")
    engine = Session(list_models()[0].read())
    assert engine.run(np.zeros((1, 3, 80, 60), np.float32)).shape[:2] == (1, engine.header.dim)


@pytest.mark.parametrize(
    "name", ["resnet51", "timm/xeption41", "timm/xception41.none", "timm/hf-hub:timm/xception41.tf_in1k", "timm/"]
)
def test_an_unknown_network_is_told_at_once(name):
    if name.startswith("timm/"):
        pytest.importorskip("timm", reason="the extra timm is not installed")
    with pytest.raises(UnknownNameError, match=r"^unknown architecture"):
        build_network(name)


def same_by_hand(image, kernel):
    """TensorFlow's SAME with stride 2, for one channel and one square kernel, by its definition."""
    side, width = len(image), len(kernel)
    out = -(-side // 2)
    total = max((out - 1) * 2 + width - side, 0)
    padded = np.pad(image, (total // 2, total - total // 2))
    places = range(0, 2 * out, 2)
    return np.array([[(padded[y : y + width, x : x + width] * kernel).sum() for x in places] for y in places])


@pytest.mark.parametrize("width", [3, 5, 7])
@pytest.mark.parametrize("side", [8, 14])
def test_tensorflow_padding_equals_its_definition_on_even_sides(width, side):
    rng = np.random.default_rng(width)
    image = rng.standard_normal((side, side)).astype(np.float32)
    network = nn.Sequential(nn.Conv2d(1, 1, width, stride=2, padding=width // 2, bias=False))
    kernel = network[0].weight.detach().numpy()[0, 0]
    before = network(torch.from_numpy(image[None, None])).detach().numpy()[0, 0]
    pad_as_tensorflow(network)
    after = network(torch.from_numpy(image[None, None])).detach().numpy()[0, 0]
    expected = same_by_hand(image, kernel)
    assert after.shape == expected.shape
    np.testing.assert_allclose(after, expected, atol=1e-5)
    assert abs(before - expected).max() > 0.1


def test_tensorflow_padding_leaves_other_convolutions_alone():
    network = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Sequential(nn.Conv2d(3, 3, 1, stride=2), nn.MaxPool2d(2)))
    before = run(network)
    pad_as_tensorflow(network)
    assert torch.equal(run(network), before)


def test_padding_is_kept_apart_in_the_cache():
    plain, padded = (store_random_model("mobilenet_v2", 0, padding=padding) for padding in ("torch", "tensorflow"))
    assert plain.weights == padded.weights
    images = np.random.default_rng(1).standard_normal((1, 3, 64, 64), np.float32)
    ours, theirs = (Session(file.read()).run(images) for file in (plain, padded))
    assert ours.shape == theirs.shape == (1, 1280, 2, 2)
    assert abs(ours - theirs).max() > 0.01 * abs(ours).max()
    expected = run_on(cut_trunk("mobilenet_v2", random_network("mobilenet_v2", 0)), images)
    np.testing.assert_allclose(ours, expected, atol=1e-5 * abs(expected).max())


def run_on(trunk, images):
    with torch.inference_mode():
        return trunk.eval()(torch.from_numpy(images)).numpy()


@pytest.mark.parametrize(
    "name", ["convnext_tiny", "timm/convnext_atto", "timm/convnextv2_atto", "timm/convnext_tiny_hnf"]
)
def test_averages_of_convnext_are_its_published_features(name):
    """It averages, and then normalises; `_hnf` the other way round."""
    if name.startswith("timm/"):
        pytest.importorskip("timm", reason="the extra timm is not installed")
    network = random_network(name, 0).eval()
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, torch.nn.LayerNorm):
            module.weight.data.uniform_(0.5, 2, generator=generator)
            module.bias.data.normal_(generator=generator)
    images = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 3, 224, 224), np.float32))
    images[1] *= 3
    with torch.inference_mode():
        if name.startswith("timm/"):
            expected = network.forward_head(network.forward_features(images), pre_logits=True)
        else:
            expected = network.classifier[:2](network.avgpool(network.features(images)))
        maps = cut_trunk(name, network)(images)
    assert maps.shape[2:] == (7, 7)
    torch.testing.assert_close(maps.mean((2, 3)), expected, rtol=1e-4, atol=1e-5)
