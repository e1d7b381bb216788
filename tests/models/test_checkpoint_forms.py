"""Weights as people have them."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.errors import WeightsError
from imgsim.models.architectures import ARCHITECTURES
from imgsim.models.checkpoint_forms import fit_state, heads_of
from imgsim.models.export import export_checkpoint
from imgsim.models.imported_weights import import_weights
from imgsim.models.session import Session
from imgsim.models.testing import random_network
from imgsim.models.trunk_spec import TrunkSpec
from imgsim.models.trunks import build_network, cut_trunk
from imgsim.models.vision import torch

SMALL = "squeezenet1_1"
HEAD = ("classifier.1.weight", "classifier.1.bias")


@pytest.fixture(scope="module")
def plain():
    return random_network(SMALL, 1).state_dict()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "weights.pth"


def of_classes(state, classes):
    return state | {HEAD[0]: torch.zeros(classes, 512, 1, 1), HEAD[1]: torch.zeros(classes)}


def headless(state):
    return {name: tensor for name, tensor in state.items() if name not in HEAD}


def prefixed(state, prefix):
    return {f"{prefix}{name}": tensor for name, tensor in state.items()}


def trained(state):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(2))], lr=0.1).state_dict()
    return {"epoch": 3, "model": prefixed(of_classes(state, 7), "module."), "optimizer": optimizer, "best": 0.5}


TEN = "classifier.1.weight, classifier.1.bias (10 classes)"
FORMS = {
    "plain": (lambda state: state, ""),
    "ten classes": (lambda state: of_classes(state, 10), TEN),
    "no head": (headless, ""),
    "DataParallel": (lambda state: prefixed(state, "module."), ""),
    "model and prefix": (lambda state: {"model": prefixed(of_classes(state, 10), "model.")}, TEN),
    "model_state_dict": (lambda state: {"model_state_dict": headless(state), "loss": 0.25}, "loss"),
    "a backbone beside a head": (
        lambda state: prefixed(headless(state), "backbone.") | {"projector.weight": torch.zeros(8, 512)},
        "projector.weight",
    ),
    "a trainer's": (
        trained,
        "classifier.1.weight, classifier.1.bias (7 classes), epoch, optimizer, best",
    ),
    "compiled, in half precision": (
        lambda state: {"state_dict": prefixed({name: one.half().float() for name, one in state.items()}, "_orig_mod.")},
        "",
    ),
}


@pytest.fixture(scope="module")
def rows_of():
    images = np.random.default_rng(0).standard_normal((2, 3, 96, 96), np.float32)
    return lambda model: Session(model.read()).run(images)


@pytest.mark.parametrize(("make", "told"), FORMS.values(), ids=FORMS)
def test_usual_forms_give_the_rows_of_the_plain_one(file, plain, rows_of, make, told):
    torch.save(plain, file)
    expected = rows_of(export_checkpoint(str(file), TrunkSpec(SMALL))[0])
    torch.save(make(plain), file)
    model, left_out = export_checkpoint(str(file), TrunkSpec(SMALL))
    assert left_out == told
    if make is FORMS["compiled, in half precision"][0]:
        np.testing.assert_allclose(rows_of(model), expected, atol=0.01 * abs(expected).max())
    else:
        np.testing.assert_array_equal(rows_of(model), expected)


def test_what_is_left_out_is_heard_where_the_file_is_read(file, plain):
    torch.save(of_classes(plain, 10), file)
    heard = []
    imported = import_weights(str(file), TrunkSpec(SMALL), heard.append)
    assert heard == [TEN]
    assert import_weights(str(file), TrunkSpec(SMALL), heard.append) == imported
    assert heard == [TEN]  # the second time nothing is read


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "convnext_tiny", "vit_b_32", "swin_t", "vgg16"])
def test_heads_are_all_that_trunks_do_without(name):
    with torch.device("meta"):
        network = build_network(name)
        state = network.state_dict(keep_vars=True)
        heads = heads_of(name, network)
        used = {id(one) for one in cut_trunk(name, network).state_dict(keep_vars=True).values()}
    unused = {key for key, tensor in state.items() if id(tensor) not in used}
    in_heads = {key for key in state if key.startswith(tuple(f"{head}." for head in heads))}
    assert in_heads == unused != set()


def test_every_architecture_of_torchvision_has_a_head():
    without = torch.nn.Module()
    heads = {name: heads_of(name, without) for name, one in ARCHITECTURES.items() if one.source == "torchvision"}
    assert len(heads) > 30
    assert all(heads.values())


def test_a_head_of_timm_is_found():
    pytest.importorskip("timm", reason="the extra timm is not installed")
    network = random_network("timm/test_resnet", 0)
    state = network.state_dict()
    assert heads_of("timm/test_resnet", network) == ("fc",)
    fitted = fit_state({name: one for name, one in state.items() if name[:3] != "fc."}, network, ["fc"], path="x")
    assert fitted.state.keys() == state.keys()


def test_a_layer_in_the_head_needs_the_head(file, plain):
    torch.save(headless(plain), file)
    with pytest.raises(WeightsError, match=r"2 missing \(classifier\.1\.weight, classifier\.1\.bias\)$"):
        export_checkpoint(str(file), TrunkSpec(SMALL, "classifier.1"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda state: prefixed(state, "backbone.") | prefixed(state, "encoder."),
            r"weights\.pth: holds the network several times \(backbone\., encoder\.\): save the one that is",
        ),
        (
            lambda state: {"model": state, "state_dict": state},
            r"weights\.pth: holds several networks \(state_dict, model\): save the one that is meant alone$",
        ),
        (
            lambda state: headless(state) | {"features.0.weight": torch.zeros(64, 1, 3, 3)},
            r"weights\.pth: not the weights of squeezenet1_1: 1 of another shape \(features\.0\.weight ",
        ),
        (
            lambda state: prefixed({name: one for name, one in state.items() if "0.bias" not in name}, "module."),
            r"weights\.pth: not the weights of squeezenet1_1: 1 missing \(features\.0\.bias\)$",
        ),
        (
            lambda state: state | {"attention.weight": torch.zeros(2)},
            r"weights\.pth: not the weights of squeezenet1_1: 1 unexpected \(attention\.weight\)$",
        ),
        (
            lambda state: {"model": prefixed(state, "module.") | {"module.features.0.bias": torch.full((64,), np.nan)}},
            r"weights\.pth: weights that are not finite numbers, features\.0\.bias among them$",
        ),
        (lambda state: prefixed(state, "somebody."), r"not the weights of squeezenet1_1: 50 missing \(features"),
        (lambda state: {"model": "resnet18", "weights": state}, "no state dict, which maps parameter names"),
    ],
)
def test_trunks_are_checked_as_strictly_as_before(file, left, plain, make, message):
    torch.save(make(plain), file)
    with pytest.raises(WeightsError, match=message):
        export_checkpoint(str(file), TrunkSpec(SMALL))
    assert left() == []


def test_a_model_that_is_only_named_beside_its_weights(file, plain):
    torch.save({"model": SMALL, "state_dict": plain}, file)
    assert export_checkpoint(str(file), TrunkSpec(SMALL))[1] == "model"
