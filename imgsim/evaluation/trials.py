"""A trial of many extractors on a folder's photos, in an index of its own that is gone afterwards."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ImageReadError
from imgsim.evaluation.candidates import Candidate, metric_grid
from imgsim.evaluation.judging import Judge
from imgsim.features import load_extractor
from imgsim.images.read import read_image
from imgsim.index.choosing import find_stored
from imgsim.index.indexing import update_index
from imgsim.index.opening import open_index
from imgsim.index.options import Options
from imgsim.index.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.evaluation.judging import Judgement
    from imgsim.index.progress import Observer

TIMED = 8  # photos that an extractor's speed is measured on


@dataclass(frozen=True)
class Footprint:
    """What an extractor costs.

    Parameters
    ----------
    seconds : float
        For a photo that is already decoded, on this machine: the median of a few.
    bytes : int
        In the index, for a photo.
    """

    seconds: float
    bytes: int


class Trial:
    """Judges extractors on the first so many photos, and keeps what was measured from one call to the next.

    Parameters
    ----------
    folder : str
        The photos.
    directory : str
        The trial's index.
    paths : sequence of str
        Labelled photos, relative to the folder, in the order in which they join in.
    codes : ndarray of int, shape (len(paths),)
        Their classes.
    by : str
        The figure that decides.
    seed : int
        Of all that is drawn.
    jobs : int
        Processes.
    observer : Observer
        Hears of photos that are measured, and of those that cannot be read.
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
        jobs: int,
        observer: Observer,
    ) -> None:
        self._folder, self._directory, self._by, self._seed, self._jobs = folder, directory, by, seed, jobs
        self._observer = observer
        self._paths = paths
        self._classes = dict(zip(paths, codes.tolist(), strict=True))
        self.judgements: dict[str, Judgement] = {}

    def judge(self, extractors: Sequence[str], photos: int) -> dict[str, float]:
        """Judge extractors, each by the metric that suits it best.

        Parameters
        ----------
        extractors : sequence of str
            Those of the call before, or some of them.
        photos : int
            How many of the paths take part.

        Returns
        -------
        dict of str to float
            The figure that decides. The judgements are in `judgements`.
        """
        self._measure(extractors, photos)
        for extractor in extractors:
            judged = [self.judge_one(Candidate((extractor,), metric)) for metric in metric_grid(extractor)]
            self.judgements[extractor] = max(judged, key=lambda one: one.figures[self._by].value)
        return {extractor: self.judgements[extractor].figures[self._by].value for extractor in extractors}

    def judge_one(self, candidate: Candidate) -> Judgement:
        """Judge a candidate on the photos that have been measured.

        Parameters
        ----------
        candidate : Candidate
            Whose extractors were in the last call of `judge`.

        Returns
        -------
        Judgement
            Of retrieval alone.
        """
        with open_index(self._directory) as index, index.store.snapshot():
            known = sorted(index.store.known(), key=os.fsencode)
            codes = np.array([self._classes[path] for path in known], np.intp)
            judge = Judge(index.directory, index.store, codes, seed=self._seed, full=False)
            return judge.judge(candidate)

    def _measure(self, extractors: Sequence[str], photos: int) -> None:
        """Bring the trial's index to these extractors and photos."""
        if os.path.exists(self._directory):
            self._drop_all_but(extractors)
        files = [os.path.join(self._folder, path) for path in self._paths[:photos]]
        options = Options(files=files, jobs=self._jobs, refit=True)
        update_index(
            self._folder, index=self._directory, extractors=extractors, options=options, observer=self._observer
        )

    def _drop_all_but(self, extractors: Iterable[str]) -> None:
        store = SqliteStore.open_writer(self._directory, self._folder)
        try:
            kept = {find_stored(store, extractor) for extractor in extractors}
            with store.transaction():
                for stored in store.extractors():
                    if stored not in kept:
                        store.drop_extractor(stored)
        finally:
            store.close()


@contextmanager
def trial_directory() -> Iterator[str]:
    """Give a place for a trial's index, and clear it away afterwards."""
    with tempfile.TemporaryDirectory(prefix="imgsim-trial-") as folder:
        yield os.path.join(folder, "index")


def measure_footprints(folder: str, paths: Sequence[str], extractors: Iterable[str]) -> dict[str, Footprint]:
    """Find out what extractors cost on photos of a folder.

    Parameters
    ----------
    folder : str
        The folder.
    paths : sequence of str
        Photos in it; a few are read.
    extractors : iterable of str
        ``NAME[:key=value,...]`` each.

    Returns
    -------
    dict of str to Footprint
        By extractor.
    """
    footprints = {}
    for text in extractors:
        extractor = load_extractor(text)
        seconds = []
        for path in paths[: TIMED + 1]:
            try:
                image = read_image(os.path.join(folder, path), scale=extractor.scale)
            except ImageReadError:
                continue
            began = time.perf_counter()
            extractor.extract([image])
            seconds.append(time.perf_counter() - began)
        width = -(-extractor.dim // 8) if extractor.binary else 4 * extractor.dim
        # The first photo pays for what is loaded once.
        footprints[text] = Footprint(float(np.median(seconds[1:] or seconds or [0.0])), width)
    return footprints
