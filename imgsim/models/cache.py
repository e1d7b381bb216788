"""The model cache: ONNX files whose names say what they are and what they must digest to."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import WeightsError
from imgsim.files import write_whole
from imgsim.models.architectures import ARCHITECTURES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

SHOWN_DIGITS = 12  # of the weights' SHA-256: enough to tell them apart
DIGITS = 16  # of a model's own SHA-256, in its name
FINAL = "final"  # the layer before the pooling that torchvision's classifiers begin with
PADDINGS = ("torch", "tensorflow")
_OF_TIMM = re.compile(r"timm/[\w.]+", re.ASCII)
_LAYER = re.compile(r"[\w.]+", re.ASCII)
SHA256 = re.compile(r"[0-9a-f]{64}")


class ModelFile(NamedTuple):
    """A cached model, as its name tells: ``ARCHITECTURE--PADDING--LAYER--WEIGHTS--CONTENT.onnx``."""

    path: str
    architecture: str
    padding: str
    layer: str
    weights: str
    content: str

    @property
    def size(self) -> int:
        """Bytes; WeightsError if it went away."""
        try:
            return os.path.getsize(self.path)
        except OSError as error:
            raise WeightsError(f"{self.path}: {error.strerror}") from error

    @property
    def remedy(self) -> str:
        """What to do if it is not what its name says."""
        return f"`imgsim models remove {self.architecture}`, then import it again"

    def read(self) -> bytes:
        """Read the model, and make sure that it is what its name says."""
        with self._open() as stream:
            data = stream.read()
        self._compare(hashlib.sha256(data))
        return data

    def verify(self) -> str:
        """Make sure that the model is what its name says, without holding it in memory."""
        with self._open() as stream:
            self._compare(hashlib.file_digest(stream, "sha256"))
        return self.path

    @contextmanager
    def _open(self) -> Iterator[BufferedReader]:
        try:
            with open(self.path, "rb") as stream:
                yield stream
        except OSError as error:
            raise WeightsError(f"{self.path}: {error.strerror}") from error

    def _compare(self, digest: hashlib._Hash) -> None:
        if digest.hexdigest()[:DIGITS] != self.content:
            raise WeightsError(f"{self.path}: damaged or tampered with: {self.remedy}")


def models_directory() -> str:
    """Tell where models are kept: ``IMGSIM_MODELS``, or the user's cache folder on this platform."""
    chosen = os.environ.get("IMGSIM_MODELS")
    if chosen:
        return chosen
    from platformdirs import user_cache_dir

    return os.path.join(user_cache_dir("imgsim", appauthor=False), "models")


def list_models() -> list[ModelFile]:
    """List the cached models, the newest first."""
    parsed = (_parse(path) for path in Path(models_directory()).glob("*.onnx"))
    aged = [(-age, file.path, file) for file in parsed if file and (age := _modified(file.path)) is not None]
    return [file for _, _, file in sorted(aged)]


def find_models(architecture: str, *, weights: str = "", padding: str = "", layer: str = "") -> list[ModelFile]:
    """Find cached models, the newest first."""
    return [
        file
        for file in list_models()
        if file.architecture == architecture
        and file.weights.startswith(weights.lower())
        and padding in ("", file.padding)
        and (layer or FINAL) == file.layer
    ]


def weights_digest(path: str) -> str:
    """Digest a weight file."""
    try:
        with open(path, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error
    named = next((row for row in ARCHITECTURES.values() if row.weights == os.path.basename(path)), None)
    if named and not named.publishes(digest):
        raise WeightsError(f"{path}: not what is published under that name (SHA-256 {digest[:8]}): download it again")
    return digest


def make_newest(file: ModelFile) -> None:
    """Make a cached model the one that its architecture means, if no weights are named."""
    try:
        os.utime(file.path)
    except OSError as error:
        if find_models(file.architecture, layer=file.layer)[0] != file:
            layer = "" if file.layer == FINAL else f",layer={file.layer}"
            chosen = f"{file.architecture}:weights={file.weights[:SHOWN_DIGITS]},padding={file.padding}{layer}"
            raise WeightsError(f"{file.path}: cannot become the newest ({error.strerror}): use -x {chosen}") from error


def store_model(data: bytes, *, architecture: str, padding: str, layer: str, weights: str) -> ModelFile:
    """Put a model into the cache, whole or not at all."""
    folder = models_directory()
    fields = (architecture.replace("/", "~"), padding, layer, weights, _digest(data))
    target = os.path.join(folder, "--".join(fields) + ".onnx")
    file = ModelFile(target, architecture, padding, layer, weights, fields[-1])
    if _parse(Path(target)) != file:  # a forged model could name a file elsewhere
        raise WeightsError(f"not a model of imgsim: it calls itself {'--'.join(fields[:-1])!r}")
    with suppress(WeightsError):  # in a cache that others fill, a model that is there need not be written
        file.verify()
        make_newest(file)
        return file
    write_whole(target, data)
    return file


def is_identity(architecture: str, padding: str, layer: str, weights: str) -> bool:
    """Tell whether there could be such a model."""
    known = architecture in ARCHITECTURES or _OF_TIMM.fullmatch(architecture)
    return bool(known and padding in PADDINGS and _LAYER.fullmatch(layer) and SHA256.fullmatch(weights))


def _parse(path: Path) -> ModelFile | None:
    fields = path.name.removesuffix(".onnx").split("--")
    if len(fields) != 5:
        return None
    architecture = fields[0].replace("~", "/")
    return ModelFile(str(path), architecture, *fields[1:]) if is_identity(architecture, *fields[1:4]) else None


def _modified(path: str) -> int | None:
    """Tell when a file was last modified, in nanoseconds; None if there is none, or a folder."""
    try:
        status = os.stat(path)
    except OSError:  # another process removed it, or what a link points to is not there
        return None
    return status.st_mtime_ns if stat.S_ISREG(status.st_mode) else None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:DIGITS]
