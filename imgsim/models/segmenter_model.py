"""Segmenters in the model cache: ONNX files named by their SHA-256, and the names that users gave them."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import UnknownNameError, WeightsError
from imgsim.files import write_whole
from imgsim.models.cache import SHA256, SHOWN_DIGITS, about, digest_file, models_directory
from imgsim.models.defaults import read_defaults, write_defaults

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from imgsim.models.header import Header
    from imgsim.models.session import Session

KIND = "segmenter"
NAMES = "segmenters.json"
_FILE = re.compile(rf"{KIND}--({SHA256.pattern})\.onnx", re.ASCII)
_DIGITS = re.compile(rf"[0-9a-f]{{{SHOWN_DIGITS},64}}", re.ASCII)


class SegmenterModel(NamedTuple):
    """A segmenter in the cache."""

    path: str
    sha256: str

    @property
    def name(self) -> str:
        """Of the file."""
        return os.path.basename(self.path)

    def about(self) -> AbstractContextManager[None]:
        """Say of errors within that they are this file's."""
        return about(self.path)

    def header(self) -> Header:
        """Read what the model says of itself, and make sure that the file is what its name says."""
        from imgsim.models.header import read_header

        with self.about():
            if digest_file(self.path) != self.sha256:
                raise WeightsError("damaged or tampered with: import it again")
            return read_header(self.path, KIND)

    def open(self) -> Session:
        """Open the model."""
        from imgsim.models.session import Session

        self.header()
        with self.about():
            return Session(self.path, kind=KIND)


def list_segmenters() -> list[SegmenterModel]:
    """List the segmenters in the cache, the newest first."""
    there = [path for path in Path(models_directory()).glob(f"{KIND}--*.onnx") if path.is_file()]
    matched = [(path, _FILE.fullmatch(path.name)) for path in sorted(there, key=lambda path: -path.stat().st_mtime_ns)]
    return [SegmenterModel(str(path), found[1]) for path, found in matched if found]


def segmenter_names() -> dict[str, SegmenterModel]:
    """Give the segmenters in the cache that have a name, by it."""
    named = read_defaults(models_directory(), NAMES)
    there = {model.name: model for model in list_segmenters()} if named else {}
    return {name: there[file] for name, file in named.items() if file in there}


def find_segmenter(text: str) -> SegmenterModel:
    """Find a segmenter in the cache by its name, by the digits that its SHA-256 begins with, or the newest for ''."""
    names, there = segmenter_names(), list_segmenters()
    if text in names:
        return names[text]
    if not there:
        raise WeightsError(f"no segmenter is in {models_directory()}", remedy="import-segmenter")
    found = [model for model in there if model.sha256.startswith(text) and (not text or _DIGITS.fullmatch(text))]
    if not found:
        raise UnknownNameError("imported segmenter", text, names)
    return found[0]


def store_segmenter(data: bytes, name: str) -> tuple[SegmenterModel, SegmenterModel | None]:
    """Put a segmenter into the cache under a name; gives also the one that had the name before, if that is another."""
    digest, folder = hashlib.sha256(data).hexdigest(), models_directory()
    model = SegmenterModel(os.path.join(folder, f"{KIND}--{digest}.onnx"), digest)
    write_whole(model.path, data)
    before = segmenter_names().get(name)
    write_defaults(folder, {**read_defaults(folder, NAMES), name: model.name}, NAMES)
    return model, before if before != model else None
