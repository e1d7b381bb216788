"""The model cache: ONNX files whose names say what they are and what they must digest to."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import WeightsError
from imgsim.files import write_whole
from imgsim.models.architectures import ARCHITECTURES, final_layer, find_architecture, is_architecture
from imgsim.models.defaults import read_defaults, write_defaults
from imgsim.models.regular_file import open_regular, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN_DIGITS = 12  # of the weights' SHA-256: enough to tell them apart
DIGITS = 16  # of a model's own SHA-256, in its name
PADDINGS = ("torch", "tensorflow")
_ARCHITECTURE = re.compile(r"[\w.]+(@v1|/[\w.]+(-[\w.]+)*)?", re.ASCII)
_LAYER = re.compile(r"[\w.]+", re.ASCII)
SHA256 = re.compile(r"[0-9a-f]{64}")
_DIGESTS: dict[tuple[str, int, int, int], str] = {}  # of files that this process read


class ModelFile(NamedTuple):
    """A cached model, as its name tells: ``ARCHITECTURE--PADDING--LAYER--WEIGHTS--CONTENT.onnx``."""

    path: str
    architecture: str
    padding: str
    layer: str
    weights: str
    content: str

    @property
    def name(self) -> str:
        """Of the file."""
        return os.path.basename(self.path)

    @property
    def naming(self) -> str:
        """How an extractor by this model, and no other, is written."""
        layer = "" if self.layer == final_layer(self.architecture) else f",layer={self.layer}"
        return f"{self.architecture}:weights={self.weights[:SHOWN_DIGITS]},padding={self.padding}{layer}"

    @property
    def size(self) -> int:
        """Bytes; WeightsError if it went away."""
        with about(self.path):
            return os.path.getsize(self.path)

    def about(self) -> AbstractContextManager[None]:
        """Say of errors within that they are this file's, and what to do if it is not what its name says."""
        return about(self.path, "replace-model", architecture=self.architecture)

    def read(self) -> bytes:
        """Read the model, and make sure that it is what its name says."""
        with about(self.verify()):
            return read_regular(self.path)

    def verify(self) -> str:
        """Make sure that the model is what its name says, without holding it in memory."""
        if digest_file(self.path)[:DIGITS] != self.content:
            with self.about():
                raise WeightsError("damaged or tampered with")
        return self.path


@contextmanager
def about(path: str, remedy: str = "", **facts: object) -> Iterator[None]:
    """Say of errors within which file they are about, once, and what would help."""
    try:
        yield
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error
    except WeightsError as error:
        told = str(error).removeprefix(f"{path}: ")
        raise WeightsError(f"{path}: {told}", remedy=error.remedy or remedy, **(error.facts or facts)) from error


def digest_file(path: str) -> str:
    """Compute a file's SHA-256, once a process for as long as its size, time and inode stay what they are."""
    with about(path), open_regular(path) as stream:
        status = os.fstat(stream.fileno())
        known = (os.path.abspath(path), status.st_size, status.st_mtime_ns, status.st_ino)
        if known not in _DIGESTS:
            _DIGESTS[known] = hashlib.file_digest(stream, "sha256").hexdigest()
    return _DIGESTS[known]


def models_directory() -> str:
    """Tell where models are kept: ``IMGSIM_MODELS``, or the user's cache folder on this platform."""
    chosen = os.environ.get("IMGSIM_MODELS")
    if chosen:
        return str(Path(chosen))
    from platformdirs import user_cache_dir

    return os.path.join(user_cache_dir("imgsim", appauthor=False), "models")


def list_models() -> list[ModelFile]:
    """List the cached models, the newest first."""
    aged = []
    for path in Path(models_directory()).glob("*.onnx"):
        with suppress(OSError):  # another process removed it, or what a link points to is not there
            status = path.stat()
            if stat.S_ISREG(status.st_mode) and (file := parse_file_name(str(path))):
                aged.append((-status.st_mtime_ns, file.path, file))
    return [file for _, _, file in sorted(aged)]


def find_models(architecture: str, *, weights: str = "", padding: str = "", layer: str = "") -> list[ModelFile]:
    """Find cached models: those that imports made the default, the last first, then the newest first."""
    defaults = list(read_defaults(models_directory()).values())
    found = [
        file
        for file in list_models()
        if file.architecture == architecture
        and file.weights.startswith(weights.lower())
        and padding in ("", file.padding)
        and (layer or final_layer(architecture)) == file.layer
    ]
    return sorted(found, key=lambda file: -defaults.index(file.name) if file.name in defaults else 1)


def weights_digest(path: str) -> str:
    """Digest a weight file."""
    digest = digest_file(path)
    named = next((row for row in ARCHITECTURES.values() if row.weights == os.path.basename(path)), None)
    if named and not named.publishes(digest):
        raise WeightsError(f"{path}: not what is published under that name (SHA-256 {digest[:8]}): download it again")
    return digest


def make_default(file: ModelFile) -> None:
    """Make a cached model the one that its architecture means, if no weights are named."""
    folder, key = models_directory(), file.name.rsplit("--", 2)[0]
    others = {other: name for other, name in read_defaults(folder).items() if other != key}
    try:
        write_defaults(folder, others | {key: file.name})
    except WeightsError as error:
        if find_models(file.architecture, layer=file.layer)[0] != file:
            told = f"{file.path}: cannot become the default ({getattr(error.__cause__, 'strerror', error)})"
            raise WeightsError(told, remedy="name-weights", extractor=file.naming) from error


def store_model(data: bytes, *, architecture: str, padding: str, layer: str, weights: str) -> ModelFile:
    """Put a model into the cache, whole or not at all."""
    folder = models_directory()
    fields = (architecture.replace("/", "~"), padding, layer, weights, hashlib.sha256(data).hexdigest()[:DIGITS])
    target = os.path.join(folder, "--".join(fields) + ".onnx")
    file = ModelFile(target, architecture, padding, layer, weights, fields[-1])
    if parse_file_name(target) != file:  # a forged model could name a file elsewhere
        raise WeightsError(f"not a model of imgsim: it calls itself {'--'.join(fields[:-1])!r}")
    try:
        file.verify()  # in a cache that others fill, a model that is there need not be written
    except WeightsError:
        write_whole(target, data)
    make_default(file)
    return file


def is_identity(architecture: str, padding: str, layer: str, weights: str) -> bool:
    """Tell whether there could be such a model."""
    if not (is_architecture(architecture) and find_architecture(architecture).name == architecture):
        return False
    fits = _ARCHITECTURE.fullmatch(architecture) and _LAYER.fullmatch(layer) and SHA256.fullmatch(weights)
    return bool(fits) and padding in PADDINGS


def parse_file_name(path: str) -> ModelFile | None:
    """Read what a cached model's path says; None where it is no such path."""
    fields = os.path.basename(path).removesuffix(".onnx").split("--")
    if len(fields) != 5:
        return None
    architecture = fields[0].replace("~", "/")
    return ModelFile(path, architecture, *fields[1:]) if is_identity(architecture, *fields[1:4]) else None
