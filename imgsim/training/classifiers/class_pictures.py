"""What a classifier is given of photos: crops of them, and of pictures that are made of rare ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.models.vision import torch
from imgsim.training.batches import VIEWS, Batch
from imgsim.training.classifiers.class_balance import ORIGINAL
from imgsim.training.classifiers.warps import Warp, apply_warp, draw_warp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Image
    from imgsim.training.batches import Augmentation, Drawn
    from imgsim.training.classifiers.class_balance import ClassBalance
    from imgsim.training.decoded_photos import DecodedPhotos

WARPS = 7  # what is drawn, for its random state


class DrawnPicture(NamedTuple):
    """How a picture is made of a photo: by a warp, where it is made anew, and then cut."""

    warp: Warp | None
    cut: Drawn


class ClassPictures:
    """Makes pictures of photos (N,), by their numbers: a photo's own, and N more for each that is made of it.

    By `original` the pictures that are made of a photo are the same ones in every epoch.
    """

    def __init__(
        self, photos: DecodedPhotos, augmentation: Augmentation, balance: ClassBalance, *, augment: str, seed: int
    ) -> None:
        self._photos = photos
        self._augmentation = augmentation
        self._balance = balance
        self._fixed = augment == ORIGINAL
        self._seed = seed

    def draw(self, places: NDArray[np.intp], epoch: int, number: int) -> list[DrawnPicture]:
        """Draw what is done with each photo of a batch."""
        count = len(self._photos)
        sizes = [self._photos.sizes[place % count] for place in places.tolist()]
        cuts = self._augmentation.draw(sizes, self._seed, VIEWS, epoch, number)
        warps = (self._warp(place, epoch, number, turn) for turn, place in enumerate(places.tolist()))
        return [DrawnPicture(warp, cut) for warp, cut in zip(warps, cuts, strict=True)]

    def _warp(self, place: int, epoch: int, number: int, turn: int) -> Warp | None:
        if place < len(self._photos):
            return None
        state = (place,) if self._fixed else (epoch, number, turn)
        return draw_warp(np.random.default_rng((self._seed, WARPS, *state)))

    def make(self, place: int, drawn: DrawnPicture) -> torch.Tensor:
        """Make a picture: (3, s, s)."""
        return self._augmentation.cut(self.pixels(place, drawn.warp), drawn.cut)

    def pixels(self, place: int, warp: Warp | None) -> Image:
        """Give a photo as it was decoded, or a picture that is made of it."""
        pixels = self._photos[place % len(self._photos)]
        return pixels if warp is None else apply_warp(pixels, warp)

    def normalise(self, photos: Sequence[torch.Tensor]) -> torch.Tensor:
        """Bring pixels to what the network takes."""
        return self._augmentation.normalise(photos)

    def kept_of(self, place: int, views: int) -> NDArray[np.intp]:
        """List which pictures of a photo are kept where frozen stages make maps of them but once.

        So many views of itself, and of what is made of it in an epoch; or once what is the same in every epoch.
        """
        made = int(self._balance.most_of(1 if self._fixed else views)[place])
        return np.concatenate([np.full(views, place), place + len(self._photos) * np.arange(1, made + 1)])

    def views_of(self, place: int, views: int) -> torch.Tensor:
        """Make those pictures, as the network takes them."""
        listed = self.kept_of(place, views)
        drawn = self.draw(listed, 0, place)
        return self.normalise([self.make(*one) for one in zip(listed.tolist(), drawn, strict=True)])


class KeptPictures:
    """A feed of what frozen stages made of each photo's pictures, some of itself and some that are made of it."""

    def __init__(self, maps: torch.Tensor, counts: NDArray[np.intp], views: int, *, fixed: bool, seed: int) -> None:
        self._maps = maps
        self._first = np.concatenate([[0], counts.cumsum()[:-1]])
        self._made = counts - views
        self._views, self._fixed, self._seed = views, fixed, seed
        self.waited = 0.0

    def batches(self, epoch: int, listed: Sequence[NDArray[np.intp]]) -> Iterator[Batch]:
        """Choose a picture for each number."""
        rng = np.random.default_rng([self._seed, VIEWS, epoch])
        count = len(self._first)
        for places in listed:
            photos, turns = places % count, places // count
            own = rng.integers(self._views, size=len(places))
            drawn = turns - 1 if self._fixed else rng.integers(np.maximum(self._made[photos], 1))
            chosen = self._first[photos] + np.where(turns == 0, own, self._views + drawn)
            yield Batch(places, self._maps[torch.from_numpy(chosen)])


def mean_color(photos: DecodedPhotos) -> tuple[float, ...]:
    """Give the mean of photos' red, green and blue, each photo counting alike, in 0..1."""
    means = [photos[place].mean(axis=(0, 1), dtype=np.float64) for place in range(len(photos))]
    return tuple((np.mean(means, axis=0) / 255).tolist())
