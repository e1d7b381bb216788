"""Draw the shelf of a small lost-and-found office, and claims for some of its things.

``python -m examples.demo FOLDER`` writes FOLDER/shelf/<kind>/<name>.jpg and FOLDER/claims/*.jpg: a claim shows a
thing of the shelf elsewhere, turned, in another light. The pictures are the same on every run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image

from examples.drawing import Look
from examples.photos import View, blanket, board, felt, photograph, table, wall
from examples.things import draw_thing

if TYPE_CHECKING:
    from examples.drawing import Array

SEED = 20261121
WHITE, CREAM, GREY, BLACK, BROWN = (238, 236, 230), (232, 212, 172), (140, 142, 148), (52, 50, 54), (134, 84, 48)
RED, ORANGE, YELLOW, GREEN, OLIVE = (196, 44, 48), (230, 122, 40), (240, 196, 56), (58, 134, 84), (112, 116, 62)
TEAL, BLUE, NAVY, PURPLE, PINK = (40, 140, 146), (52, 104, 190), (36, 50, 98), (122, 76, 150), (232, 142, 168)

SHELF = {
    "backpack": {
        "blue": Look(BLUE, YELLOW),
        "green checked": Look(GREEN, NAVY, "check"),
        "orange": Look(ORANGE, BLACK),
        "pink dotted": Look(PINK, WHITE, "dots"),
    },
    "cap": {
        "black": Look(BLACK, RED),
        "blue striped": Look(BLUE, WHITE, "bars"),
        "green": Look(GREEN, CREAM),
        "red": Look(RED, WHITE),
    },
    "mug": {
        "blue striped": Look(WHITE, BLUE, "stripes"),
        "green": Look(GREEN, YELLOW),
        "red dotted": Look(RED, WHITE, "dots"),
        "white": Look(WHITE, RED),
    },
    "scarf": {
        "grey": Look(GREY, BLACK),
        "mustard zigzag": Look(YELLOW, BROWN, "zigzag"),
        "purple striped": Look(PURPLE, PINK, "stripes"),
        "red tartan": Look(RED, NAVY, "check"),
    },
    "teddy": {
        "brown": Look(BROWN, RED),
        "cream": Look(CREAM, BLUE),
        "grey": Look(GREY, YELLOW),
        "pink": Look(PINK, PURPLE),
    },
    "umbrella": {
        "black": Look(BLACK, GREY),
        "navy dotted": Look(NAVY, WHITE, "dots"),
        "rainbow": Look(TEAL, ORANGE),
        "red and white": Look(RED, WHITE),
    },
    "wallet": {
        "black": Look(BLACK, GREY),
        "brown": Look(BROWN, CREAM),
        "olive striped": Look(OLIVE, CREAM, "stripes"),
        "red": Look(RED, YELLOW),
    },
}
CLAIMS = {
    "Ms Kim, tram 12": ("umbrella", "red and white"),
    "Mr Lee, library": ("scarf", "mustard zigzag"),
    "Mina, playground": ("teddy", "cream"),
    "Jo Park, office": ("mug", "blue striped"),
}


def main(folder: str) -> None:
    """Draw everything."""
    number = 0
    for kind, looks in SHELF.items():
        for name, look in looks.items():
            number += 1
            rng = np.random.default_rng([SEED, number])
            view = View(rng.uniform(-4, 4), rng.uniform(450, 465), (0.5, 0.5), (1.0, 1.0), 1.5)
            place = (board, wall, felt)[number % 3](rng)
            _save(photograph(draw_thing(kind, look, rng), place, view, rng), Path(folder, "shelf", kind, f"{name}.jpg"))
    for claimant, (kind, name) in CLAIMS.items():
        number += 1
        rng = np.random.default_rng([SEED, number])
        centre = (rng.uniform(0.45, 0.55), rng.uniform(0.48, 0.52))
        view = View(rng.choice([-1, 1]) * rng.uniform(8, 12), rng.uniform(420, 440), centre, (0.97, 1.05), 2.0)
        place = (table, blanket)[number % 2](rng)
        photo = photograph(draw_thing(kind, SHELF[kind][name], rng), place, view, rng)
        _save(photo, Path(folder, "claims", f"{claimant}.jpg"))


def _save(photo: Array, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(photo).save(path, quality=90)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m examples.demo FOLDER")
    main(sys.argv[1])
