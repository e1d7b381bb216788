"""What every loss of the table promises, and that each is what a plain loop over its paper's formula gives."""

import math

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.errors import ParameterError, UnknownNameError
from imgsim.models.tensors import torch
from imgsim.training.embeddings.batch_triplets import Triplets
from imgsim.training.embeddings.losses import LOSSES, build_loss, spell_loss
from imgsim.training.embeddings.losses.base_loss import LossSetting
from imgsim.training.embeddings.named_part import parameters_of
from tests.training.embeddings.plain_losses import PLAIN, every_triplet

NAMES = sorted(LOSSES)
CLASSES, DIM = 4, 5
SETTINGS = {
    "margin": ["margin:betas=one,nu=0.3", "margin:betas=fixed,beta=0.9", "margin:nu=0.1,margin=0.05"],
    "triplet": ["triplet:margin=0.7", "triplet:distance=euclidean,margin=0.5", "triplet:distance=cosine"],
}
TEXTS = [text for name in NAMES for text in [name, *SETTINGS.get(name, [])]]
OF_CLASSES = [text for text in TEXTS if "classes" in LOSSES.load(text.partition(":")[0]).kinds]


def build(text, dim=DIM):
    loss = build_loss(text, LossSetting(CLASSES, dim, torch.Generator().manual_seed(3)))
    with torch.no_grad():
        for one in loss.parameters():  # learned a little, so that no two classes have the same
            one.add_(0.1 * torch.randn(one.shape, generator=torch.Generator().manual_seed(4)))
    return loss


def batch(text, rng, count=14, dim=DIM):
    rows = rng.normal(size=(count, dim))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return torch.tensor(rows, dtype=torch.float32), draw_labels(text, rng, count)


def draw_labels(text, rng, count):
    if text in OF_CLASSES:
        return torch.tensor(rng.integers(0, CLASSES, count))
    return torch.tensor(rng.uniform(0, 100, count).round(), dtype=torch.float32)


def mined(triplets):
    return Triplets(*torch.tensor(triplets, dtype=torch.long).reshape(-1, 3).unbind(1))


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_what_a_plain_loop_gives(text, rng):
    loss = build(text)
    rows, labels = batch(text, rng)
    plain = PLAIN[loss.name](rows.double().tolist(), labels.tolist(), loss, every_triplet(labels.tolist()))
    assert plain > 0
    assert loss(rows, labels).item() == pytest.approx(plain, rel=1e-4)


@pytest.mark.parametrize("text", [text for text in TEXTS if LOSSES.load(text.partition(":")[0]).mined])
def test_it_is_of_the_triplets_that_were_chosen(text, rng):
    loss = build(text)
    rows, labels = batch(text, rng)
    chosen = every_triplet(labels.tolist())[::7]
    plain = PLAIN[loss.name](rows.double().tolist(), labels.tolist(), loss, chosen)
    assert loss(rows, labels, mined(chosen)).item() == pytest.approx(plain, rel=1e-4)
    assert loss(rows, labels, mined([])).item() == 0


@pytest.mark.parametrize("text", TEXTS)
def test_its_gradients_are_those_of_differences(text, rng):
    loss = build(text).double()
    rows, labels = batch(text, rng, count=8)
    learned = dict(loss.named_parameters())

    def measure(embeddings, *values):
        return torch.func.functional_call(loss, dict(zip(learned, values, strict=True)), (embeddings, labels))

    inputs = [rows.double().requires_grad_(), *(one.detach().clone().requires_grad_() for one in learned.values())]
    assert torch.autograd.gradcheck(measure, inputs)


