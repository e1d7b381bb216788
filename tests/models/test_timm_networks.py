"""Networks of timm, which give maps with channels first, channels last, tokens or lists of these."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.errors import UnknownNameError, WeightsError
from imgsim.models.export import export_network
from imgsim.models.session import Session
from imgsim.models.testing import random_network
from imgsim.models.trunk_spec import TrunkSpec
from imgsim.models.trunks import build_network, cut_trunk
from imgsim.models.vision import torch

timm = pytest.importorskip("timm", reason="the extra timm is not installed")

SWIN = "swin_tiny_patch4_window7_224"


def small_swin():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return timm.create_model(SWIN, embed_dim=14, depths=(1, 1, 1, 1), num_heads=(1, 2, 4, 8)).eval()


def images(side):
    return torch.from_numpy(np.random.default_rng(0).standard_normal((2, 3, side, side), np.float32))


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("test_resnet", 160),  # channels first
        (SWIN, 224),  # channels last
        ("sequencer2d_s", 224),
        ("test_vit", 160),  # tokens
        ("crossvit_tiny_240", 240),  # a list of tokens
        ("coat_tiny", 224),
        ("efficientvim_m1", 224),  # a list of places without height and width
    ],
)
def test_pooled_averages_are_timms_own(name, side):
    network = small_swin() if name == SWIN else random_network(f"timm/{name}", 0).eval()
    with torch.inference_mode():
        expected = network.forward_head(network.forward_features(images(side)), pre_logits=True)
        maps = cut_trunk(f"timm/{name}", network)(images(side))
    assert maps.shape[:2] == (2, network.num_features)
    torch.testing.assert_close(maps.mean((2, 3)), expected, rtol=1e-4, atol=1e-5)


def test_channels_come_first_where_the_head_does_more_than_average():
    network = random_network("timm/mambaout_femto", 0).eval()
    with torch.inference_mode():
        features = network.forward_features(images(224))
        maps = cut_trunk("timm/mambaout_femto", network)(images(224))
    assert maps.shape == (2, 288, 7, 7)
    assert torch.equal(maps, features.permute(0, 3, 1, 2))


def test_channels_last_are_exported_channels_first():
    file = export_network(small_swin(), TrunkSpec(f"timm/{SWIN}"), "0" * 64)
    engine = Session(file.read())
    assert engine.header.dim == 112
    maps = engine.run(images(224).numpy())
    assert maps.shape == (2, 112, 7, 7)
    network = small_swin()
    with torch.inference_mode():
        expected = network.forward_head(network.forward_features(images(224)), pre_logits=True).numpy()
    np.testing.assert_allclose(maps.mean((2, 3)), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "channels_last", "shape"),
    [
        ("patch_embed.proj", False, (1, 14, 56, 56)),
        ("patch_embed.norm", True, (1, 14, 56, 56)),
        ("layers.1", True, (1, 28, 28, 28)),  # all sides are equal: timm says which is which
        ("layers.2", True, (1, 56, 14, 14)),
    ],
)
def test_layers_are_given_channels_first(layer, channels_last, shape):
    network = small_swin()
    seen = []
    hook = network.get_submodule(layer).register_forward_hook(lambda *arguments: seen.append(arguments[2]))
    with torch.inference_mode():
        network(images(224)[:1])
        hook.remove()
        maps = cut_trunk(f"timm/{SWIN}", network, layer)(images(224)[:1])
    assert maps.shape == shape
    assert torch.equal(maps, seen[0].permute(0, 3, 1, 2) if channels_last else seen[0])


class Odd(torch.nn.Module):
    def __init__(self, *sides):
        super().__init__()
        self.values = torch.nn.Parameter(torch.zeros(sides))

    def forward_features(self, images):
        return self.values.expand(len(images), *self.values.shape)

    def forward_head(self, features, *, pre_logits):
        assert pre_logits
        return features


@pytest.mark.parametrize("sides", [(5, 3, 4), (5, 3)])
def test_what_is_neither_is_refused(sides):
    with pytest.raises(WeightsError, match=r"^timm/odd: it gives no feature map$"):
        cut_trunk("timm/odd", Odd(*sides))


def test_networks_that_take_no_squares_are_refused():
    with torch.device("meta"):
        network = build_network("timm/vit_base_patch16_sapiens2")
    with pytest.raises(WeightsError, match=r"^timm/vit_base_patch16_sapiens2: takes images of 3 x 1024 x 768 values"):
        cut_trunk("timm/vit_base_patch16_sapiens2", network)


class Choosing(Odd):
    def forward(self, images):
        return images if images.sum() > 0 else -images


def test_a_layer_of_a_network_that_cannot_be_traced_is_refused():
    with pytest.raises(WeightsError, match=r"^timm/odd: torch cannot follow it layer by layer: leave out the layer$"):
        cut_trunk("timm/odd", Choosing(5), "blocks.0")


@pytest.mark.parametrize("name", ["xception", "xception.tf_in1k"])
def test_a_network_that_timm_renamed_is_offered_under_its_new_name(name):
    with pytest.raises(UnknownNameError, match=r"did you mean legacy_xception\?$"):
        build_network(f"timm/{name}")
