"""Batches made ready while the network is at others: crops of photos, or what frozen stages made of such crops."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from imgsim.errors import ParameterError
from imgsim.models.vision import torch
from imgsim.training.process_team import ALONE, ProcessTeam
from imgsim.training.random_states import seeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Image
    from imgsim.models.architectures import Preprocessing
    from imgsim.training.decoded_photos import DecodedPhotos
    from imgsim.training.staged_network import StagedNetwork

AHEAD = 2  # batches that are made ready before they are asked for
CROPS, VIEWS = 1, 2  # what is drawn, for its random state
HALF = 0.5  # of photos are mirrored
RATIOS = (3 / 4, 4 / 3)


class Batch(NamedTuple):
    """Photos by their places, (B,), and what they are given as: images (B, 3, s, s) or maps of frozen stages.

    Of several processes each is given its share alone.
    """

    places: NDArray[np.intp]
    given: torch.Tensor


class Drawn(NamedTuple):
    """Which crop of a photo is cut, as torchvision tells it, and whether it is mirrored."""

    crop: dict[str, Any]
    mirrored: bool


class Feed(Protocol):
    """Makes batches ready; `waited` is the seconds that the network had to wait for them so far."""

    waited: float

    def batches(self, epoch: int, listed: Sequence[NDArray[np.intp]]) -> Iterator[Batch]:
        """Give an epoch's batches, of the places listed for each."""


class Augmentation:
    """A crop of a photo, of random size, shape and place, brought to a square, and perhaps mirrored."""

    def __init__(self, preprocessing: Preprocessing, *, least: float, flip: bool) -> None:
        from torchvision.transforms import v2

        way = {"bilinear": v2.InterpolationMode.BILINEAR, "bicubic": v2.InterpolationMode.BICUBIC}
        self._crop = v2.RandomResizedCrop(
            preprocessing.crop, (least, 1.0), RATIOS, way[preprocessing.interpolation], antialias=True
        )
        self._flip = flip
        self._mean, self._std = (
            torch.tensor(values)[None, :, None, None] for values in (preprocessing.mean, preprocessing.std)
        )

    def draw(self, sizes: Sequence[tuple[int, int]], *state: int) -> list[Drawn]:
        """Draw a crop of each photo of sizes (h, w), by a random state: in one thread, since torch has one state."""
        with seeded(*state):
            return [
                Drawn(self._crop.make_params([torch.empty(3, *size)]), self._flip and bool(torch.rand(()) < HALF))
                for size in sizes
            ]

    def cut(self, pixels: Image, drawn: Drawn) -> torch.Tensor:
        """Cut what was drawn of a photo (h, w, 3): (3, s, s)."""
        photo = torch.from_numpy(pixels).permute(2, 0, 1)
        made: torch.Tensor = self._crop.transform(photo, drawn.crop)
        return made.flip(2) if drawn.mirrored else made

    def normalise(self, photos: Sequence[torch.Tensor]) -> torch.Tensor:
        """Bring pixels, (3, s, s) each, to what the network takes."""
        return (torch.stack(list(photos)).float() / 255 - self._mean) / self._std


class Pictures(Protocol):
    """Makes what a network is given of photos, new ones in every epoch."""

    def draw(self, places: NDArray[np.intp], epoch: int, number: int) -> list[Any]:
        """Draw what is done with each photo of a batch, the batch of a number: in one thread."""

    def make(self, place: int, drawn: Any) -> torch.Tensor:  # noqa: ANN401 (what its own `draw` gave)
        """Make what was drawn of a photo: (3, s, s)."""

    def normalise(self, photos: Sequence[torch.Tensor]) -> torch.Tensor:
        """Bring pixels, (3, s, s) each, to what the network takes."""


class CroppedPhotos:
    """Crops of photos, drawn by a seed, an epoch and a batch."""

    def __init__(self, photos: DecodedPhotos, augmentation: Augmentation, seed: int) -> None:
        self._photos = photos
        self._augmentation = augmentation
        self._seed = seed

    def draw(self, places: NDArray[np.intp], epoch: int, number: int) -> list[Drawn]:
        """Draw a crop of each photo of a batch."""
        return self._augmentation.draw(
            [self._photos.sizes[place] for place in places], self._seed, CROPS, epoch, number
        )

    def make(self, place: int, drawn: Drawn) -> torch.Tensor:
        """Cut a photo's crop."""
        return self._augmentation.cut(self._photos[place], drawn)

    def normalise(self, photos: Sequence[torch.Tensor]) -> torch.Tensor:
        """Bring pixels to what the network takes."""
        return self._augmentation.normalise(photos)


