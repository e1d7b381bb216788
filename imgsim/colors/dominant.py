"""The colours of what a photo shows, by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.colors.names import ColorNamer, load_namer, model_identity
from imgsim.colors.palette import cluster_colors
from imgsim.colors.view import View, view_photo
from imgsim.images.lab import to_lab

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Image

VERSION = 1  # bumped whenever answers change: an index then measures colours anew
COLORS = 6  # looked for in a photo
_SAME = 8.0  # Delta E*ab, below which two colours are shades of one
_SAME_NAME = 20.0  # and below which two of one name are
_LEAST = 0.02  # share of the foreground, below which a colour is not worth a word
_DIGITS = 4  # of shares and probabilities


@dataclass(frozen=True)
class DominantColor:
    """A colour of a photo, with its share of the foreground (0..1) and what people call it.

    `rgb` is the mean of the lighter half of its pixels: shade darkens a thing without changing what it is called.
    """

    share: float
    rgb: tuple[int, int, int]
    name: str
    probability: float
    probabilities: Mapping[str, float] = field(repr=False)

    @property
    def hex(self) -> str:
        """The colour as ``#rrggbb``."""
        return "#{:02x}{:02x}{:02x}".format(*self.rgb)

    def as_row(self) -> dict[str, Any]:
        """Give share, hex, name and probability."""
        return {
            "share": round(self.share, _DIGITS),
            "hex": self.hex,
            "name": self.name,
            "probability": round(self.probability, _DIGITS),
        }


def find_colors(image: Image, mask: NDArray[np.bool_] | None = None, *, count: int = COLORS) -> list[DominantColor]:
    """Find the colours of what a photo (H, W, 3) shows, or of the pixels that a mask (H, W) marks, largest share first.

    `count` groups of pixels are made first; those of like colours are joined.

    Examples
    --------
    >>> photo = np.full((60, 60, 3), 250, np.uint8)
    >>> photo[20:40, 10:50] = 200, 20, 30
    >>> [(color.name, color.share, color.hex) for color in find_colors(photo)]
    [('red', 1.0, '#c8141e')]
    """
    return name_view(view_photo(image, mask), count=count)


def name_view(view: View, *, count: int = COLORS, namer: ColorNamer | None = None) -> list[DominantColor]:
    """Group and name the colours of a photo's foreground, largest share first; those below 2 % are left out."""
    namer = namer or load_namer()
    pixels = np.bincount(view.labels[view.foreground.ravel()], minlength=len(view.rgb)).astype(float)
    shown = np.flatnonzero(pixels)
    rgb, lab, weights = view.rgb[shown], view.lab[shown], pixels[shown] / pixels.sum()
    _, group = cluster_colors(lab, weights, count)
    shares, means = _means(rgb, lab[:, 0], weights, group)
    probabilities = namer.probabilities(means)
    found = [
        _mixed(means[joined], probabilities[joined], shares[joined], namer.names)
        for joined in _join(to_lab(means), probabilities.argmax(axis=1), shares)
    ]
    return sorted((color for color in found if color.share >= _LEAST), key=lambda color: (-color.share, color.rgb))


def color_attributes(colors: Sequence[DominantColor]) -> dict[str, Any]:
    """Write the colours of a photo as an index keeps them: `color`, `color_probabilities` and `palette`.

    The probabilities are the mean over its colours by share and sum to 1; `color` is the likeliest name of the whole.
    """
    total = sum(color.share for color in colors)
    mixed = {
        name: round(sum(color.share * color.probabilities[name] for color in colors) / total, 2 + _DIGITS)
        for name in colors[0].probabilities
    }
    return {
        "color": max(mixed, key=mixed.__getitem__),
        "color_probabilities": mixed,
        "palette": [color.as_row() for color in colors],
    }


def describe_colors(image: Image, mask: NDArray[np.bool_] | None = None) -> dict[str, Any]:
    """Find the colours of what a photo (H, W, 3) shows, or a mask (H, W) marks, as an index keeps them."""
    return color_attributes(find_colors(image, mask))


def measure_identity() -> str:
    """Tell how this imgsim measures colours, as an index remembers it: the naming model, and this code's version."""
    return f"{model_identity()}-{VERSION}"


def _means(
    rgb: NDArray[np.float64], lightness: NDArray[np.float64], weights: NDArray[np.float64], group: NDArray[np.intp]
) -> tuple[NDArray[np.float64], Image]:
    """Give each group's share, and the mean colour of its lighter half."""
    place = np.unique(group, return_inverse=True)[1]
    shares = np.bincount(place, weights).astype(np.float64)
    order = np.lexsort((-lightness, place))
    lighter = np.cumsum(weights[order]) - weights[order]  # the weight of groups before, and of lighter colours
    starts = np.cumsum(shares) - shares
    lit = order[lighter - starts[place[order]] < shares[place[order]] / 2]
    parts, halves = place[lit], np.bincount(place[lit], weights[lit])
    sums = np.stack([np.bincount(parts, weights[lit] * channel) for channel in rgb[lit].T], axis=1)
    return shares, np.rint(sums / halves[:, None]).astype(np.uint8)


def _join(lab: NDArray[np.float64], names: NDArray[np.intp], shares: NDArray[np.float64]) -> list[list[int]]:
    """Let each group join the nearest larger one that it is a shade of; list those that belong together."""
    distances = np.linalg.norm(lab[:, None] - lab, axis=2)
    alike = distances < np.where(names[:, None] == names, _SAME_NAME, _SAME)
    joined: dict[int, list[int]] = {}
    for one in np.argsort(-shares, kind="stable").tolist():
        near = [leader for leader in joined if alike[one, leader]]
        leader = min(near, key=lambda leader: float(distances[one, leader]), default=one)
        joined.setdefault(leader, []).append(one)
    return list(joined.values())


def _mixed(
    rgb: Image, probabilities: NDArray[np.float64], shares: NDArray[np.float64], names: Sequence[str]
) -> DominantColor:
    """Make one colour of groups that belong together."""
    total = float(shares.sum())
    red, green, blue = np.rint(shares @ rgb / total).astype(int).tolist()
    mean = (shares @ probabilities / total).tolist()
    best = max(range(len(names)), key=mean.__getitem__)
    return DominantColor(total, (red, green, blue), names[best], mean[best], dict(zip(names, mean, strict=True)))
