"""A sheet of what a classifier is given of its rarest classes: a photo of each, and pictures that are made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.images.draw import Cell, draw_grid, save_png

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.training.classifiers.class_balance import ClassBalance
    from imgsim.training.classifiers.class_pictures import ClassPictures

CLASSES, PICTURES = 8, 5  # rows and columns
SIDE = 160  # px


def draw_samples(pictures: ClassPictures, balance: ClassBalance, paths: Sequence[str], path: str) -> None:
    """Draw the sheet: the rarest class first, a photo as it was decoded, then pictures as the network has them."""
    rarest = np.argsort([one.photos for one in balance.counts], kind="stable")[:CLASSES]
    rows = [_row(pictures, balance, paths, int(code)) for code in rarest]
    save_png(draw_grid(rows, cell_size=SIDE), path)


def _row(pictures: ClassPictures, balance: ClassBalance, paths: Sequence[str], code: int) -> list[Cell]:
    counts, members = balance.counts[code], balance.members[code]
    own = int(members[0])
    turns = np.arange(PICTURES) % len(members)
    made = members[turns] + (len(paths) * (1 + np.arange(PICTURES) // len(members)) if counts.made else 0)
    drawn = pictures.draw(made, 0, 0)
    cells = [Cell(pictures.pixels(own, None), counts.label, paths[own], [f"{counts.photos} photos"])]
    for place, one in zip(made.tolist(), drawn, strict=True):
        image = pictures.make(place, one).permute(1, 2, 0).numpy()
        cells.append(Cell(np.ascontiguousarray(image), "made" if one.warp else "cut", paths[place % len(paths)]))
    return cells
