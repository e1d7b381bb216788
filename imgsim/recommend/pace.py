"""How long a trial's next round will take, by those before it: measuring is linear in photos, ranking quadratic."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CURVATURE = 0.1, 0.25  # least share of ranking that is taken for quadratic, and the share until two rounds tell it
FUSED = 3.0  # what follows the last round, in rankings by one metric: the fused candidate, and the comparisons
STARTING = 1.0  # seconds until worker processes have imported what they need
TINY = 1e-9  # of a second, where a clock saw none pass


class Timing(NamedTuple):
    """What work of a size took."""

    size: float
    seconds: float


class Pace:
    """Learns from each round, and tells how long another would take."""

    def __init__(self, costs: Mapping[str, float], decoding: float = 0.0, jobs: int = 1) -> None:
        self._costs, self._decoding, self._jobs = costs, decoding, jobs
        self._rate = 1.0  # seconds for each that the costs let expect
        self._judged: dict[str, list[Timing]] = {}
        self._metrics: dict[str, int] = {}

    def measured(self, extractors: Iterable[str], photos: int, seconds: float) -> None:
        """Learn what it took to measure some photos."""
        self._rate = seconds / max(self._work(extractors, photos), TINY)

    def judged(self, extractor: str, photos: int, metrics: int, seconds: float) -> None:
        """Learn what it took to judge an extractor."""
        before = self._judged.get(extractor, [])
        self._judged[extractor] = [*before[:1], Timing(photos, seconds / metrics)]
        self._metrics[extractor] = max(metrics, self._metrics.get(extractor, 0))

    def foresee(self, extractors: Sequence[str], before: int, photos: int) -> float:
        """Tell how long a round would take."""
        ranking = sum(_ranking(self._judged.get(one, ()), photos) * self._metrics.get(one, 1) for one in extractors)
        return self.foresee_measuring(extractors, photos - before) + ranking

    def foresee_measuring(self, extractors: Iterable[str], photos: int) -> float:
        """Tell how long it would take to measure more photos."""
        return self._rate * self._work(extractors, photos)

    def choose_jobs(self, extractors: Iterable[str], photos: int) -> int:
        """Choose how many processes measure photos: one, where others would take longer to start than they save."""
        alone = self._work_alone(extractors, photos)
        return self._jobs if alone > STARTING + alone / self._jobs else 1

    def foresee_end(self, photos: int) -> float:
        """Tell how long it will take, after the last round, to fuse two extractors and to compare all."""
        most = max((seen[-1].size for seen in self._judged.values()), default=0)
        last = [seen for seen in self._judged.values() if seen[-1].size == most]
        return FUSED * max((_ranking(seen, photos) for seen in last), default=0.0)

    def _work(self, extractors: Iterable[str], photos: int) -> float:
        alone = self._work_alone(extractors, photos)
        return min(alone, STARTING + alone / self._jobs)

    def _work_alone(self, extractors: Iterable[str], photos: int) -> float:
        return photos * (self._decoding + sum(self._costs.get(one, 0.0) for one in extractors))


def _ranking(seen: Sequence[Timing], photos: int) -> float:
    """Carry ``a n + b n^2`` on from the first round and the last, as seconds for a photo, which are a line in n."""
    if not seen:
        return 0.0
    last = seen[-1]
    steepest = last.seconds / last.size**2  # all of it quadratic
    slope = CURVATURE[1] * steepest
    if len(seen) > 1:
        rates = (Timing(one.size, one.seconds / one.size) for one in seen)
        slope = min(steepest, max(CURVATURE[0] * steepest, _slope(*rates)))
    return photos * (last.seconds / last.size + slope * (photos - last.size))


def _slope(first: Timing, second: Timing) -> float:
    return 0.0 if first.size == second.size else (second.seconds - first.seconds) / (second.size - first.size)
