"""The contract of deep extractors, with random weights.

The largest networks, which differ from others of their family in depth and width alone, take up to 9 GB and a minute
each: they are marked `large`, for `make test-large`. Their shapes are always checked, in test_architectures.py.
"""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.features.deep import DeepExtractor, prepare
from imgsim.models.architectures import ARCHITECTURES
from imgsim.models.cache import find_models
from imgsim.models.export import export_checkpoint
from imgsim.models.session import Session
from imgsim.models.testing import random_network, store_random_model
from imgsim.models.trunk_spec import TrunkSpec
from imgsim.models.trunks import cut_trunk, preprocessing_of
from imgsim.models.vision import torch

LARGE = {
    "resnet152",
    "vgg19",
    "efficientnet_b5",
    "efficientnet_b6",
    "efficientnet_b7",
    "efficientnet_v2_m",
    "efficientnet_v2_l",
    "convnext_base",
    "convnext_large",
    "vit_l_16",
    "vit_l_32",
    "swin_s",
    "swin_b",
    "swin_v2_s",
    "swin_v2_b",
}
BUILT = [row.name for row in ARCHITECTURES.values() if row.source == "torchvision" and row.network == row.name]
FIXED = ("vit", "swin", "timm")


def photos():
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (6, 5, 3), np.uint8)
    return [
        rng.integers(0, 256, (40, 50, 3), np.uint8),
        np.kron(coarse, np.ones((50, 60, 1), np.uint8)),
        np.full((17, 12, 3), 90, np.uint8),
    ]


def check(name, network):
    """What every deep extractor keeps; its model is in the cache, its network is given."""
    extractor = DeepExtractor(name, pooling="avg")
    rows = extractor.extract(photos())
    assert rows.shape == (3, extractor.dim)
    assert rows.dtype == np.float32
    assert np.isfinite(rows).all()
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    assert len(np.unique(rows, axis=0)) == 3
    for photo, row in zip(photos(), rows, strict=True):
        np.testing.assert_array_equal(extractor.extract([photo])[0], row)

    engine = Session(find_models(name)[0].read())
    assert engine.takes_any_size != name.startswith(FIXED)
    assert engine.header.dim == extractor.dim
    assert engine.header.preprocessing == preprocessing_of(name, network)
    # The export itself was checked at the published size: here at another, where networks take any.
    images = prepare(
        photos()[1],
        engine.header.preprocessing,
        crop="whole" if engine.takes_any_size else "squash",
        size=96 if engine.takes_any_size else 0,
    )
    with torch.inference_mode():
        expected = cut_trunk(name, network).eval()(torch.from_numpy(images)).numpy()
    ours = engine.run(images)
    assert ours.shape == expected.shape
    assert np.linalg.norm(ours - expected) < 1e-5 * np.linalg.norm(expected)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.large) if name in LARGE else name for name in BUILT]
)
def test_contract(name):
    store_random_model(name, 1)
    check(name, random_network(name, 1))


def test_every_family_is_run_in_full():
    families, run = (
        {name.rstrip("_0123456789bmls").partition("_")[0].rstrip("0123456789") for name in names}
        for names in (BUILT, set(BUILT) - LARGE)
    )
    assert families == run


def test_xception_of_timm(tmp_path):
    pytest.importorskip("timm", reason="the extra timm is not installed")
    name = "timm/xception41"
    network = random_network(name, 1)
    torch.save(network.state_dict(), tmp_path / "xception.pth")
    file = export_checkpoint(str(tmp_path / "xception.pth"), TrunkSpec(name))[0]
    assert file.architecture == name
    check(name, network)
    extractor = DeepExtractor(name)
    assert extractor.dim == 2048
    assert "timm" in extractor.paper
    assert str(extractor.spec).startswith("timm/xception41:")


def test_random_networks_are_reproducible_and_leave_the_global_state_alone():
    before = torch.random.get_rng_state()
    first, again, other = (random_network("squeezenet1_1", seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)
