"""What a run is given beside its recipe: photos of which the classes are known, and what it may take of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import ParameterError
from imgsim.models.vision import torch
from imgsim.training.decoded_photos import DecodingOutcome, PixelForm, decode_photos

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgsim.images.limits import Limits
    from imgsim.training.run_log import Epoch
    from imgsim.training.shared_work import SharedWork


class ClassedPhotos(NamedTuple):
    """Photos below a folder and their classes, (N,), -1 none; scores are classes named by their numbers."""

    root: str
    paths: list[str]
    names: list[str]
    codes: NDArray[np.intp]
    strict: bool = False  # whether one that cannot be read ends all
    tests: NDArray[np.bool_] | None = None  # whether a data set's own lists keep it for tests
    groups: NDArray[np.intp] | None = None  # of scored photos, what is never in two parts; -1 none
    splits: str | None = None  # the file of an earlier run's parts, which has the classes too

    def labelled(self) -> ClassedPhotos:
        """Give those that have a class."""
        kept = np.flatnonzero(self.codes >= 0)
        return self._replace(
            paths=[self.paths[place] for place in kept],
            codes=self.codes[kept],
            tests=None if self.tests is None else self.tests[kept],
            groups=None if self.groups is None else self.groups[kept],
        )


class Means(NamedTuple):
    """What a run may take, and who hears of it: none of it changes what is learned."""

    device: str
    jobs: int
    most_bytes: int
    limits: Limits
    decoder: Decoder | None = (
        None  # what several runs on the same photos share, as they do `shared`, rows and maps of them
    )
    said: Callable[[str], None] = lambda _: None
    heard: Callable[[Epoch], None] = lambda _: None
    advanced: Callable[[str, float], None] = lambda _, __: None
    shared: SharedWork | None = None

    def silenced(self) -> Means:
        """Give the means of a process that leaves it to another to say what is done."""
        return self._replace(**{name: self._field_defaults[name] for name in ("said", "heard", "advanced")})

    def decode(self, form: PixelForm, root: str, paths: list[str], *, hashed: bool) -> DecodingOutcome:
        """Decode photos below a folder, or give what came of it when another run did."""
        if self.decoder is not None:
            return self.decoder.decode(form, root, paths, self)
        return _decoded(form, root, paths, self, hashed=hashed)


class Decoder:
    """Decodes photos for several runs, once for all of those whose networks see them alike."""

    def __init__(self) -> None:
        self._form: PixelForm | None = None
        self._paths: list[str] = []
        self._outcome: DecodingOutcome | None = None

    def decode(self, form: PixelForm, root: str, paths: list[str], means: Means) -> DecodingOutcome:
        """Decode photos, and compute their hashes; or give what came of those the last time, or of some of them."""
        known = set(self._paths)
        if self._outcome is None or form != self._form or not known.issuperset(paths):
            self._outcome = _decoded(form, root, paths, means, hashed=True)
            self._form, self._paths = form, paths
        places = {path: place for place, path in enumerate(self._paths)}
        return self._outcome.take(np.array([places[path] for path in paths], np.intp))


def _decoded(form: PixelForm, root: str, paths: list[str], means: Means, *, hashed: bool) -> DecodingOutcome:
    heard = lambda share: means.advanced("decoding", share)  # noqa: E731
    return decode_photos(root, paths, form, most_bytes=means.most_bytes, jobs=means.jobs, hashed=hashed, advanced=heard)


def find_device(name: str) -> torch.device:
    """Find where to train; ParameterError where it is not there."""
    here = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    if name and name not in here:
        raise ParameterError(f"device {name}: this torch has {', '.join(here)}")
    return torch.device(name or here[-1])
