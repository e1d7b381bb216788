"""The miners beside those of pytorch-metric-learning."""

import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")
pytest.importorskip("pytorch_metric_learning", reason="the extra dev is not installed")

from pytorch_metric_learning import miners
from pytorch_metric_learning.distances import LpDistance

from imgsim.models.tensors import torch
from imgsim.training.embeddings.losses import build_loss
from imgsim.training.embeddings.losses.base_loss import LossSetting
from imgsim.training.embeddings.miners import build_miner


@pytest.fixture
def batch(rng):
    rows = torch.nn.functional.normalize(torch.tensor(rng.normal(size=(40, 8)), dtype=torch.float32))
    return rows, torch.tensor(rng.integers(0, 8, 40))


def build(text):
    return build_miner(text, build_loss("triplet", LossSetting(8, 8, torch.Generator())))


def listed(triplets):
    return list(zip(*(places.tolist() for places in triplets), strict=True))


def test_the_hardest_are_the_same(batch):
    theirs = miners.BatchHardMiner(distance=LpDistance(normalize_embeddings=False))
    assert listed(build("hard")(*batch, torch.Generator())) == listed(theirs(*batch))


def test_semi_hard_are_drawn_among_theirs_one_for_each_of_their_pairs(batch):
    squared = LpDistance(normalize_embeddings=False, power=2)
    theirs = listed(miners.TripletMarginMiner(0.2, "semihard", distance=squared)(*batch))
    ours = listed(build("semi-hard")(*batch, torch.Generator()))
    assert set(ours) <= set(theirs)
    assert sorted((a, p) for a, p, _ in ours) == sorted({(a, p) for a, p, _ in theirs})


def test_all_are_those_that_violate_a_margin_that_all_do(batch):
    theirs = miners.TripletMarginMiner(10, "all", distance=LpDistance(normalize_embeddings=False))
    assert sorted(listed(build("all")(*batch, torch.Generator()))) == sorted(listed(theirs(*batch)))
