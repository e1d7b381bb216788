"""Learned embeddings in the model cache: ONNX files named by their SHA-256, and the names that users gave them."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imgsim.core import EMBEDDING
from imgsim.errors import WeightsError
from imgsim.files import write_whole
from imgsim.models.cache import SHA256, SHOWN_DIGITS, about, digest_file, models_directory
from imgsim.models.defaults import read_defaults, write_defaults
from imgsim.models.graph import check_graph
from imgsim.models.header import EMBEDDINGS, LINEAR, Header, check_seal, read_header
from imgsim.models.model_limits import look_limited
from imgsim.models.regular_file import read_regular

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from imgsim.models.session import Session

PREFIX = "embedding"
NAMES = "embeddings.json"
_FILE = re.compile(rf"{PREFIX}--({SHA256.pattern})\.onnx", re.ASCII)
_DIGITS = re.compile(rf"[0-9a-f]{{{SHOWN_DIGITS},64}}", re.ASCII)


class EmbeddingModel(NamedTuple):
    """A learned embedding in the cache."""

    path: str
    sha256: str

    @property
    def naming(self) -> str:
        """How the extractor by this model, and no other, is written."""
        return f"{EMBEDDING}{self.sha256[:SHOWN_DIGITS]}"

    @property
    def name(self) -> str:
        """Of the file."""
        return os.path.basename(self.path)

    def about(self) -> AbstractContextManager[None]:
        """Say of errors within that they are this file's, and what to do if it is not what its name says."""
        return about(self.path, "replace-embedding", name=self.naming)

    def verify(self) -> str:
        """Make sure that the file is what its name says."""
        if digest_file(self.path) != self.sha256:
            with self.about():
                raise WeightsError("damaged or tampered with")
        return self.path

    def header(self) -> Header:
        """Read what the model says of itself, without opening it."""
        with self.about():
            return read_header(self.verify(), *EMBEDDINGS)

    def open(self, device: str | None = None) -> Session:
        """Open the model; a linear map so that it gives the same to the last bit wherever it runs."""
        from imgsim.models.session import Session

        with self.about():
            kind = self.header().kind
            return Session(self.path, "cpu", kind, threads=1) if kind == LINEAR else Session(self.path, device, kind)


def list_embeddings() -> list[EmbeddingModel]:
    """List the embeddings in the cache, the newest first."""
    aged = []
    for path in Path(models_directory()).glob(f"{PREFIX}--*.onnx"):
        with suppress(OSError):  # another process removed it, or what a link points to is not there
            status = path.stat()
            if stat.S_ISREG(status.st_mode) and (matched := _FILE.fullmatch(path.name)):
                aged.append((-status.st_mtime_ns, EmbeddingModel(str(path), matched[1])))
    return [model for _, model in sorted(aged)]


def embedding_names() -> dict[str, EmbeddingModel]:
    """Give the embeddings in the cache that have a name, by it."""
    there = {model.name: model for model in list_embeddings()}
    named = read_defaults(models_directory(), NAMES)
    return {name: there[file] for name, file in named.items() if file in there}


def keep_embedding_name(name: str, model: EmbeddingModel) -> EmbeddingModel | None:
    """Let a name stand for an embedding from now on; give the one that it stood for before, if that is another."""
    before = embedding_names().get(name)
    folder = models_directory()
    write_defaults(folder, {**read_defaults(folder, NAMES), name: model.name}, NAMES)
    return before if before and before != model else None


def find_embedding(digits: str) -> EmbeddingModel:
    """Find an embedding in the cache by its SHA-256, or by the first digits of it; WeightsError without one."""
    found = [model for model in list_embeddings() if model.sha256.startswith(digits)]
    if not found:
        told = f"the embedding {digits[:SHOWN_DIGITS]} is not in {models_directory()}"
        raise WeightsError(told, remedy="import-embedding", digits=digits)
    return found[0]


def names_model(text: str) -> bool:
    """Tell whether a text is what may stand behind ``embedding:``."""
    return os.path.isfile(text) or bool(_DIGITS.fullmatch(text)) or text in embedding_names()


def spell_embedding(text: str) -> str:
    """Put the digits of a model's SHA-256 in place of its path, or of the name that it was imported under.

    `text` is what stands behind ``embedding:``. A model named by its path is copied into the cache, unless it is there.
    """
    if os.path.isfile(text):
        return import_embedding(text).naming.removeprefix(EMBEDDING)
    if named := embedding_names().get(text):
        return named.sha256[:SHOWN_DIGITS]
    if _DIGITS.fullmatch(text):  # of a model that an index has, be it here or not
        return text[:SHOWN_DIGITS]
    raise WeightsError(f"{EMBEDDING}{text}: no such file, and no model was imported under that name")


def import_embedding(path: str) -> EmbeddingModel:
    """Put an embedding into the cache, unless it is there; WeightsError where it is none, or takes too much."""
    with about(path):
        digest = digest_file(path)
        there = EmbeddingModel(os.path.join(models_directory(), f"{PREFIX}--{digest}.onnx"), digest)
        if os.path.isfile(there.path) and digest_file(there.path) == digest:
            return there
        data = read_regular(path)
        check_seal(data)
        check_graph(data)
        kind = read_header(path, *EMBEDDINGS).kind
        look_limited(path, _try, data, kind)
    if hashlib.sha256(data).hexdigest() != digest:
        raise WeightsError(f"{path}: written to while it was read")
    write_whole(there.path, data)
    return there


def _try(data: bytes, kind: str) -> None:
    """Run a sample: a header may be true of another model than it came with."""
    import numpy as np

    from imgsim.models.session import Session

    session = Session(data, "cpu", kind)
    width = session.width_taken
    if kind == LINEAR and not isinstance(width, int):
        raise WeightsError("does not say how many values it takes")
    side = session.header.preprocessing.crop if kind != LINEAR else 0
    shape = (1, width) if kind == LINEAR else (1, 3, side, side)
    rows = session.run(np.random.default_rng(0).standard_normal(shape, np.float32))
    if not np.isfinite(rows).all():
        raise WeightsError(f"does not make the {session.header.dim} finite values that it says")
