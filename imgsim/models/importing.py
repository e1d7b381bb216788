"""Taking in a model that another imgsim exported; torch is not needed."""

from __future__ import annotations

from pathlib import Path

from imgsim.errors import WeightsError
from imgsim.models.cache import ModelFile, store_model
from imgsim.models.engine import Engine


def import_model(path: str, architecture: str | None = None) -> ModelFile:
    """Put an exported model into the cache.

    Parameters
    ----------
    path : str
        An ONNX file that imgsim wrote.
    architecture : str, optional
        What the file must be a model of.

    Returns
    -------
    ModelFile
        In the cache.

    Raises
    ------
    WeightsError
        If it is damaged, no such file, or of another architecture.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error
    try:
        header = Engine(data, "cpu").header
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error
    if architecture not in (None, header.architecture):
        raise WeightsError(f"{path}: a model of {header.architecture}, not of {architecture}")
    return store_model(
        data, architecture=header.architecture, padding=header.padding, layer=header.layer, weights=header.weights
    )
