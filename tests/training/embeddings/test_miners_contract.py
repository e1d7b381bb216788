"""What every miner of the table promises, and that each chooses what a plain loop allows."""

import math
from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.errors import ParameterError, UnknownNameError
from imgsim.evaluation.score_widths import Widths
from imgsim.models.tensors import torch
from imgsim.training.embeddings.batch_triplets import every_triplet
from imgsim.training.embeddings.losses import build_loss
from imgsim.training.embeddings.losses.base_loss import LossSetting
from imgsim.training.embeddings.miners import MINERS, build_miner, spell_miner
from imgsim.training.embeddings.miners.draws import draw_one_each
from imgsim.training.named_part import parameters_of
from tests.training.embeddings.plain_losses import DISTANCES
from tests.training.embeddings.plain_losses import every_triplet as plain_triplets

NAMES = sorted(MINERS)
TEXTS = [
    *NAMES,
    "random:positives=all",
    "scores:within=10,beyond=10,positives=one",
    "semi-hard:margin=0.5,distance=euclidean",
    "distance-weighted:positives=one",
    "distance-weighted:cutoff=0.3,farthest=1",
]
CLASSES, DIM = 4, 6


def loss_of(text, classes=CLASSES):
    return build_loss(text, LossSetting(classes, DIM, torch.Generator()))


def build(text, loss="triplet"):
    return build_miner(text, loss_of(loss), "scores" if text.startswith("scores") else "classes")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(text, rng, count=16, dim=DIM):
    rows = torch.nn.functional.normalize(torch.tensor(rng.normal(size=(count, dim)), dtype=torch.float32))
    if text.startswith("scores"):
        return rows, torch.tensor(rng.uniform(0, 100, count))
    return rows, torch.tensor(rng.integers(0, CLASSES, count))


def choose(text, rng, seed=0):
    rows, labels = batch(text, rng)
    return rows.double().tolist(), labels.tolist(), listed(build(text)(rows, labels, seeded(seed)))


def listed(triplets):
    return list(zip(*(places.tolist() for places in triplets), strict=True))


@pytest.mark.parametrize("text", TEXTS)
def test_it_chooses_places_of_the_batch_alike_and_unlike(text, rng):
    miner = build(text)
    rows, labels = batch(text, rng)
    rows.requires_grad_()
    triplets = miner(rows, labels, seeded())
    assert {places.dtype for places in triplets} == {torch.long}
    assert len({len(places) for places in triplets}) == 1
    assert len(triplets.anchors) > 0
    for a, p, n in listed(triplets):
        assert a != p
        if miner.kind == "scores":
            assert abs(labels[a] - labels[p]) <= miner.within
            assert abs(labels[a] - labels[n]) > miner.beyond
        else:
            assert labels[a] == labels[p] != labels[n]


@pytest.mark.parametrize("text", TEXTS)
def test_it_chooses_the_same_of_the_same_random_state(text, rng):
    miner = build(text)
    rows, labels = batch(text, rng)
    first, again, other = (listed(miner(rows, labels, seeded(seed))) for seed in (5, 5, 6))
    assert first == again
    assert (first == other) == (miner.name in ("all", "hard"))


@pytest.mark.parametrize("text", TEXTS)
def test_a_batch_without_triplets_gives_none(text, rng):
    for labels in ([], [1], [1, 1, 1], [0, 50, 100]):  # none is unlike in the third, none alike in the fourth
        rows, _ = batch(text, rng, len(labels))
        triplets = build(text)(rows, torch.tensor(labels), seeded())
        assert listed(triplets) == []
        assert {places.dtype for places in triplets} == {torch.long}
        assert loss_of("triplet")(rows, torch.tensor(labels), triplets).item() == 0


@pytest.mark.parametrize("text", TEXTS)
def test_the_same_embeddings_are_no_trouble(text, rng):
    _, labels = batch(text, rng)
    triplets = build(text)(torch.ones(len(labels), DIM) / math.sqrt(DIM), labels, seeded())
    assert all((places >= 0).all() and (places < len(labels)).all() for places in triplets)


