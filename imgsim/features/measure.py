"""The one way from photos to rows: decoded once for all that is wanted of them, in order, here or in processes."""

from __future__ import annotations

import copy
import io
import os
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from imgsim.core import Extractor, ExtractorSpec, Features, Image, ImageRecord, Scale
from imgsim.errors import ImageReadError
from imgsim.features.extractor_table import build_extractor
from imgsim.features.several_scales import SeveralScales
from imgsim.file_state import FileState
from imgsim.images.limits import LIMITS, Limits
from imgsim.images.photo import Photo, to_photos, to_source
from imgsim.images.read import CRASHED, check_photo_file, content_digest, decode, open_photo, shrink, too_slow
from imgsim.processes import CHUNK

if TYPE_CHECKING:
    AnyExtractor: TypeAlias = Extractor | ExtractorSpec

Source: TypeAlias = "str | os.PathLike[str] | bytes | Image"  # a path, a file's content, or pixels (H, W, 3)
Outcome: TypeAlias = "Measured | ImageReadError"


class Step(NamedTuple):
    """Something else that is told of a photo, from its pixels (H, W, 3) at a scale; it travels to processes by name."""

    work: Callable[[Image], Any]
    scale: Scale = Scale()


class Task(NamedTuple):
    """A photo, its name, and which of the extractors and steps are wanted of it, by their keys: all, unless given."""

    photo: Source
    name: str
    extractors: Collection[Hashable] | None = None
    steps: Collection[Hashable] | None = None


class Measured(NamedTuple):
    """A photo that was read: what it is, its features by extractor, (1, D) each, and what the steps told."""

    record: ImageRecord
    features: Mapping[Any, Features]
    told: Mapping[Any, Any]


def measure(
    photos: Iterable[Source | Task],
    extractors: Mapping[Any, AnyExtractor] | Sequence[AnyExtractor],
    *,
    steps: Mapping[Any, Step] | Sequence[Step] = (),
    digest: bool = False,
    limits: Limits = LIMITS,
    jobs: int = 1,
    isolated: bool = False,
) -> Iterator[Outcome]:
    """Measure photos, in order; one that cannot be read is an ImageReadError among them.

    One job measures photos as they come, here; several, or `isolated`, in processes that outlive a decoder's crash.

    Examples
    --------
    >>> from imgsim.features import load_extractor
    >>> grey = np.full((40, 60, 3), 128, np.uint8)
    >>> (photo,) = measure([grey], [load_extractor("histogram:bins=2")])
    >>> photo.record.width, photo.features[0].tolist()
    (60, [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]])
    """
    loaded = {key: _build(one) for key, one in _by_key(extractors).items()}
    tasks: Iterable[Task] = (photo if isinstance(photo, Task) else Task(photo, _name(photo)) for photo in photos)
    options = _by_key(steps), limits, digest
    if jobs > 1 or isolated:
        tasks = list(tasks)
        if isolated or min(jobs, len(tasks) // CHUNK) > 1:
            from imgsim.worker_pool import map_in_processes  # which takes a while

            specs = {key: one.spec for key, one in loaded.items()}
            return map_in_processes(Measurer(specs, *options), tasks, jobs, partial(_ended, limits))
    return map(Measurer(loaded, *options), tasks)


def measure_all(
    photos: Photo | Iterable[Photo],
    extractors: Sequence[Extractor],
    *,
    limits: Limits = LIMITS,
    jobs: int = 1,
) -> list[Features]:
    """Measure photos that can all be read, or raise the first one's ImageReadError: rows (N, D) by each extractor."""
    rows = [[np.zeros((0, extractor.dim), np.float32)] for extractor in extractors]
    for photo in measure(map(to_source, to_photos(photos)), extractors, limits=limits, jobs=jobs):
        if isinstance(photo, ImageReadError):
            raise photo
        for place, row in photo.features.items():
            rows[place].append(row)
    return [np.concatenate(one) for one in rows]


@dataclass(frozen=True)
class Measurer:
    """Measures one photo after another; it travels to processes as it was made, before its extractors are."""

    extractors: Mapping[Any, Extractor | ExtractorSpec]
    steps: Mapping[Any, Step]
    limits: Limits
    digest: bool

    @cached_property
    def _built(self) -> Mapping[Any, Extractor]:
        return {key: _build(one) for key, one in self.extractors.items()}

    def __call__(self, task: Task) -> Outcome:
        """Measure a photo: read once for all that is wanted of it."""
        extractors, steps = _chosen(self._built, task.extractors), _chosen(self.steps, task.steps)
        scales = {scale for one in extractors.values() for scale in _scales(one)}
        scales = scales | {step.scale for step in steps.values()} or {Scale()}
        try:
            record, images = self._open(task, scales)
        except ImageReadError as error:
            failure = copy.copy(error)  # less its traceback, which holds on to what was read
            failure.path = task.name
            return failure
        features = {key: _extract(one, images) for key, one in extractors.items()}
        for key, row in features.items():
            if not np.isfinite(row).all():
                return ImageReadError(task.name, f"{extractors[key].spec} gives values for it that are not finite")
        return Measured(record, features, {key: step.work(images[step.scale]) for key, step in steps.items()})

    def _open(self, task: Task, scales: Collection[Scale]) -> tuple[ImageRecord, Mapping[Scale, Image]]:
        """Read a photo: its state, its digest, and its pixels at each scale."""
        photo, name = task.photo, task.name
        if isinstance(photo, np.ndarray):
            height, width = photo.shape[:2]
            return ImageRecord(name, 0, 0, b"", width, height), {scale: shrink(photo, scale) for scale in scales}
        with io.BytesIO(photo) if isinstance(photo, bytes) else open_photo(photo) as stream:
            state = (len(photo), 0) if isinstance(photo, bytes) else FileState.of(os.fstat(stream.fileno()))
            if self.digest:
                check_photo_file(stream, name, state[0], max_megapixels=self.limits.max_megapixels)
            decoded = decode(stream, name, scales, self.limits)
            digest = content_digest(stream, self.limits.max_seconds) if self.digest else b""
        return ImageRecord(name, *state, digest, decoded.width, decoded.height), decoded.images


def _scales(one: Extractor) -> Collection[Scale]:
    return one.scales if isinstance(one, SeveralScales) else (one.scale,)


def _extract(one: Extractor, images: Mapping[Scale, Image]) -> Features:
    return one.describe(images) if isinstance(one, SeveralScales) else one.extract([images[one.scale]])


def _build(one: Extractor | ExtractorSpec) -> Extractor:
    return build_extractor(one) if isinstance(one, ExtractorSpec) else one


def _by_key(these: Mapping[Any, Any] | Sequence[Any]) -> Mapping[Any, Any]:
    return these if isinstance(these, Mapping) else dict(enumerate(these))


def _chosen(these: Mapping[Any, Any], keys: Collection[Hashable] | None) -> Mapping[Any, Any]:
    return these if keys is None else {key: these[key] for key in keys}


def _name(photo: Source) -> str:
    """Name a photo by its path; content and pixels have none."""
    return "-" if isinstance(photo, (bytes, np.ndarray)) else os.fspath(photo)


def _ended(limits: Limits, task: Task, seconds: float) -> ImageReadError:
    """Say why a photo's process ended after so many seconds."""
    if seconds >= limits.max_seconds:
        return too_slow(task.name, limits.max_seconds)
    return ImageReadError(task.name, CRASHED)
