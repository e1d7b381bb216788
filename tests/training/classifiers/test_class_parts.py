"""Losses, heads, schedules, warps and counts of pictures, each beside a plain loop or what it is defined by."""

import math

import numpy as np
import pytest

from imgsim.training.classifiers.class_balance import ClassBalance, made_pictures
from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe
from imgsim.training.classifiers.warps import Warp, apply_warp, draw_warp, matrix_of

AS_IT_IS = Warp(0.0, 0.0, 0.0, 0.0, 1.0, 1.0, mirrored=False)


def test_pictures_are_made_up_to_the_mean_or_by_the_rule_that_goes_past_it():
    sizes = np.array([2, 7, 10, 41])  # mean 15
    assert made_pictures(sizes, "none").tolist() == [0, 0, 0, 0]
    assert (sizes + made_pictures(sizes, "mean")).tolist() == [15, 15, 15, 41]
    each = [math.ceil((15 - n) / n) + 1 for n in (2, 7, 10)]
    assert made_pictures(sizes, "original").tolist() == [2 * each[0], 7 * each[1], 10 * each[2], 0]
    assert made_pictures(np.array([5, 5]), "original").tolist() == [0, 0]


@pytest.mark.parametrize("augment", ["none", "mean", "original"])
def test_an_epoch_has_each_photo_once_and_of_rare_classes_as_many_pictures_as_counted(augment):
    labels = np.repeat([0, 1, 2], [2, 5, 20])
    balance = ClassBalance(labels, ["a", "b", "c"], augment, batch=8, seed=1)
    batches = balance.batches(3)
    drawn = np.concatenate(batches)
    assert len(set(drawn.tolist())) == len(drawn)
    assert sorted(drawn[drawn < 27].tolist()) == list(range(27))
    assert np.bincount(labels[drawn % 27]).tolist() == [one.pictures for one in balance.counts]
    turns = np.bincount(drawn % 27)
    for code in range(3):
        assert turns[labels == code].max() - turns[labels == code].min() <= 1
    assert (turns - 1 <= balance.most_of()).all()
    assert max(map(len, batches)) - min(map(len, batches)) <= 1
    assert [batch.tolist() for batch in balance.batches(3)] == [batch.tolist() for batch in batches]
    assert np.concatenate(balance.batches(4)).tolist() != drawn.tolist()


def plain_warp(pixels, warp):
    """Give each pixel of a picture the photo's between the four about where it comes from, borders drawn out."""
    height, width = pixels.shape[:2]
    made = np.zeros_like(pixels, dtype=float)
    middle = np.array([(height - 1) / 2, (width - 1) / 2])
    sine, cosine = math.sin(warp.angle), math.cos(warp.angle)
    for row in range(height):
        for column in range(width):
            place = (np.array([row, column]) - middle) * (warp.tall, warp.wide)
            place = np.array([place[0] - math.sin(warp.shear) * place[1], math.cos(warp.shear) * place[1]])
            place += (warp.down * height, warp.right * width)
            place = np.array([cosine * place[0] - sine * place[1], sine * place[0] + cosine * place[1]]) + middle
            low = np.floor(place).astype(int)
            for down in (0, 1):
                for right in (0, 1):
                    share = abs(1 - down - (place[0] - low[0])) * abs(1 - right - (place[1] - low[1]))
                    made[row, column] += (
                        share * pixels[np.clip(low[0] + down, 0, height - 1), np.clip(low[1] + right, 0, width - 1)]
                    )
    return made[:, ::-1] if warp.mirrored else made


def test_a_warp_is_what_a_plain_loop_makes():
    row, column = np.mgrid[:24, :31]
    smooth = (
        120 + 60 * np.sin(row / 6)[..., None] + 50 * np.cos(column / 7 + np.arange(3)[:, None, None]).transpose(1, 2, 0)
    )
    pixels = smooth.astype(np.uint8)
    assert (apply_warp(pixels, AS_IT_IS) == pixels).all()
    assert (apply_warp(pixels, AS_IT_IS._replace(mirrored=True)) == pixels[:, ::-1]).all()
    rng = np.random.default_rng(0)
    for _ in range(6):
        warp = draw_warp(rng)
        departs = np.abs(apply_warp(pixels, warp).astype(float) - plain_warp(pixels, warp))
        assert departs.max() < 3  # OpenCV knows places to a 32nd of a pixel


def test_a_warp_beyond_the_border_shows_its_own_colours():
    pixels = np.full((20, 20, 3), 90, np.uint8)
    assert (apply_warp(pixels, Warp(0.5, 0.2, -0.2, 0.2, 1.2, 0.8, mirrored=True)) == 90).all()
    assert matrix_of(AS_IT_IS, 9, 5).tolist() == [[1, 0, 0], [0, 1, 0]]


