"""Photos of which the brightness is the score."""

import numpy as np
from PIL import Image

CITIES = ("Aa", "Bb", "Cc", "Dd", "Ee")


def draw_scored(folder, count=40, side=40):
    """Draw photos of noise whose brightness rises with their score, 0 to 100, and a table of scores and cities."""
    rng, rows = np.random.default_rng(3), ["photo,score,city"]
    (folder / "photos").mkdir(parents=True)
    for number in range(count):
        score = 100 * number / (count - 1)
        pixels = 40 + 1.6 * score + rng.normal(0, 25, (side, side + 8 * (number % 2), 3))
        pixels[:: int(rng.integers(5, 12)), :, int(rng.integers(3))] = rng.integers(0, 255)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / "photos" / f"{number}.png")
        rows.append(f"{number}.png,{score!r},{CITIES[number % len(CITIES)]}")
    (folder / "scores.csv").write_text("\n".join(rows) + "\n")
    return folder / "photos"
