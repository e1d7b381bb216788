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
from imgsim.training.named_part import parameters_of
from tests.training.embeddings.plain_losses import PLAIN, every_triplet

NAMES = sorted(LOSSES)
CLASSES, DIM = 4, 5
SETTINGS = {
    "contrastive": ["contrastive:margin=0.6"],
    "multi-similarity": ["multi-similarity:alpha=3,beta=10,base=0.2,epsilon=0.01"],
    "n-pair": ["n-pair:scale=3"],
    "proxy-anchor": ["proxy-anchor:margin=0.3,alpha=5"],
    "supcon": ["supcon:temperature=0.5"],
    "margin": ["margin:betas=one,nu=0.3", "margin:betas=fixed,beta=0.9", "margin:nu=0.1,margin=0.05"],
    "triplet": ["triplet:margin=0.7", "triplet:distance=euclidean,margin=0.5", "triplet:distance=cosine"],
}
TEXTS = [text for name in NAMES for text in [name, *SETTINGS.get(name, [])]]
MINED = [text for text in TEXTS if LOSSES.load(text.partition(":")[0]).mined]
OF_CLASSES = [text for text in TEXTS if text not in ("log-ratio",)]


COMPARE_ANY = ("contrastive", "proxy-anchor")  # even photos of which no two are of a class


def build(text, dim=DIM):
    classes = CLASSES if text in OF_CLASSES else 0
    loss = build_loss(text, LossSetting(classes, dim, torch.Generator().manual_seed(3)))
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
    plain = PLAIN[loss.name](rows.double().tolist(), labels.tolist(), loss, None)
    assert plain > 0
    assert loss(rows, labels).item() == pytest.approx(plain, rel=1e-4)


@pytest.mark.parametrize("text", MINED)
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
    if loss.name == "n-pair":  # which of a class are a pair goes by their order
        order = np.concatenate([np.flatnonzero(labels == label) for label in rng.permutation(CLASSES)])
    assert loss(rows[order], labels[order]).item() == pytest.approx(loss(rows, labels).item(), rel=1e-5)


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_lower_where_like_lies_by_like(text, rng):
    loss = build(text, dim=2)
    labels = draw_labels(text, rng, 12).sort().values
    angles = labels * (math.pi / (2 if text in OF_CLASSES else 200))
    apart = torch.stack([angles.cos(), angles.sin()], dim=1).float()
    if loss.name == "proxy-anchor":
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
        if not len(labels) or loss.name not in COMPARE_ANY:
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
    setting = LossSetting(CLASSES if name in OF_CLASSES else 0, DIM, torch.Generator())
    spelled = spell_loss(name)
    assert spell_loss(spelled) == spelled
    assert all(f"{key}=" in spelled for key in parameters_of(LOSSES.load(name)))
    assert list(build_loss(spelled, setting).state_dict()) == list(build(name).state_dict())


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
        ("contrastive:margin=2", ParameterError, "contrastive: margin is between 0 and 2, not 2"),
        ("multi-similarity:alpha=0", ParameterError, "multi-similarity: alpha is above 0, not 0"),
        ("multi-similarity:beta=0", ParameterError, "multi-similarity: beta is above 0, not 0"),
        ("multi-similarity:base=2", ParameterError, "multi-similarity: base is -1 to 1, not 2"),
        ("multi-similarity:epsilon=-1", ParameterError, "multi-similarity: epsilon is 0 or more, not -1"),
        ("n-pair:scale=inf", ParameterError, "n-pair: scale is above 0, not inf"),
        ("proxy-anchor:margin=1", ParameterError, "proxy-anchor: margin is 0 or more, below 1, not 1"),
        ("proxy-anchor:alpha=-2", ParameterError, "proxy-anchor: alpha is above 0, not -2"),
        ("supcon:temperature=0", ParameterError, "supcon: temperature is above 0, not 0"),
        ("log-ratio:margin=1", ParameterError, "log-ratio takes no parameter 'margin'; it takes: none"),
        ("margin:nu=-1", ParameterError, "margin: nu is 0 or more, not -1"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(text, error, message):
    with pytest.raises(error) as raised:
        build(text)
    assert str(raised.value) == message


@pytest.mark.parametrize(("text", "classes"), [("supcon", 0), ("proxy-anchor", 0), ("log-ratio", 4)])
def test_a_loss_for_other_labels_is_said_to_be(text, classes):
    with pytest.raises(ParameterError, match=f"{text}: it is for labels that are (classes|scores), and these are"):
        build_loss(text, LossSetting(classes, DIM, torch.Generator()))


def test_proxies_begin_by_their_own_random_state():
    first, again = (build("proxy-anchor").proxies for _ in range(2))
    other = build_loss("proxy-anchor", LossSetting(CLASSES, DIM, torch.Generator().manual_seed(5))).proxies
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_border_is_learned_for_each_class_or_for_all():
    setting = LossSetting(CLASSES, DIM, torch.Generator())
    assert build_loss("margin", setting).beta.shape == (CLASSES,)
    assert build_loss("margin:betas=one", setting).beta.shape == (1,)
    assert not build_loss("margin:betas=fixed", setting).beta.requires_grad
    assert build_loss("margin", setting._replace(classes=0)).beta.shape == (1,)
