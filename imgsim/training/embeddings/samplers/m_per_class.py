"""Some photos of each of some classes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np

from imgsim.errors import EvaluationError, first_few
from imgsim.training.embeddings.samplers.base_sampler import Sampler, SamplerSetting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from imgsim.training.embeddings.losses.base_loss import Kind


class Handful(NamedTuple):
    """Photos of one class that go into one batch, by their places."""

    name: int
    places: NDArray[np.intp]


class MPerClass(Sampler):
    """Fill batches with a few photos of each of several classes, so that every photo has one that is alike.

    Parameters
    ----------
    setting : SamplerSetting
        The photos.
    least, most : int, default 2 and 4
        How many photos of a class are in a batch that has any, each number as probable; 2 or more.
    smaller : {"refuse", "skip"}
        Whether classes of fewer photos than `least` are an error, or are not learned from.

    Notes
    -----
    In an epoch the photos of each class are shuffled and dealt out in handfuls, so that every photo is drawn once; what
    is left over at the end, fewer than `least`, joins the last handful where it may, and else is filled up with photos
    of the class that were drawn already. The handfuls of a class are spread evenly over the epoch, and a batch has one
    of a class at most. A batch ends before the handful that has no room in it, so it may have fewer photos than it
    could. Where one class has handfuls left when all others are used up, these are not drawn in that epoch: there is
    nothing to tell them from.

    References
    ----------
    A. Hermans, L. Beyer, B. Leibe, "In Defense of the Triplet Loss for Person Re-Identification", arXiv 1703.07737,
    2017 (batches of P classes with K photos each).
    """

    name: ClassVar[str] = "m-per-class"
    paper: ClassVar[str] = "Hermans, Beyer, Leibe 2017"
    kinds: ClassVar[tuple[Kind, ...]] = ("classes",)

    def __init__(
        self,
        setting: SamplerSetting,
        *,
        least: int = 2,
        most: int = 4,
        smaller: Literal["refuse", "skip"] = "refuse",
    ) -> None:
        super().__init__(setting)
        self.require(least >= 2, f"least is 2 or more, not {least}")
        self.require(most >= least, f"most is no less than least, {least}, not {most}")
        self.require(
            setting.batch >= 2 * most, f"a batch of {setting.batch} has no room for two classes of {most} photos"
        )
        self.least, self.most = least, most
        classes, counts = np.unique(setting.labels, return_counts=True)
        small = classes[counts < least].tolist()
        if small and smaller == "refuse":
            raise EvaluationError(_too_small(self.name, setting, small, len(classes), least))
        parted = np.split(np.argsort(setting.labels, kind="stable"), np.cumsum(counts)[:-1])
        self._members = [places for places in parted if len(places) >= least]
        self.skipped = len(small)
        if len(self._members) < 2:
            told = f"{len(self._members)} of {len(classes)} classes have {least} photos or more"
            raise EvaluationError(f"sampler {self.name}: {told}, and two are needed to tell one from another")

    def batches(self, epoch: int) -> list[NDArray[np.intp]]:
        """Deal out an epoch."""
        rng = self.random_state(epoch)
        spread: list[tuple[float, Handful]] = []
        for name, members in enumerate(self._members):
            handfuls = self._deal(rng.permutation(members), rng)
            times = (np.arange(len(handfuls)) + rng.random(len(handfuls))) / len(handfuls)
            spread += [(time, Handful(name, places)) for time, places in zip(times.tolist(), handfuls, strict=True)]
        spread.sort(key=lambda one: one[0])
        packed = pack_handfuls((handful for _, handful in spread), self.batch)
        return [np.concatenate([handful.places for handful in batch]) for batch in packed if len(batch) > 1]

    def _deal(self, shuffled: NDArray[np.intp], rng: np.random.Generator) -> list[NDArray[np.intp]]:
        """Part a class's photos into handfuls."""
        handfuls, begun = [], 0
        while begun < len(shuffled):
            size = int(rng.integers(self.least, self.most + 1))
            left = len(shuffled) - begun
            if left - size < self.least and left <= self.most:
                size = left
            handful = shuffled[begun : begun + size]
            handfuls.append(np.concatenate([handful, shuffled[: max(0, self.least - len(handful))]]))
            begun += size
        return handfuls


def pack_handfuls(handfuls: Iterable[Handful], room: int) -> list[list[Handful]]:
    """Put handfuls into batches in their order, of a class one a batch: those that must wait come first in the next."""
    coming, packed = deque(handfuls), []
    waiting: dict[int, deque[Handful]] = {}
    while coming or waiting:
        batch = _take_waiting(waiting, room)
        free = room - sum(len(handful.places) for handful in batch.values())
        full = not waiting.keys() <= batch.keys()
        while coming and not full:
            handful = coming.popleft()
            full = handful.name not in batch and len(handful.places) > free
            if full or handful.name in batch:
                waiting.setdefault(handful.name, deque()).append(handful)
            else:
                batch[handful.name] = handful
                free -= len(handful.places)
        packed.append(list(batch.values()))
    return packed


def _take_waiting(waiting: dict[int, deque[Handful]], room: int) -> dict[int, Handful]:
    """Take the first of each class that waits, until there is no room for one."""
    batch: dict[int, Handful] = {}
    for name in list(waiting):
        if len(waiting[name][0].places) > room:
            break
        batch[name] = waiting[name].popleft()
        room -= len(batch[name].places)
        if not waiting[name]:
            del waiting[name]
    return batch


def _too_small(sampler: str, setting: SamplerSetting, small: list[int], classes: int, least: int) -> str:
    named = [setting.names[name] if len(setting.names) else f"class {name}" for name in small]
    have = "has" if len(small) == 1 else "have"
    told = f"{len(small)} of {classes} classes {have} fewer than {least} photos ({first_few(named)})"
    return f"sampler {sampler}: {told}: leave them out by smaller=skip, or give more photos of them"
