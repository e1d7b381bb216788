"""The loop that everybody writes first: read, texture, colours, one photo after another.

``python benchmarks/plain.py FOLDER FEATURES.npy``; ``--reduced`` and ``--shorter-side`` let it read at a reduced scale.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import mahotas
import numpy as np

READ = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


def measure(path: Path, reduced: int, shorter_side: int | None) -> np.ndarray:
    """Give a photo's 13 Haralick values and its colour histogram."""
    photo = cv2.imread(str(path), READ[reduced])
    assert photo is not None
    if shorter_side:
        scale = shorter_side / min(photo.shape[:2])
        photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    texture = mahotas.features.haralick(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)).mean(axis=0)
    colours = cv2.calcHist([photo], [0, 1, 2], None, [8, 8, 8], [0, 256, 0, 256, 0, 256])
    return np.concatenate([texture, colours.ravel()])


def main() -> None:
    """Measure a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("features", type=Path)
    parser.add_argument("--reduced", type=int, choices=READ, default=1, help="let the JPEG decoder divide the sides")
    parser.add_argument("--shorter-side", type=int, metavar="PX", help="then resize to this")
    args = parser.parse_args()
    rows = [measure(path, args.reduced, args.shorter_side) for path in sorted(args.folder.glob("*.jpg"))]
    np.save(args.features, rows)


if __name__ == "__main__":
    main()
