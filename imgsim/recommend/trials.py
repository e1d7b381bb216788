"""A trial of many extractors on a folder's photos, in an index of its own that is gone afterwards."""

from __future__ import annotations

import math
import os
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from imgsim.evaluation.candidates import Candidate, metric_grid
from imgsim.evaluation.judge import Judge, Judgement
from imgsim.images.limits import LIMITS, Limits
from imgsim.index.index import Index
from imgsim.index.index_writer import IndexWriter
from imgsim.index.options import Options
from imgsim.index.update import update_index
from imgsim.recommend.pace import Pace
from imgsim.tables.ground_truth import check_photos, check_readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.index.summary import Observer


class FoundOnTrial(Protocol):
    """What a candidate finds, before anything is estimated from it."""

    def mean(self, figure: str) -> float:
        """Give a figure's mean, by the figure's name."""


class TrialJudge(Protocol):
    """Judges candidates on what has been measured: by classes or by pairs."""

    def judge(self, candidate: Candidate) -> Judgement:
        """Judge a candidate."""

    def retrieve(self, candidate: Candidate) -> Any:  # noqa: ANN401 (a `FoundOnTrial`)
        """Rank by a candidate."""

    def conclude(self, retrieved: Any) -> Judgement:  # noqa: ANN401
        """Estimate all figures of a candidate."""


class Trial:
    """Judges extractors on the first so many photos, and keeps what was measured from one call to the next.

    `codes` (len(paths),).
    """

    def __init__(
        self,
        folder: str,
        directory: str,
        paths: Sequence[str],
        codes: NDArray[np.intp],
        *,
        by: str,
        seed: int,
        observer: Observer,
        strict: bool = False,
        limits: Limits = LIMITS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self._directory, self.by, self._seed = folder, directory, by, seed
        self._observer, self._strict, self.clock = observer, strict, clock
        self.paths, self.limits = paths, limits
        self._classes = dict(zip(paths, codes.tolist(), strict=True))
        self._photos = 0
        self._metrics: dict[str, list[str]] = {}
        self.judgements: dict[str, Judgement] = {}
        self.unreadable: list[str] = []
        self.pace, self.end = Pace({}), math.inf

    def judge(self, extractors: Sequence[str], photos: int) -> dict[str, float]:
        """Judge extractors, each by the metric that suits it best."""
        began = self.clock()
        self._measure(extractors, photos)
        self.pace.measured(extractors, photos - self._photos, self.clock() - began)
        self._photos = photos
        scores: dict[str, float] = {}
        with self._judge() as judge:
            for extractor in extractors:
                if scores and extractor in self.judgements and self._is_late():
                    break
                scores[extractor] = self._judge_by_metrics(judge, extractor)
        return scores

    def judge_one(self, candidate: Candidate) -> Judgement:
        """Judge a candidate on the photos that have been measured."""
        with self._judge() as judge:
            return judge.judge(candidate)

    def _judge_by_metrics(self, judge: TrialJudge, extractor: str) -> float:
        """Rank by each metric, those first that did best before, and estimate figures for the best alone."""
        began = self.clock()
        metrics = self._metrics.get(extractor) or metric_grid(extractor)
        found: dict[str, float] = {}
        best: FoundOnTrial | None = None
        for metric in metrics:
            if best and self._is_late():
                break
            retrieved = judge.retrieve(Candidate((extractor,), metric))
            found[metric] = retrieved.mean(self.by)
            if best is None or found[metric] > best.mean(self.by):
                best = retrieved
        assert best is not None
        self.judgements[extractor] = judge.conclude(best)
        self._metrics[extractor] = sorted(metrics, key=lambda metric: -found.get(metric, -1.0))
        self.pace.judged(extractor, self._photos, len(found), self.clock() - began)
        return found[self._metrics[extractor][0]]

    def _is_late(self) -> bool:
        """Tell whether the time that is left is needed for what comes after the last round."""
        return self.clock() > self.end - self.pace.foresee_end(self._photos)

    @contextmanager
    def _judge(self) -> Iterator[TrialJudge]:
        with Index(self._directory) as index, index.snapshot():
            codes = np.array([self._classes[path] for path in index.paths], np.intp)
            yield Judge(index.distance, codes, seed=self._seed, full=False)

    def _measure(self, extractors: Sequence[str], photos: int) -> None:
        """Bring the trial's index to these extractors and photos."""
        jobs = self.pace.choose_jobs(extractors, photos - self._photos)
        self.unreadable = self._bring(self.folder, self._directory, extractors, self.paths[:photos], jobs)
        check_readable(self.unreadable if self._strict else [])
        if photos >= len(self.paths):
            with Index(self._directory) as index:
                check_photos(self.folder, len(index), self.unreadable)

    def _bring(
        self, folder: str, directory: str, extractors: Sequence[str], paths: Sequence[str], jobs: int
    ) -> list[str]:
        """Bring an index to these extractors and photos; give the photos that cannot be read."""
        if os.path.exists(directory):
            _drop_all_but(directory, extractors)
        files = [os.path.join(folder, path) for path in paths]
        options = Options(files=files, jobs=jobs, refit=True, **self.limits._asdict())
        update_index(folder, index=directory, extractors=extractors, options=options, observer=self._observer)
        with Index(directory) as index:
            return [failure.path for failure in index.failures]


def _drop_all_but(directory: str, extractors: Iterable[str]) -> None:
    with IndexWriter(directory) as writer, writer.transaction():
        kept = set(map(writer.find_extractor, extractors))
        for stored in writer.extractors:
            if stored not in kept:
                writer.drop_extractor(stored)


@contextmanager
def trial_directory() -> Iterator[str]:
    """Give a place for a trial's index, and clear it away afterwards."""
    with tempfile.TemporaryDirectory(prefix="imgsim-trial-") as folder:
        yield os.path.join(folder, "index")