class PictureFeed:
    """New pictures of photos in every epoch, made by threads while the network learns from those before."""

    def __init__(self, pictures: Pictures, jobs: int, team: ProcessTeam = ALONE) -> None:
        self._pictures = pictures
        self._jobs = jobs
        self._team = team
        self.waited = 0.0

    def batches(self, epoch: int, listed: Sequence[NDArray[np.intp]]) -> Iterator[Batch]:
        """Make an epoch's batches: the same ones of a seed and an epoch."""
        with ThreadPoolExecutor(self._jobs) as pool:
            waiting: deque[Callable[[], Batch]] = deque()
            for number, places in enumerate(listed):
                waiting.append(self._begin(pool, epoch, number, places))
                if len(waiting) > AHEAD:
                    yield self._wait_for(waiting.popleft())
            while waiting:
                yield self._wait_for(waiting.popleft())

    def _begin(
        self, pool: ThreadPoolExecutor, epoch: int, number: int, places: NDArray[np.intp]
    ) -> Callable[[], Batch]:
        """Draw a batch's pictures and have them made; give what waits for that."""
        drawn = self._pictures.draw(places, epoch, number)
        shared = self._team.share(places)
        made = [pool.submit(self._pictures.make, int(places[one]), drawn[one]) for one in shared]
        return lambda: Batch(places, self._pictures.normalise([one.result() for one in made]))

    def _wait_for(self, made: Callable[[], Batch]) -> Batch:
        begun = time.perf_counter()
        batch = made()
        self.waited += time.perf_counter() - begun
        return batch


class ViewFeed:
    """A few crops of each photo, drawn once, as the frozen stages have them: an epoch then costs the others alone."""

    def __init__(self, maps: torch.Tensor, views: int, seed: int, team: ProcessTeam = ALONE) -> None:
        self._maps = maps
        self._views = views
        self._seed = seed
        self._team = team
        self.waited = 0.0

    def batches(self, epoch: int, listed: Sequence[NDArray[np.intp]]) -> Iterator[Batch]:
        """Choose a view of each photo."""
        rng = np.random.default_rng([self._seed, VIEWS, epoch])
        for places in listed:
            chosen = places * self._views + rng.integers(self._views, size=len(places))
            yield Batch(places, self._maps[torch.from_numpy(chosen[self._team.share(places)])])


def view_photos(
    photos: DecodedPhotos,
    augmentation: Augmentation,
    network: StagedNetwork,
    *,
    views: int,
    seed: int,
    most_bytes: int,
    advanced: Callable[[float], None] = lambda _: None,
) -> torch.Tensor:
    """Draw views of photos and run the frozen stages on them: maps (N * views, C, h, w), photo after photo."""

    def make(place: int) -> torch.Tensor:
        drawn = augmentation.draw([photos.sizes[place]] * views, seed, VIEWS, place)
        pixels = photos[place]
        return augmentation.normalise([augmentation.cut(pixels, one) for one in drawn])

    return keep_maps(make, np.full(len(photos), views), network, most_bytes=most_bytes, advanced=advanced)


def keep_maps(
    make: Callable[[int], torch.Tensor],
    counts: NDArray[np.intp],
    network: StagedNetwork,
    *,
    most_bytes: int,
    advanced: Callable[[float], None] = lambda _: None,
) -> torch.Tensor:
    """Run the frozen stages on pictures of photos, of each as many as `counts` says: maps (sum, C, h, w)."""
    maps: torch.Tensor | None = None
    device = next(network.parameters()).device
    ends = counts.cumsum()
    for place, (count, end) in enumerate(zip(counts.tolist(), ends.tolist(), strict=True)):
        made = network.begin(make(place).to(device)).cpu()
        if maps is None:
            wanted = int(ends[-1]) * made.nbytes // len(made)
            if wanted > most_bytes:
                raise ParameterError(
                    f"{ends[-1]:,} views of {len(counts)} photos take {wanted / 1e6:,.0f} MB of memory, more than the"
                    f" {most_bytes / 1e6:,.0f} allowed: draw fewer, freeze more, or allow more",
                    remedy="allow-pixels-more",
                )
            maps = torch.empty(int(ends[-1]), *made.shape[1:])
        maps[end - count : end] = made
        advanced((place + 1) / len(counts))
    assert maps is not None  # a part that trains has photos
    return maps
