"""Networks with random weights, for tests only: nothing else in imgsim may import this."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from imgsim.models.export import export_network
from imgsim.models.trunk_spec import TrunkSpec
from imgsim.models.trunks import build_network
from imgsim.models.vision import torch

if TYPE_CHECKING:
    from imgsim.models.cache import ModelFile


def random_network(architecture: str, seed: int) -> torch.nn.Module:
    """Build a network with random weights, for tests only."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_network(architecture)
        with torch.no_grad():
            for module in network.modules():
                if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
                    module.weight.normal_(0, module.weight[0].numel() ** -0.5)
    return network


def store_random_model(architecture: str, seed: int, *, layer: str = "", padding: str = "torch") -> ModelFile:
    """Export a network with random weights into the model cache, for tests only."""
    weights = hashlib.sha256(f"random weights of {architecture}, seed {seed}".encode()).hexdigest()
    return export_network(random_network(architecture, seed), TrunkSpec(architecture, layer, padding), weights)
