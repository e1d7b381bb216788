"""The networks behind colour names, and their export."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.colors.names import ColorNamer
from imgsim.images.lab import to_lab
from imgsim.models.header import Header
from imgsim.models.tensors import torch
from imgsim.training.colors.perceptron import (
    FEATURES,
    BlackAndWhite,
    NamingModel,
    ToLab,
    build_perceptron,
    export_namer,
    make_features,
)

NAMES = ("blue", "red")


def tensor(values):
    return torch.tensor(np.asarray(values), dtype=torch.float32)


def perceptron(features, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_perceptron(features, (4,), len(NAMES)).eval()


def exported(features, temperature=1.0, black_and_white=False):
    model = NamingModel(features, perceptron(features), temperature, black_and_white=black_and_white)
    names = NAMES + ("black", "white") * black_and_white
    return ColorNamer(export_namer(model, header_of(names)))


def header_of(names, **details):
    told = {"architecture": "lab", "names": list(names), "recipe": {}, "split": "rows", "seed": 0} | details
    return Header("color-names", {"data": "ab" * 32}, None, {"probabilities": ["n", len(names)]}, told)


def test_lab_is_that_of_the_pictures(rng):
    colors = rng.integers(0, 256, (500, 3), np.uint8)
    np.testing.assert_allclose(ToLab()(tensor(colors)).numpy(), to_lab(colors), atol=0.01)


@pytest.mark.parametrize("name", FEATURES)
def test_features_are_small_numbers_of_the_right_count(name):
    corners = tensor([[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)])
    features = make_features(name, corners, ToLab()(corners))
    assert features.shape == (8, FEATURES[name])
    assert features.abs().max() < 2.5


def test_the_reference_network_has_841_parameters():
    assert sum(each.numel() for each in build_perceptron("rgb", (64,), 9).parameters()) == 3 * 64 + 64 + 64 * 9 + 9


def test_black_and_white_take_their_share_and_leave_the_others_in_proportion():
    others = tensor([[0.75, 0.25]])
    lab = tensor([[25.6, 0, 0], [86.2, 5, 0], [55, 0, 0], [25.6, 17, 0], [0, 0, 0], [100, 0, 0]])
    answer = BlackAndWhite()(lab, others.expand(6, 2)).numpy()
    np.testing.assert_allclose(answer[0], [0.375, 0.125, 0.5, 0], atol=1e-6)
    np.testing.assert_allclose(answer[1], [0.375, 0.125, 0, 0.5], atol=1e-6)
    np.testing.assert_allclose(answer[2], [0.75, 0.25, 0, 0], atol=1e-5)
    # 10 of chroma beyond what is free, at 1.5 each, over a scale of 2
    np.testing.assert_allclose(answer[3, 2], 1 / (1 + np.exp(7.5)), rtol=1e-5)
    assert answer[4, 2] > 0.999
    assert answer[5, 3] > 0.99
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("features", FEATURES)
def test_an_export_answers_as_torch_does(features, rng):
    colors = rng.integers(0, 256, (50, 3))
    with torch.inference_mode():
        scores = perceptron(features)(make_features(features, tensor(colors), ToLab()(tensor(colors))))
    expected = (scores / 2).softmax(dim=1).numpy()
    np.testing.assert_allclose(exported(features, temperature=2.0).probabilities(colors), expected, atol=1e-5)


def test_an_export_with_the_rule_knows_two_names_more():
    namer = exported("lab", black_and_white=True)
    assert [name for name, _ in namer.name([[0, 0, 0], [255, 255, 255]])] == ["black", "white"]


def test_the_header_comes_back():
    header = header_of(NAMES, recipe={"epochs": 3}, split="contributors", seed=7)
    model = NamingModel("rgb", perceptron("rgb"), 1.0, black_and_white=False)
    assert ColorNamer(export_namer(model, header)).header._replace(digest="") == header


def test_the_borders_are_munsell_values():
    """Of 2.5 and 8.5, by the fifth-degree polynomial of Newhall, Nickerson and Judd 1943: to luminance, then to L*."""
    polynomial = np.polynomial.Polynomial([0, 1.2219, -0.23111, 0.23951, -0.021009, 0.0008404])
    lightness = 116 * np.cbrt(polynomial(np.array([2.5, 8.5])) / 100) - 16
    np.testing.assert_allclose(lightness, [BlackAndWhite.black_below, BlackAndWhite.white_above], atol=0.05)
