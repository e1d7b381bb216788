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
from imgsim.segment.base_segmenter import PhotoFile
from imgsim.segment.cut_parts import union
from imgsim.segment.label_maps import enlarge

if TYPE_CHECKING:
    from imgsim.segment.cut_parts import Box, PhotoPart
    from imgsim.segment.cutter import Cutter

    AnyExtractor: TypeAlias = Extractor | ExtractorSpec

Source: TypeAlias = "str | os.PathLike[str] | bytes | Image"  # a path, a file's content, or pixels (H, W, 3)
Outcome: TypeAlias = "Measured | ImageReadError"


class Step(NamedTuple):
    """Something else that is told of a photo, from its pixels (H, W, 3) at a scale; it travels to processes by name.

    `masked` work is also told which of them (H, W) show the parts that are cut out, or None.
    """

    work: Callable[..., Any]
    scale: Scale = Scale()
    masked: bool = False


class Task(NamedTuple):
    """A photo, its name, and which of the extractors and steps are wanted of it, by their keys: all, unless given.

    `cut` are the extractors that are wanted of its parts, where these are cut out.
    """

    photo: Source
    name: str
    extractors: Collection[Hashable] | None = None
    steps: Collection[Hashable] | None = None
    cut: Collection[Hashable] | None = None


class Measured(NamedTuple):
    """A photo that was read: what it is, its features by extractor, (1, D) each, and what the steps told."""

    record: ImageRecord
    features: Mapping[Any, Features]
    told: Mapping[Any, Any]
    parts: MeasuredParts | None = None


class MeasuredParts(NamedTuple):
    """The parts of a photo, P of them: what they are called, where they lie, and their features, (P, D) each.

    Without any, `reason` says why.
    """

    names: Sequence[str]
    boxes: Sequence[Box]
    area_shares: Sequence[float]
    area_share: float
    features: Mapping[Any, Features]
    reason: str = ""


def measure(
    photos: Iterable[Source | Task],
    extractors: Mapping[Any, AnyExtractor] | Sequence[AnyExtractor],
    *,
    steps: Mapping[Any, Step] | Sequence[Step] = (),
    digest: bool = False,
    cutter: Cutter | None = None,
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
    options = _by_key(steps), limits, digest, cutter
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
    cutter: Cutter | None = None

    @cached_property
    def _built(self) -> Mapping[Any, Extractor]:
        return {key: _build(one) for key, one in self.extractors.items()}

    def __call__(self, task: Task) -> Outcome:
        """Measure a photo: read once for all that is wanted of it."""
        extractors, steps = _chosen(self._built, task.extractors), _chosen(self.steps, task.steps)
        of_parts = _chosen(self._built, task.cut) if self.cutter else {}
        looking = self.cutter if self.cutter and (of_parts or any(step.masked for step in steps.values())) else None
        scales = {scale for one in (*extractors.values(), *of_parts.values()) for scale in _scales(one)}
        scales |= {step.scale for step in steps.values()} | ({looking.scale} if looking else set())
        scales = scales or {Scale()}
        try:
            record, images = self._open(task, scales)
        except ImageReadError as error:
            failure = copy.copy(error)  # less its traceback, which holds on to what was read
            failure.path = task.name
            return failure
        features = {key: _extract(one, images) for key, one in extractors.items()}
        parts, reason = _find_parts(looking, images, task, record) if looking else ((), "")
        measured = _measure_parts(looking, parts, images, of_parts)._replace(reason=reason) if looking else None
        for key, row in (*features.items(), *(measured.features.items() if measured else ())):
            if not np.isfinite(row).all():
                return ImageReadError(task.name, f"{self._built[key].spec} gives values for it that are not finite")
        told = {key: _work(step, images[step.scale], parts) for key, step in steps.items()}
        return Measured(record, features, told, measured)

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


def _find_parts(
    cutter: Cutter, images: Mapping[Scale, Image], task: Task, record: ImageRecord
) -> tuple[Sequence[PhotoPart], str]:
    """Find the parts of a photo or, where there are none, say why."""
    path = os.fspath(task.photo) if isinstance(task.photo, str | os.PathLike) else ""
    try:
        photo = PhotoFile(path, record.width, record.height)
        parts = cutter.find(images[cutter.scale], photo, record.digest)
    except ImageReadError as error:  # of the map: the photo was read
        return (), error.reason
    return parts, "" if parts else f"no {cutter.wanted} on it"


def _measure_parts(
    cutter: Cutter, parts: Sequence[PhotoPart], images: Mapping[Scale, Image], extractors: Mapping[Any, Extractor]
) -> MeasuredParts:
    """Describe parts, each as if it were a photo."""
    rows = {}
    for key, one in extractors.items():
        seen = [{scale: cutter.cut(images[scale], part) for scale in _scales(one)} for part in parts]
        rows[key] = np.concatenate([np.zeros((0, one.dim), np.float32), *(_extract(one, its) for its in seen)])
    shown = union(parts)
    share = 0.0 if shown is None else round(float(shown.mean()), 4)
    boxes, shares = [part.share_box for part in parts], [part.area_share for part in parts]
    return MeasuredParts([part.name for part in parts], boxes, shares, share, rows)


def _work(step: Step, image: Image, parts: Sequence[PhotoPart]) -> Any:  # noqa: ANN401 (whatever the step tells)
    if not step.masked:
        return step.work(image)
    shown = union(parts)
    mask = None if shown is None else enlarge(shown.astype(np.uint8), image.shape[:2]) > 0
    return step.work(image, mask)


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
