"""The losses beside those of pytorch-metric-learning, set to the same variant of each formula."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")
pytest.importorskip("pytorch_metric_learning", reason="the extra dev is not installed")

from pytorch_metric_learning import losses, miners
from pytorch_metric_learning.distances import CosineSimilarity, DotProductSimilarity, LpDistance
from pytorch_metric_learning.reducers import AvgNonZeroReducer

from imgsim.models.tensors import torch
from imgsim.training.embeddings.batch_triplets import every_triplet
from imgsim.training.embeddings.losses import build_loss
from imgsim.training.embeddings.losses.base_loss import LossSetting

CLASSES, DIM = 5, 16


class HalfSquares(AvgNonZeroReducer):
    """Hadsell's loss is half the square of what pytorch-metric-learning sums up."""

    def element_reduction(self, values, *rest):
        return super().element_reduction(values**2 / 2, *rest)

    pos_pair_reduction = neg_pair_reduction = element_reduction


def beside(name):
    plain, squared = LpDistance(normalize_embeddings=False), LpDistance(normalize_embeddings=False, power=2)
    made = {
        "triplet": lambda: losses.TripletMarginLoss(margin=0.2, distance=squared),
        "triplet:distance=euclidean,margin=0.4": lambda: losses.TripletMarginLoss(margin=0.4, distance=plain),
        "triplet:distance=cosine": lambda: losses.TripletMarginLoss(margin=0.2, distance=CosineSimilarity()),
        "margin": lambda: losses.MarginLoss(margin=0.2, beta=1.2, distance=plain, num_classes=CLASSES, learn_beta=True),
        "contrastive": lambda: losses.ContrastiveLoss(neg_margin=1, distance=plain, reducer=HalfSquares()),
        "multi-similarity": lambda: losses.MultiSimilarityLoss(alpha=2, beta=50, base=0.5),
        "proxy-anchor": lambda: losses.ProxyAnchorLoss(CLASSES, DIM, margin=0.1, alpha=32),
        "n-pair:scale=1": lambda: losses.NPairsLoss(distance=DotProductSimilarity(normalize_embeddings=False)),
        "supcon": lambda: losses.SupConLoss(temperature=0.1),
    }
    return made[name]()


def pairs_of_each_class(labels):
    """Of each class its first two photos, as the N-pair loss takes them."""
    firsts, seconds = zip(*(np.flatnonzero(labels == name)[:2] for name in range(CLASSES)), strict=True)
    nobody = torch.tensor([], dtype=torch.long)
    return torch.tensor(firsts), torch.tensor(seconds), nobody, nobody


@pytest.mark.parametrize(
    "text",
    [
        "triplet",
        "triplet:distance=euclidean,margin=0.4",
        "triplet:distance=cosine",
        "margin",
        "contrastive",
        "multi-similarity",
        "proxy-anchor",
        "n-pair:scale=1",
        "supcon",
    ],
)
def test_it_agrees_with_its_gradient(text, rng):
    rows = torch.nn.functional.normalize(torch.tensor(rng.normal(size=(15, DIM)), dtype=torch.float32))
    labels = torch.tensor(rng.permutation(np.repeat(np.arange(CLASSES), 3)))
    ours, theirs = build_loss(text, LossSetting(CLASSES, DIM, torch.Generator().manual_seed(0))), beside(text)
    chosen = None
    if text == "multi-similarity":
        chosen = miners.MultiSimilarityMiner(epsilon=0.1)(rows, labels)
    elif ours.name == "n-pair":
        chosen = pairs_of_each_class(labels.numpy())
    elif ours.name in ("triplet", "margin"):
        chosen = tuple(every_triplet(labels))
    elif ours.name == "proxy-anchor":
        theirs.proxies.data = ours.proxies.data.clone()
    values, gradients = [], []
    for loss, more in ((ours, ()), (theirs, (chosen,))):
        leaf = rows.clone().requires_grad_()
        value = loss(leaf, labels, *more)
        value.backward()
        values.append(value.item())
        gradients.append(leaf.grad)
    assert values[0] > 0
    assert values[0] == pytest.approx(values[1], rel=1e-4)
    away = [
        gradient - (gradient * rows).sum(1, keepdim=True) * rows for gradient in gradients
    ]  # theirs normalise again
    torch.testing.assert_close(away[0], away[1], rtol=1e-3, atol=1e-5)