def test_draws_keep_to_their_bounds():
    rng = np.random.default_rng(2)
    drawn = np.array([draw_warp(rng) for _ in range(2000)], float)
    bounds = [np.deg2rad(40), 0.2, 0.2, 0.2]
    assert (np.abs(drawn[:, :4]) <= bounds).all()
    assert (np.abs(drawn[:, :4]).max(axis=0) > 0.99 * np.array(bounds)).all()
    assert drawn[:, 4:6].min() >= 0.8
    assert drawn[:, 4:6].max() <= 1.2
    assert 0.45 < drawn[:, 6].mean() < 0.55


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine", "plateau"])
def test_rates_fall_as_pytorch_has_them(schedule):
    torch = pytest.importorskip("torch")
    recipe = ClassifierRecipe(schedule=schedule, step_epochs=3, step_factor=0.5, epochs=16)
    rng = np.random.default_rng(0)
    judged = np.round(rng.normal(0, 1, 16), 1).tolist()
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = {
        "constant": lambda: torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0),
        "step": lambda: torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.5),
        "cosine": lambda: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 16),
        "plateau": lambda: torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, "max", factor=0.5, patience=2, threshold=0, threshold_mode="abs"
        ),
    }[schedule]()
    for epoch in range(16):
        assert recipe.rate_at(epoch, judged[:epoch]) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-9)
        optimizer.step()
        scheduler.step(*([judged[epoch]] if schedule == "plateau" else []))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighed", [False, True])
def test_the_loss_is_a_plain_loop(smoothing, weighed):
    torch = pytest.importorskip("torch")
    from imgsim.training.classifiers.class_loss import ClassLoss, balanced_weights

    rng = np.random.default_rng(0)
    logits, labels = rng.normal(0, 2, (7, 4)), rng.integers(4, size=7)
    weights = balanced_weights(np.array([1, 2, 8, 5])) if weighed else np.ones(4)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    told = [
        -(1 - smoothing) * weights[label] * row[label] - smoothing / 4 * (weights * row).sum()
        for row, label in zip(logs, labels, strict=True)
    ]
    expected = sum(told) / weights[labels].sum()
    given = torch.tensor(logits, requires_grad=True)
    loss = ClassLoss(smoothing=smoothing, weights=weights if weighed else None).double()
    found = loss(given, torch.from_numpy(labels))
    assert float(found.detach()) == pytest.approx(expected, rel=1e-5)
    assert torch.autograd.gradcheck(lambda rows: loss(rows, torch.from_numpy(labels)), given)


def test_balanced_weights_let_all_classes_count_alike():
    pytest.importorskip("torch")
    from imgsim.training.classifiers.class_loss import balanced_weights

    counts = np.array([1, 2, 8, 5])
    weights = balanced_weights(counts)
    assert np.allclose(weights * counts, weights[0])
    assert (weights * counts).sum() == counts.sum()


def head(kind="none", rate=0.5):
    import torch

    from imgsim.training.classifiers.classifier_network import ClassHead, Dropout

    return ClassHead(12, 4, Dropout(kind, rate), torch.Generator().manual_seed(3))


@pytest.mark.parametrize("kind", ["none", "dense", "convolutional"])
def test_a_head_drops_what_it_is_told_to_while_it_learns_and_nothing_later(kind):
    torch = pytest.importorskip("torch")
    made, maps = head(kind), torch.ones(400, 12, 3, 3)
    with torch.no_grad():
        made.dense.weight.copy_(torch.eye(12)[:4])
        made.dense.bias.zero_()
        torch.manual_seed(0)
        learning, later = made.train()(maps), made.eval()(maps)
    assert torch.equal(later, torch.ones(400, 4))
    values = set(np.unique(learning.numpy()).tolist())
    assert values == ({1.0} if kind == "none" else {0.0, 2.0})


def test_a_head_that_begins_with_a_probe_says_what_it_says():
    torch = pytest.importorskip("torch")
    from imgsim.training.classifiers.probe_fit import ProbeForm, fit_probe

    rng = np.random.default_rng(0)
    maps = rng.normal(0, 1, (40, 12, 2, 2)).astype(np.float32)
    labels = np.arange(40) % 4
    maps[np.arange(40), labels] += 1
    rows = maps.mean(axis=(2, 3))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    probe = fit_probe(rows.astype(np.float64), labels, [12], ProbeForm("blocks", 10.0), 4)
    made = head()
    made.begin_with(probe, rows.std(axis=0, dtype=np.float64))
    with torch.inference_mode():
        said = torch.softmax(made.eval()(torch.from_numpy(maps)), dim=1).numpy()
    assert np.abs(said - probe.probabilities(rows)).max() < 1e-5
    assert (said.argmax(axis=1) == labels).mean() > 0.6


def test_the_same_seed_gives_the_same_head():
    torch = pytest.importorskip("torch")
    assert torch.equal(head().dense.weight, head().dense.weight)
