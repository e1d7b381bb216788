"""What is frozen stays, what learns learns, and the exported file gives what torch gives."""

from dataclasses import replace

import numpy as np
import pytest

from imgsim.errors import ParameterError, WeightsError
from imgsim.models.architectures import ARCHITECTURES
from tests.training.embeddings.tiny import WEIGHTS, tiny_backbone

torch = pytest.importorskip("torch")


def make(frozen=0, *, still=True, dim=64, backbone=None):
    from imgsim.training.embeddings.network import EmbeddingNetwork

    generator = torch.Generator().manual_seed(1)
    return EmbeddingNetwork(backbone or tiny_backbone(), dim=dim, frozen=frozen, still=still, generator=generator)


def images(count=6):
    return torch.from_numpy(np.random.default_rng(0).standard_normal((count, 3, 32, 32), np.float32))


def changed(network):
    """Take a step, and name what it changed."""
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    groups = network.learning(0.1, 0.1, head_rate=2, head_decay=0.5)
    optimizer = torch.optim.SGD(groups, lr=0.1)
    weights = torch.from_numpy(np.random.default_rng(1).standard_normal((6, 64), np.float32))
    (network.train()(images()) * weights).sum().backward()
    optimizer.step()
    return {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}


def test_rows_have_length_1_and_begin_as_far_apart_as_pooled_ones():
    network = make(dim=64)
    with torch.inference_mode():
        rows, pooled = network(images()), network.pool(network.begin(images()))
    assert torch.allclose(rows.norm(dim=1), torch.ones(6))
    assert torch.allclose(rows @ rows.T, pooled @ pooled.T, atol=1e-5)  # 64 maps, 64 values


@pytest.mark.parametrize("frozen", [0, 1, 3])
@pytest.mark.parametrize("still", [True, False])
def test_frozen_stages_do_not_change_and_all_others_do(frozen, still):
    names = changed(make(frozen, still=still))
    learning = {f"stages.{stage}" for stage in range(frozen, 3)}
    assert {name.rsplit(".", 2)[0] for name in names if name.startswith("stages.")} == learning
    assert {"head.weight", "head.bias"} <= names
    normalisations = {name for name in names if name.split(".")[2:3] == ["1"]}
    assert bool(normalisations) == (not still and frozen < 3)
    assert any("running_mean" in name for name in names) == (not still and frozen < 3)


def test_what_frozen_stages_gave_stands_for_the_photo():
    for frozen in range(4):
        network = make(frozen).eval()
        with torch.inference_mode():
            assert torch.allclose(network.finish(network.begin(images())), network(images()), atol=1e-6)


def test_the_head_learns_faster_and_decays_less():
    stages, head = make(1).learning(0.01, 0.4, head_rate=2, head_decay=0.5)
    assert (stages["lr"], stages["weight_decay"], head["lr"], head["weight_decay"]) == (0.01, 0.4, 0.02, 0.2)
    (only,) = make(3).learning(0.01, 0.4, head_rate=2, head_decay=0.5)
    assert [tuple(one.shape) for one in only["params"]] == [(64, 64), (64,)]


def test_the_file_gives_what_torch_gives_for_photos_of_any_size():
    from imgsim.models.session import Session
    from imgsim.training.embeddings.network import export_embedding

    backbone = tiny_backbone()
    network = make(2, dim=128, backbone=backbone).eval()
    session = Session(export_embedding(network, backbone, {"loss": "triplet"}, "MIT"), "cpu", "embedding")
    header = session.header
    assert (header.dim, header.parents, header.licence) == (128, {"trunk": WEIGHTS}, "MIT")
    assert header.details == {"crop": "whole", "recipe": {"loss": "triplet"}}
    given = np.random.default_rng(3).standard_normal((1, 3, 45, 71), np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(given)).numpy()
    assert np.abs(session.run(given) - expected).max() < 1e-5


def test_efficientnet_lite_is_exported_with_its_padding():
    from imgsim.models.session import Session
    from imgsim.training.backbone import load_backbone
    from imgsim.training.embeddings.network import export_embedding

    try:
        backbone = load_backbone("efficientnet_lite0")
    except WeightsError as error:
        pytest.skip(str(error))
    backbone = replace(backbone, preprocessing=backbone.preprocessing._replace(resize=72, crop=64))
    network = make(7, dim=64, backbone=backbone).eval()
    session = Session(export_embedding(network, backbone, {}, ""), "cpu", "embedding")
    given = np.random.default_rng(3).standard_normal((1, 3, 67, 98), np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(given)).numpy()
    assert np.abs(session.run(given) - expected).max() < 1e-4


@pytest.mark.parametrize("architecture", ["resnet18", "squeezenet1_1", "mobilenet_v3_small"])
def test_every_kind_of_trunk_is_cut_into_stages_that_give_its_maps(architecture):
    from imgsim.models.testing import random_network
    from imgsim.models.trunks import cut_trunk
    from imgsim.training.backbone import cut_stages

    network = random_network(architecture, 0).eval()
    backbone = cut_stages(architecture, network, ARCHITECTURES[architecture].preprocessing, WEIGHTS)
    given = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 3, 64, 64), np.float32))
    with torch.inference_mode():
        assert torch.allclose(backbone.stages(given), cut_trunk(architecture, network)(given), atol=1e-5)
    assert len(backbone.stages) == {"resnet18": 5, "squeezenet1_1": 9, "mobilenet_v3_small": 13}[architecture]
    assert all(any(one.ndim > 1 for one in stage.parameters()) for stage in backbone.stages)


@pytest.mark.parametrize("text", ["4", "-1", "most", "²"])
def test_stages_that_there_are_not_cannot_be_frozen(text):
    from imgsim.training.staged_network import count_frozen

    with pytest.raises(ParameterError, match=r"has 3 stages: give 0 to 3, but-last or all"):
        count_frozen(text, tiny_backbone())
    assert [count_frozen(good, tiny_backbone()) for good in ("0", "2", "but-last", "all")] == [0, 2, 2, 3]


def test_weights_are_asked_for_where_none_are_installed():
    from imgsim.training.backbone import load_backbone

    with pytest.raises(WeightsError, match=r"resnet50-11ad3fa6\.pth: give the file"):
        load_backbone("resnet50")
    with pytest.raises(ParameterError, match="leave out"):
        load_backbone("efficientnet_lite0", "weights.pth")
    with pytest.raises(ParameterError, match="cannot be trained further"):
        load_backbone("onnx/mine")
