"""A model that another imgsim exported, and how it comes into the cache; torch is not needed."""

from __future__ import annotations

import re

import numpy as np

from imgsim.errors import WeightsError
from imgsim.models.cache import ModelFile, about, store_model, weights_digest
from imgsim.models.graph import check_graph
from imgsim.models.header import Header, check_seal, read_header
from imgsim.models.model_limits import look_limited
from imgsim.models.regular_file import open_regular, read_regular
from imgsim.models.session import open_model

# The format's version and the exporter's name; what begins a safetensors file, its header's length, a brace follows.
_START = re.compile(rb"\x08[\x01-\x7f]\x12.{5}[^{]", re.DOTALL)


def is_model(path: str) -> bool:
    """Tell whether a file is an ONNX file rather than one of weights."""
    try:
        with open_regular(path) as stream:
            start = stream.read(9)
    except (OSError, WeightsError):
        start = b""
    return path.lower().endswith(".onnx") or bool(_START.match(start))


def weights_in(path: str) -> str:
    """Tell which weights a file has."""
    return read_header(path).identity["weights"] if is_model(path) else weights_digest(path)


def import_model(path: str, architecture: str = "", *, padding: str = "", layer: str = "") -> ModelFile:
    """Put an exported model into the cache."""
    with about(path):
        data = read_regular(path)
        check_seal(data)
        check_graph(data)
        _compare(told := read_header(path), architecture=architecture, padding=padding, layer=layer)
        header = look_limited(path, _try, data, told.identity["architecture"])
        _compare(header, architecture=architecture, padding=padding, layer=layer)
    return store_model(data, **header.identity)


def _compare(header: Header, **wanted: str) -> None:
    there = header.identity
    if wanted["architecture"] not in ("", there["architecture"]):
        raise WeightsError(f"a model of {there['architecture']}, not of {wanted['architecture']}")
    for key, value in wanted.items():
        if value not in ("", there[key]):
            raise WeightsError(
                f"exported with {key} {there[key]}, not {value}; only an import of the weights can change that"
            )


def _try(data: bytes, architecture: str) -> Header:
    """Run a sample: a header may be true of another network than it came with."""
    session = open_model(data, architecture, "cpu")
    side = session.header.preprocessing.crop
    maps = session.run(np.random.default_rng(0).standard_normal((1, 3, side, side), np.float32))
    if not np.isfinite(maps).all():
        raise WeightsError(f"does not make the {session.header.dim} channels of finite values that it says")
    return session.header
