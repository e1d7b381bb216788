"""One photo's way from its file to its features."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from imgsim.core import ImageRecord, Scale
from imgsim.errors import ImageReadError
from imgsim.features import build_extractor
from imgsim.images.read import decode, open_photo
from imgsim.index.store import Failure, MeasuredPhoto

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, BinaryIO

    from imgsim.core import Extractor, Features, Image
    from imgsim.index.tasks import Assignment, Task

Outcome: TypeAlias = "MeasuredPhoto | Failure"


class _Opened(NamedTuple):
    record: ImageRecord
    images: Mapping[Scale, Image]


class Measurer:
    """Measures photos as an assignment says."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._extractors: dict[int, Extractor] = {key: build_extractor(spec) for key, spec in assignment.specs.items()}
        self._describe_colors = _color_describer() if assignment.colors else None

    def measure(self, tasks: Sequence[Task]) -> list[Outcome]:
        """Measure photos; one that cannot be read leaves its neighbours as they are."""
        opened = [self._open(task) for task in tasks]
        features: list[dict[int, Features]] = [{} for _ in tasks]
        for key, extractor in self._extractors.items():
            readable = {
                place: photo.images[extractor.scale]
                for place, (task, photo) in enumerate(zip(tasks, opened, strict=True))
                if isinstance(photo, _Opened) and key in task.extractors
            }
            rows = extractor.extract(list(readable.values()))
            for place, row in zip(readable, rows, strict=True):
                features[place][key] = row[None]
        return [
            MeasuredPhoto(photo.record, rows, measured=self._colors(task, photo))
            if isinstance(photo, _Opened)
            else photo
            for task, photo, rows in zip(tasks, opened, features, strict=True)
        ]

    def _colors(self, task: Task, photo: _Opened) -> Mapping[str, Any]:
        """Tell a photo's colours, if its task asks for them."""
        if not task.colors:
            return {}
        assert self._describe_colors is not None
        return self._describe_colors(photo.images[Scale()])

    def _open(self, task: Task) -> _Opened | Failure:
        """Read a photo once: its state, its digest, and its pixels at each scale that is asked for."""
        scales = {self._extractors[key].scale for key in task.extractors} | ({Scale()} if task.colors else set())
        try:
            with open_photo(os.path.join(self._assignment.root, task.path)) as stream:
                status = os.fstat(stream.fileno())
                digest = content_digest(stream)
                decoded = decode(stream, task.path, scales, max_megapixels=self._assignment.max_megapixels)
        except ImageReadError as error:
            return Failure(task.path, task.size, task.mtime_ns, error.reason)
        record = ImageRecord(task.path, status.st_size, status.st_mtime_ns, digest, decoded.width, decoded.height)
        return _Opened(record, decoded.images)


def _color_describer() -> Callable[[Image], Mapping[str, Any]]:
    """Load what names colours, for those alone who ask for them."""
    from imgsim.colors.dominant import color_attributes, find_colors
    from imgsim.colors.names import load_namer

    namer = load_namer()
    return lambda image: color_attributes(find_colors(image, namer=namer))


def content_digest(stream: BinaryIO) -> bytes:
    """Digest a file's content."""
    try:
        stream.seek(0)
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).digest()  # type: ignore[arg-type]
    except OSError as error:
        raise ImageReadError(str(stream.name), error.strerror or "the disk failed") from error
