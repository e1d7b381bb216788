"""EfficientNet-Lite in torch gives what its graph gives, whatever the photo's sides."""

import numpy as np
import pytest

from imgsim.errors import WeightsError
from imgsim.models.packaged import SHIPPED, find_packaged
from imgsim.models.session import Session, open_checked
from tests.models.lite_weights import made_up_weights

torch = pytest.importorskip("torch")
LITE0 = "efficientnet_lite0"


def departure(network, session, side):
    images = np.random.default_rng(1).standard_normal((1, 3, *side), np.float32)
    with torch.inference_mode():
        ours = network(torch.from_numpy(images)).numpy()
    expected = session.run(images)
    assert ours.shape == expected.shape
    return np.linalg.norm(ours - expected) / np.linalg.norm(expected)


@pytest.mark.parametrize("side", [(64, 64), (63, 98), (70, 65)])
def test_the_installed_weights_give_the_same_maps_as_the_graph(side):
    from imgsim.models.lite_network import build_lite

    packaged = find_packaged(LITE0)
    if packaged is None:
        pytest.skip("the weights are not installed")
    assert departure(build_lite(LITE0, packaged.tensors()), open_checked(packaged, "cpu"), side) < 1e-5


@pytest.mark.parametrize("architecture", ["efficientnet_lite1", "efficientnet_lite2"])
def test_made_up_weights_do_too(architecture):
    from imgsim.models.efficientnet_lite import fold
    from imgsim.models.lite_network import build_lite

    weights = made_up_weights(architecture)
    session = Session((SHIPPED / f"{architecture}.onnx").read_bytes(), "cpu", weights=fold(architecture, weights))
    network = build_lite(architecture, weights)
    assert len(network) == 9
    assert departure(network, session, (50, 33)) < 1e-4


def test_weights_that_are_not_the_networks_are_told():
    from imgsim.models.lite_network import build_lite

    with pytest.raises(WeightsError, match=r"_conv_stem\.weight is missing"):
        build_lite(LITE0, {})