@pytest.mark.parametrize("text", TEXTS)
def test_the_order_of_a_batch_is_nothing_to_it(text, rng):
    loss = build(text)
    rows, labels = batch(text, rng)
    order = rng.permutation(len(rows))
    assert loss(rows[order], labels[order]).item() == pytest.approx(loss(rows, labels).item(), rel=1e-5)


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_lower_where_like_lies_by_like(text, rng):
    loss = build(text, dim=2)
    labels = draw_labels(text, rng, 12).sort().values
    angles = labels * (math.pi / (2 if text in OF_CLASSES else 200))
    apart = torch.stack([angles.cos(), angles.sin()], dim=1).float()
    if "proxies" in dict(loss.named_parameters()):
        turned = torch.arange(CLASSES) * math.pi / 2
        loss.proxies.data = torch.stack([turned.cos(), turned.sin()], dim=1)
    mixed = apart[rng.permutation(len(apart))]
    assert loss(apart, labels).item() < 0.5 * loss(mixed, labels).item()


def lonely(text):
    """Batches in which nothing can be compared."""
    kind = torch.long if text in OF_CLASSES else torch.float32
    of_one_each = [torch.arange(count, dtype=kind) for count in (0, 1, CLASSES)]
    return of_one_each if text in OF_CLASSES else [*of_one_each[:2], torch.full((4,), 7.0)]


@pytest.mark.parametrize("text", TEXTS)
def test_a_batch_without_a_tuple_gives_zero_that_gradients_pass(text, rng):
    for labels in lonely(text):
        loss = build(text)
        rows, _ = batch(text, rng, len(labels))
        value = loss(rows.requires_grad_(), labels)
        value.backward()
        assert torch.isfinite(rows.grad).all()
        if "proxies" not in dict(loss.named_parameters()):  # with proxies even one photo can be compared
            assert value.item() == 0
            assert not rows.grad.any()
        for one in loss.parameters():
            assert one.grad is not None or not one.requires_grad


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("rows", [torch.ones(8, 5) / math.sqrt(5), -torch.eye(5)[[0] * 4 + [1] * 4], torch.zeros(8, 5)])
def test_the_same_embeddings_give_numbers(text, rows, rng):
    loss = build(text)
    rows = rows.clone().requires_grad_()
    value = loss(rows, draw_labels(text, rng, 8))
    value.backward()
    assert value.shape == ()
    assert torch.isfinite(value)
    assert torch.isfinite(rows.grad).all()


@pytest.mark.parametrize("text", TEXTS)
def test_half_precision_is_not_computed_in(text, rng):
    loss = build(text, dim=64)
    rows, labels = batch(text, rng, dim=64)
    halved = rows.to(torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(halved, labels)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(loss(halved.float(), labels).item(), rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_spelled_out_builds_the_same(name):
    spelled = spell_loss(name)
    assert spell_loss(spelled) == spelled
    assert all(f"{key}=" in spelled for key in parameters_of(LOSSES.load(name)))
    assert repr(build_loss(spelled, LossSetting(CLASSES, DIM, torch.Generator()))) == repr(build(name))


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("tripet", UnknownNameError, "unknown loss 'tripet': did you mean triplet?"),
        ("triplet@2", ParameterError, "'triplet@2': leave out the weight; a loss has none"),
        ("triplet:margin=wide", ParameterError, "triplet: margin is a number, not 'wide'"),
        ("triplet:alpha=1", ParameterError, "triplet takes no parameter 'alpha'; it takes: distance, margin"),
        ("triplet:margin=0", ParameterError, "triplet: margin is above 0, not 0"),
        ("triplet:margin=nan", ParameterError, "triplet: margin is above 0, not nan"),
        (
            "triplet:distance=far",
            ParameterError,
            "triplet: distance is one of sqeuclidean, euclidean, cosine, not 'far'",
        ),
        ("margin:beta=2", ParameterError, "margin: beta is between 0 and 2, not 2"),
        ("margin:margin=-1", ParameterError, "margin: margin is above 0, not -1"),
        ("margin:nu=-1", ParameterError, "margin: nu is 0 or more, not -1"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(text, error, message):
    with pytest.raises(error) as raised:
        build(text)
    assert str(raised.value) == message
