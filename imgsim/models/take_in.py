"""Taking in a model that another imgsim exported; torch is not needed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import WeightsError
from imgsim.models.cache import ModelFile, store_model, weights_digest
from imgsim.models.engine import Engine
from imgsim.models.header import check_seal, read_header

if TYPE_CHECKING:
    from imgsim.models.header import Header

# The format's version and the exporter's name; what begins a safetensors file, its header's length, a brace follows.
_START = re.compile(rb"\x08[\x01-\x7f]\x12.{5}[^{]", re.DOTALL)


def is_model(path: str) -> bool:
    """Tell whether a file is an ONNX file rather than one of weights."""
    try:
        with open(path, "rb") as stream:
            start = stream.read(9)
    except OSError:
        start = b""
    return path.lower().endswith(".onnx") or bool(_START.match(start))


def weights_in(path: str) -> str:
    """Tell which weights a file has."""
    return read_header(path).weights if is_model(path) else weights_digest(path)


def import_model(path: str, architecture: str = "", *, padding: str = "", layer: str = "") -> ModelFile:
    """Put an exported model into the cache."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error
    try:
        check_seal(data)
        engine = Engine(data, "cpu")
        header = engine.header
        _compare(header, architecture=architecture, padding=padding, layer=layer)
        _check_maps(engine)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error
    return store_model(
        data, architecture=header.architecture, padding=header.padding, layer=header.layer, weights=header.weights
    )


def _compare(header: Header, **wanted: str) -> None:
    if wanted["architecture"] not in ("", header.architecture):
        raise WeightsError(f"a model of {header.architecture}, not of {wanted['architecture']}")
    for key, value in wanted.items():
        there = getattr(header, key)
        if value not in ("", there):
            raise WeightsError(
                f"exported with {key} {there}, not {value}; only an import of the weights can change that"
            )


def _check_maps(engine: Engine) -> None:
    """Run a sample: a header may be true of another network than it came with."""
    header = engine.header
    crop = header.preprocessing.crop
    sample = np.random.default_rng(0).standard_normal((1, 3, crop, crop), np.float32)
    try:
        maps = engine.run(sample)
    except Exception as error:  # ONNX Runtime's errors have no common ancestor but this
        raise WeightsError(f"cannot be run on {crop} x {crop} pixels, which it says that it takes") from error
    if maps.ndim != 4 or maps.shape[:2] != (1, header.dim) or not np.isfinite(maps).all():
        raise WeightsError(f"does not make the {header.dim} channels of finite values that it says")
