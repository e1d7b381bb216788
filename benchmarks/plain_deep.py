"""The script that everybody writes first: PIL, resize to 224, one photo after another, torch.

``python -m benchmarks.plain_deep FOLDER ARCHITECTURE FEATURES.npy`` prints the seconds that the photos took, less those
for importing torch and building the network. Weights are random: they take as long as any.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import PIL.Image

from benchmarks.plain_lite import Lite
from imgsim.models.efficientnet_lite import SCALES
from imgsim.models.vision import torch, torchvision

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def build(architecture: str) -> torch.nn.Module:
    """Build a network that ends with its pooled features."""
    if architecture in SCALES:
        lite: torch.nn.Module = Lite(architecture)
        return lite
    network: torch.nn.Module = torchvision.models.get_model(architecture, weights=None)
    for head in ("fc", "classifier"):
        if hasattr(network, head):
            setattr(network, head, torch.nn.Identity())
    return network


def describe(network: torch.nn.Module, path: Path) -> np.ndarray:
    """Give a photo's pooled features."""
    photo = PIL.Image.open(path).convert("RGB").resize((224, 224))
    scaled = torch.from_numpy(np.array(photo)).float() / 255
    normalised = ((scaled - MEAN) / STD).permute(2, 0, 1)[None]
    with torch.no_grad():
        row: np.ndarray = network(normalised)[0].numpy()
    return row


def main() -> None:
    """Describe a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("architecture")
    parser.add_argument("features", type=Path)
    args = parser.parse_args()
    network = build(args.architecture).eval()
    began = time.perf_counter()
    np.save(args.features, [describe(network, path) for path in sorted(args.folder.glob("*.jpg"))])
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
