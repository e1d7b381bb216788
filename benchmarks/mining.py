"""Mining a batch, against the training step that it is part of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measuring import Figure, interleave, median_ratio, seconds, shown

if TYPE_CHECKING:
    from benchmarks.measuring import Setting

BATCH, DIM, PER_CLASS = 256, 512, 4
PART = 16  # photos that the network learns from at once: of 256 it would take tens of gigabytes
NETWORK = "mobilenet_v3_large"  # of those that are trained the lightest


def mine(setting: Setting) -> list[Figure]:
    """Mine 256 embeddings of 512 values by each miner, and learn from as many photos at 224 x 224."""
    from imgsim.models.vision import torch, torchvision
    from imgsim.training.embeddings.losses import build_loss
    from imgsim.training.embeddings.losses.base_loss import LossSetting
    from imgsim.training.embeddings.miners import build_miner

    generator = torch.Generator().manual_seed(0)
    network = torchvision.models.get_model(NETWORK, weights=None, num_classes=DIM)
    photos = torch.rand(PART, 3, 224, 224, generator=generator)
    labels = torch.arange(BATCH) // PER_CLASS
    centres = torch.randn(len(labels) // PER_CLASS, DIM, generator=generator)[labels]
    rows = torch.nn.functional.normalize(centres + torch.randn(BATCH, DIM, generator=generator))
    loss = build_loss("margin", LossSetting(BATCH // PER_CLASS, DIM, generator))

    def step() -> None:
        rows = torch.nn.functional.normalize(network(photos))
        loss(rows, labels[:PART]).backward()

    names = ("distance-weighted", "semi-hard", "hard", "random", "all")
    miners = {name: build_miner(name, loss) for name in names}
    runs = {
        name: lambda miner=miner: seconds(lambda: [miner(rows, labels, generator) for _ in range(10)]) / 10
        for name, miner in miners.items()
    }
    times = interleave(runs | {"step": lambda: seconds(step) * BATCH / PART}, setting.repeats)
    return [_share(name, times, 0.05 if name == "distance-weighted" else None) for name in names]


def _share(name: str, times: dict[str, list[float]], target: float | None) -> Figure:
    share, shares = median_ratio(times[name], times["step"])
    against = f"a step of {NETWORK}, {BATCH // PART} x {PART} photos"
    what = f"mine {BATCH} x {DIM}, {name}"
    return Figure(what, shown(times[name]), against, shown(times["step"]), share, "of it", target, samples=shares)