@pytest.mark.parametrize("text", TEXTS)
def test_half_precision_is_not_computed_in(text, rng):
    rows, labels = batch(text, rng)
    halved = rows.to(torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        triplets = build(text)(halved, labels, seeded())
    assert listed(triplets) == listed(build(text)(halved.float(), labels, seeded()))


def test_all_are_those_of_a_plain_loop(rng):
    _, labels, chosen = choose("all", rng)
    assert sorted(chosen) == plain_triplets(labels)


@pytest.mark.parametrize("positives", ["one", "all"])
@pytest.mark.parametrize("name", ["random", "distance-weighted"])
def test_each_anchor_gets_a_negative_for_one_positive_or_for_all(name, positives, rng):
    _, labels, chosen = choose(f"{name}:positives={positives}", rng)
    pairs = {(a, p) for a, p, _ in plain_triplets(labels)}
    if positives == "one":
        assert sorted(a for a, _, _ in chosen) == sorted({a for a, _ in pairs})
    else:
        assert sorted((a, p) for a, p, _ in chosen) == sorted(pairs)


def test_random_triplets_are_all_as_probable():
    labels = torch.tensor([0] * 60 + [1] * 7 + [2] * 3)
    rows = torch.nn.functional.normalize(torch.randn(len(labels), DIM, generator=seeded()))
    triplets = build("random:positives=all")(rows, labels, seeded(1))
    drawn = Counter(n for a, _, n in listed(triplets) if a < 60)
    assert sorted(drawn) == list(range(60, 70))
    assert drawn.total() == 60 * 59
    assert chisquare(list(drawn.values())).pvalue > 0.001


@pytest.mark.parametrize("text", ["semi-hard", "semi-hard:margin=0.5,distance=euclidean"])
def test_semi_hard_negatives_are_farther_than_the_positive_by_less_than_the_margin(text, rng):
    miner = build(text)
    rows, labels, chosen = choose(text, rng)
    distance = DISTANCES[miner.distance]

    def is_semi_hard(a, p, n):
        near, far = distance(rows[a], rows[p]), distance(rows[a], rows[n])
        return near < far < near + miner.margin

    allowed = [one for one in plain_triplets(labels) if is_semi_hard(*one)]
    assert set(chosen) <= set(allowed)
    assert sorted((a, p) for a, p, _ in chosen) == sorted({(a, p) for a, p, _ in allowed})


def test_hard_is_the_farthest_positive_and_the_nearest_negative(rng):
    rows, labels, chosen = choose("hard", rng)
    distance, places = DISTANCES["sqeuclidean"], range(len(labels))
    expected = []
    for a in places:
        same = [p for p in places if p != a and labels[p] == labels[a]]
        other = [n for n in places if labels[n] != labels[a]]
        if same and other:
            farthest = max(same, key=lambda p: distance(rows[a], rows[p]))
            expected.append((a, farthest, min(other, key=lambda n: distance(rows[a], rows[n]))))
    assert chosen == expected


def plain_probabilities(rows, labels, miner, anchor):
    """One over the density of the distance, by the paper's formula as it stands."""
    dim, weights = len(rows[0]), []
    for row, label in zip(rows, labels, strict=True):
        distance = DISTANCES["euclidean"](rows[anchor], row)
        cut = max(distance, miner.cutoff)
        if label == labels[anchor] or distance >= miner.farthest:
            weights.append(0.0)
        else:
            weights.append(1 / (cut ** (dim - 2) * (1 - cut**2 / 4) ** ((dim - 3) / 2)))
    if not any(weights):
        weights = [float(label != labels[anchor]) for label in labels]
    return [weight / sum(weights) for weight in weights]


@pytest.mark.parametrize("text", ["distance-weighted", "distance-weighted:cutoff=0.3,farthest=1"])
@pytest.mark.parametrize("dim", [2, 3, 6, 64])
def test_distance_weights_are_those_of_the_formula(text, dim, rng):
    miner = build(text)
    rows, labels = batch(text, rng, dim=dim)
    rows[1] = torch.nn.functional.normalize(rows[0] + 0.05, dim=0)  # nearer than the cutoff
    ours = miner.probabilities(rows, labels)
    plain = [plain_probabilities(rows.double().tolist(), labels.tolist(), miner, a) for a in range(len(rows))]
    np.testing.assert_allclose(ours.numpy(), plain, rtol=2e-3, atol=1e-6)


def test_negatives_are_drawn_as_often_as_they_weigh():
    others = torch.nn.functional.normalize(torch.randn(8, 8, generator=seeded(2)) + 0.8)
    rows, labels = torch.cat([others[:1].expand(60, -1), others]), torch.tensor([0] * 60 + [1] * 8)  # 60 times the same
    miner = build("distance-weighted")
    expected = miner.probabilities(rows, labels)[0].double().numpy()
    places = np.flatnonzero(expected)
    assert (expected > 0.01).sum() > 3
    drawn = Counter(n for a, _, n in listed(miner(rows, labels, seeded(3))) if a < 60)
    assert drawn.total() == 60 * 59
    shares = expected[places] / expected.sum()
    assert chisquare([drawn[place] for place in places], shares * drawn.total()).pvalue > 0.001


def test_weights_hundreds_of_powers_of_ten_apart_stay_numbers(rng):
    rows, labels = batch("distance-weighted", rng, count=32, dim=512)
    rows[1] = torch.nn.functional.normalize(rows[0] + 0.02 * rows[1], dim=0)
    labels[:2] = torch.tensor([0, 1])
    probable = build("distance-weighted:farthest=2").probabilities(rows, labels)
    assert torch.isfinite(probable).all()
    torch.testing.assert_close(probable.sum(1), torch.ones(32, dtype=probable.dtype))
    assert probable[0, 1] == 1  # 160 powers of ten before the others
    assert probable[2].max() < 0.999  # and among those no greatest weight of the batch's has made them all 0


def test_a_draw_never_falls_on_what_weighs_nothing():
    weights = torch.zeros(20_000, 4)
    weights[:, 1] = 1e-30
    weights[:, 2] = 1e-30
    drawn = draw_one_each(weights, seeded())
    assert set(drawn.tolist()) == {1, 2}


def test_scores_are_paired_as_a_plain_loop_does(rng):
    _, scores, chosen = choose("scores", rng)
    places = range(len(scores))
    far = {a for a in places if any(abs(scores[a] - other) > 30 for other in scores)}
    pairs = [(a, p) for a in far for p in places if a != p and abs(scores[a] - scores[p]) <= 5]
    assert sorted((a, p) for a, p, _ in chosen) == sorted(pairs)


def test_margin_distance_and_widths_are_those_of_loss_and_sampler():
    assert build("semi-hard", "triplet:margin=0.7,distance=cosine").margin == 0.7
    assert build("semi-hard", "triplet:margin=0.7,distance=cosine").distance == "cosine"
    assert build("semi-hard", "margin:margin=0.3").distance == "euclidean"
    assert build("semi-hard:margin=0.1", "triplet:margin=0.7").margin == 0.1
    widths, loss = Widths(1, 2), loss_of("triplet", 0)
    assert build_miner("scores", loss, "scores", widths).beyond == 2
    assert spell_miner("scores", loss, widths) == "scores:within=1,beyond=2,positives=all"
    assert spell_miner("semi-hard", loss_of("triplet:margin=0.7")) == "semi-hard:margin=0.7,distance=sqeuclidean"
    assert spell_miner("all", loss) == "all"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_spelled_out_builds_the_same(name):
    loss = loss_of("triplet")
    spelled = spell_miner(name, loss)
    assert spell_miner(spelled, loss) == spelled
    assert all(f"{key}=" in spelled for key in parameters_of(MINERS.load(name)))
    assert build(spelled) == build(name)


@pytest.mark.parametrize(
    ("text", "loss", "error", "message"),
    [
        ("semihard", "triplet", UnknownNameError, "unknown miner 'semihard': did you mean semi-hard?"),
        ("hard@2", "triplet", ParameterError, "'hard@2': leave out the weight; a miner has none"),
        ("hard:k=2", "triplet", ParameterError, "hard takes no parameter 'k'; it takes: none"),
        ("random:positives=two", "triplet", ParameterError, "random: positives is one of one, all, not 'two'"),
        ("semi-hard:margin=0", "triplet", ParameterError, "miner semi-hard: margin is above 0, not 0"),
        ("distance-weighted:cutoff=0", "margin", ParameterError, "miner distance-weighted: cutoff is above 0, not 0"),
        (
            "distance-weighted:farthest=0.4",
            "margin",
            ParameterError,
            "miner distance-weighted: farthest is above the cutoff of 0.5, at most 2, not 0.4",
        ),
        (
            "scores:within=9,beyond=3",
            "triplet",
            ParameterError,
            "miner scores: beyond is no less than within, 9, not 3",
        ),
        ("scores:within=-1", "triplet", ParameterError, "miner scores: within is 0 or more, not -1"),
        (
            "hard",
            "supcon",
            ParameterError,
            "supcon chooses among all pairs of a batch itself: leave out the miner hard",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_line(text, loss, error, message):
    with pytest.raises(error) as raised:
        build(text, loss)
    assert str(raised.value) == message


def test_a_miner_for_other_labels_is_said_to_be():
    with pytest.raises(ParameterError, match="miner hard: it is for labels that are classes, and these are scores"):
        build_miner("hard", loss_of("triplet", 0), "scores")
    with pytest.raises(ParameterError, match="miner scores: it is for labels that are scores, and these are classes"):
        build_miner("scores", loss_of("triplet"), "classes")


def test_all_triplets_of_a_large_batch_are_counted():
    labels = torch.arange(256) // 4
    assert len(every_triplet(labels).anchors) == 256 * 3 * 252
