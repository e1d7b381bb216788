"""Photos made small for a page: upright, as JPEG in the page itself, each decoded once wherever it is shown."""

from __future__ import annotations

import base64
import io
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import PIL.Image

from imgsim.core import Scale
from imgsim.errors import ImageReadError
from imgsim.features.measure import Step, Task, measure
from imgsim.images.draw import thumbnail
from imgsim.images.limits import LIMITS, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from imgsim.core import Image
    from imgsim.reports.page_content import Case, ShownPhoto

QUALITIES = (85, 75, 65, 55, 45, 35)  # the first that is small enough, or the last
_NAMED = "-"  # of what came as bytes


class Size(NamedTuple):
    """How large thumbnails may be: pixels of the longer side, and bytes."""

    side: int
    most_bytes: int


LARGE, SMALL = Size(320, 28_000), Size(200, 7_500)
MANY = 400  # on a page, from where on they are small: so 2,200, of 200 things and 10 candidates each, make 22 MB


class Thumbnail(NamedTuple):
    """A small picture as a page holds it, and its width and height."""

    url: str
    width: int
    height: int


def make_thumbnails(
    photos: Iterable[str | bytes], limits: Limits = LIMITS, *, size: Size = LARGE, jobs: int = 1
) -> dict[str | bytes, Thumbnail | ImageReadError]:
    """Make photos small, given by path or content; each once, in processes where they are many."""
    sources = list(dict.fromkeys(photos))
    tasks = [Task(source, source if isinstance(source, str) else _NAMED) for source in sources]
    step = Step(partial(encode_thumbnail, size=size), Scale(size.side, exact=False))
    made = measure(tasks, (), steps=(step,), limits=limits, jobs=jobs)
    told = (one if isinstance(one, ImageReadError) else one.told[0] for one in made)
    return dict(zip(sources, told, strict=True))


def thumbnails_of(
    pages: Sequence[Sequence[Case]], *, jobs: int = 1
) -> Callable[[ShownPhoto], Thumbnail | ImageReadError]:
    """Make all photos small that are shown by cases, page for page; each once."""
    shown = [[photo for case in cases for photo in case.shown] for cases in pages]
    size = SMALL if max(map(len, shown), default=0) > MANY else LARGE
    by_limits: dict[Limits, dict[str | bytes, None]] = {}
    for photo in chain.from_iterable(shown):
        by_limits.setdefault(photo.limits, {})[photo.source] = None
    made = {limits: make_thumbnails(some, limits, size=size, jobs=jobs) for limits, some in by_limits.items()}
    return lambda photo: made[photo.limits][photo.source]


def encode_thumbnail(image: Image, size: Size = LARGE) -> Thumbnail:
    """Write a picture (H, W, 3) small, as a ``data:`` URL."""
    picture, data = PIL.Image.fromarray(thumbnail(image, size.side)), b""
    for quality in QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True)
        data = buffer.getvalue()
        if len(data) <= size.most_bytes:
            break
    return Thumbnail(data_url(data, "image/jpeg"), picture.width, picture.height)


def data_url(data: bytes, kind: str) -> str:
    """Write a file's content as a URL that holds it."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
