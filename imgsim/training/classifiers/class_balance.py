"""How many pictures each class is learned from: rare ones are made up for by pictures that are made of their photos."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NONE, MEAN, ORIGINAL = "none", "mean", "original"  # what is made up, and how


class PictureCounts(NamedTuple):
    """Of a class: photos to learn from, pictures made of them for an epoch, and both together."""

    label: str
    photos: int
    made: int

    @property
    def pictures(self) -> int:
        """All that an epoch has of it."""
        return self.photos + self.made

    def to_row(self) -> dict[str, str | int]:
        """Name its counts."""
        return {"label": self.label, "photos": self.photos, "made": self.made, "pictures": self.pictures}


class ClassBalance:
    """Says which pictures make an epoch's batches: photos (N,), and others that are made of them.

    A picture's number is that of its photo, and N more for each that was made of that photo before it.
    """

    def __init__(self, labels: NDArray[np.int64], names: Sequence[str], augment: str, *, batch: int, seed: int) -> None:
        self._count, self._batch, self._seed = len(labels), batch, seed
        self.members = [np.flatnonzero(labels == code) for code in range(len(names))]  # each class's photos
        sizes = np.array([len(members) for members in self.members])
        self._made = made_pictures(sizes, augment)
        self._each = (self._made / np.maximum(sizes, 1))[labels]
        counted = zip(names, sizes.tolist(), self._made.tolist(), strict=True)
        self.counts = [PictureCounts(*one) for one in counted]

    def most_of(self, views: int = 1) -> NDArray[np.intp]:
        """Tell how many pictures are made of each photo (N,) in an epoch at most, or in so many different ones."""
        most: NDArray[np.intp] = np.ceil(np.round(views * self._each, 9)).astype(np.intp)
        return most

    def batches(self, epoch: int) -> list[NDArray[np.intp]]:
        """Shuffle all of an epoch's pictures, and cut them into batches of nearly the same size."""
        rng = np.random.default_rng((self._seed, epoch))
        made = [self._draw(mine, count, rng) for count, mine in self._owned()]
        order = rng.permutation(np.concatenate([np.arange(self._count), *made]))
        return np.array_split(order, -(-len(order) // self._batch))

    def _owned(self) -> list[tuple[int, NDArray[np.intp]]]:
        return list(zip(self._made.tolist(), self.members, strict=True))

    def _draw(self, members: NDArray[np.intp], count: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Say of which of a class's photos pictures are made: of each as often as of others, or once more."""
        drawn = rng.permutation(members)
        turns = np.arange(count) // max(len(members), 1)
        return drawn[np.arange(count) % max(len(members), 1)] + self._count * (1 + turns)


def made_pictures(sizes: NDArray[np.intp], augment: str) -> NDArray[np.intp]:
    """Tell how many pictures are made of the photos of each class, of sizes (C,), below the mean size.

    By `mean` as many as bring it up to the mean, by `original` (mean - n) / n and one more, rounded up, of each photo.

    Examples
    --------
    >>> sizes = np.array([324, 500, 700])
    >>> [(sizes + made_pictures(sizes, augment)).tolist() for augment in ("mean", "original")]
    [[508, 508, 700], [972, 1500, 700]]
    """
    mean = sizes.mean()
    below = sizes < mean
    if augment == NONE:
        return np.zeros_like(sizes)
    if augment == MEAN:
        return np.where(below, np.floor(mean + 0.5).astype(np.intp) - sizes, 0)
    each = np.ceil((mean - sizes) / np.maximum(sizes, 1)).astype(np.intp) + 1
    return np.where(below, sizes * each, 0)
