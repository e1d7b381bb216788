"""Networks in torch, one after another: for each line on stdin, the place of one, prints the seconds that it took.

``python -m benchmarks.plain_votes JSON``, which tells the networks, the sides of their squares, photos and batch.
Weights are random: they take as long as any.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import PIL.Image

from benchmarks.plain_deep import MEAN, STD, build
from imgsim.models.vision import torch

CLASSES = 81


def classify(network: torch.nn.Module, head: torch.nn.Module, photos: np.ndarray, side: int, batch: int) -> float:
    """Resize photos, run them in batches, and tell the seconds."""
    began = time.perf_counter()
    for start in range(0, len(photos), batch):
        pixels = [np.asarray(PIL.Image.fromarray(one).resize((side, side))) for one in photos[start : start + batch]]
        scaled = torch.from_numpy(np.stack(pixels)).float() / 255
        with torch.inference_mode():
            torch.softmax(head(network(((scaled - MEAN) / STD).permute(0, 3, 1, 2)).flatten(1)), dim=1)
    return time.perf_counter() - began


def main() -> None:
    """Answer until stdin ends."""
    told = json.loads(sys.argv[1])
    photos = np.random.default_rng(0).integers(0, 256, (told["photos"], 320, 320, 3), np.uint8)
    networks = [build(name).eval() for name in told["networks"]]
    sides = told["sides"]
    with torch.inference_mode():
        seen = [network(torch.zeros(1, 3, side, side)) for network, side in zip(networks, sides, strict=True)]
    heads = [torch.nn.Linear(one.flatten(1).shape[1], CLASSES) for one in seen]
    for line in sys.stdin:
        place = int(line)
        print(classify(networks[place], heads[place], photos, sides[place], told["batch"]), flush=True)


if __name__ == "__main__":
    main()
