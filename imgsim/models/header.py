"""What a model file says of itself: written beside its graph, and believed only where it can be true."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.errors import WeightsError
from imgsim.models.architectures import ARCHITECTURES, Preprocessing
from imgsim.models.cache import FINAL, SHA256, SHOWN_DIGITS, is_identity

if TYPE_CHECKING:
    from imgsim.models.cache import ModelFile

KEY = "imgsim"
LONGEST = 4096  # bytes of a header
UNSEALED = b"0" * 64
_SEAL = b'"digest": "'
SIDES = range(32, 4097)  # pixels: less than 32 leave nothing of some maps; timm's networks take up to 1024
INTERPOLATIONS = ("bilinear", "bicubic")
LARGEST, LEAST_DEVIATION = 1000, 1e-6  # of means and deviations, for values in 0..1


class Header(NamedTuple):
    """What a model file says of itself."""

    architecture: str
    padding: str
    layer: str
    weights: str
    dim: int
    preprocessing: Preprocessing
    digest: str = ""

    def to_properties(self) -> dict[str, str]:
        """Write it as an ONNX file's metadata."""
        return {KEY: json.dumps(self._asdict() | {"preprocessing": self.preprocessing._asdict()})}

    @classmethod
    def from_properties(cls, properties: dict[str, str]) -> Header:
        """Read it from an ONNX file's metadata; WeightsError where there is none of imgsim's, or it cannot be true."""
        try:
            raw = json.loads(properties[KEY])
            mean, std = (tuple(raw["preprocessing"].pop(key)) for key in ("mean", "std"))
            header = cls(**raw | {"preprocessing": Preprocessing(**raw["preprocessing"], mean=mean, std=std)})
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise WeightsError("not a model that imgsim exported") from error
        if wrong := _impossible(header):
            raise WeightsError(f"not a model that imgsim exported: {wrong[:120]}")
        return header


def _impossible(header: Header) -> str:
    """Say what cannot be true of a header, if anything."""
    if not all(isinstance(text, str) for text in header[:4]) or not is_identity(*header[:4]):
        return f"it calls itself {'--'.join(map(str, header[:4]))!r}"
    known = ARCHITECTURES.get(header.architecture) if header.layer == FINAL else None
    if not _is_count(header.dim) or (known and header.dim != known.dim):
        return f"its maps would have {header.dim!r} channels" + (f" instead of {known.dim}" if known else "")
    if header.digest != "" and not SHA256.fullmatch(str(header.digest)):
        return f"its digest would be {header.digest!r}"
    return _impossible_input(header.preprocessing)


def _impossible_input(preprocessing: Preprocessing) -> str:
    resize, crop, interpolation, mean, std = preprocessing
    if not all(_is_count(side) and side in SIDES for side in (resize, crop)):
        return f"its input would be resized to {resize!r} and cut to {crop!r} pixels"
    if interpolation not in INTERPOLATIONS:
        return f"its interpolation would be {interpolation!r}"
    if not _are_numbers(mean) or not _are_numbers(std) or min(std) < LEAST_DEVIATION:
        return f"its mean would be {mean!r}, its deviation {std!r}"
    return ""


def read_header(path: str) -> Header:
    """Read what a model file says of itself, without running or checking it."""
    try:
        with open(path, "rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - LONGEST))
            tail = stream.read()
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error
    written = tail[max(0, tail.rfind(b'{"architecture"')) :].decode("utf-8", "replace")
    try:
        return Header.from_properties({KEY: written})
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error


def check_model(file: ModelFile) -> None:
    """Make sure that a cached model is what its name says, without opening it."""
    file.verify()
    check_header(file)


def check_header(file: ModelFile) -> None:
    """Make sure that a cached model says of itself what its name says."""
    try:
        header = read_header(file.path)
    except WeightsError as error:
        raise WeightsError(f"{error}: {file.remedy}") from error
    for key in ("architecture", "padding", "layer", "weights"):
        named, there = getattr(file, key), getattr(header, key)
        if named != there:
            if key == "weights":
                named, there = named[:SHOWN_DIGITS], there[:SHOWN_DIGITS]
            raise WeightsError(f"{file.path}: renamed: it has {key} {there}, not {named}: {file.remedy}")


def seal(data: bytes) -> bytes:
    """Write the digest of a model file into its header."""
    place = data.rindex(_SEAL + UNSEALED) + len(_SEAL)
    return b"".join((data[:place], _sealed_digest(data, place), data[place + len(UNSEALED) :]))


def check_seal(data: bytes) -> None:
    """Make sure that a model file is, bit for bit, what was exported: ONNX Runtime can crash on one that is not."""
    place = data.rfind(_SEAL) + len(_SEAL)
    if place < len(_SEAL):
        if data.endswith(b"]}}"):
            told = "exported by an older imgsim, without a digest to check it by"
            raise WeightsError(f"{told}: import its weights again, then export it again")
        raise WeightsError("not a model that imgsim exported, or a truncated one")
    if data[place : place + len(UNSEALED)] != _sealed_digest(data, place):
        raise WeightsError("damaged or tampered with since it was exported: export it again")


def _sealed_digest(data: bytes, place: int) -> bytes:
    """Digest a file with zeros at the place of its digest, without copying it."""
    view = memoryview(data)
    digest = hashlib.sha256(view[:place])
    digest.update(UNSEALED)
    digest.update(view[place + len(UNSEALED) :])
    return digest.hexdigest().encode()


def _is_count(value: Any) -> bool:  # noqa: ANN401 (whatever the JSON held)
    return type(value) is int and value > 0


def _are_numbers(values: tuple[Any, ...]) -> bool:
    """Tell whether these are three, one a channel."""
    return len(values) == 3 and all(type(value) in (int, float) and abs(value) <= LARGEST for value in values)
