"""Taking in a model that another imgsim exported; torch is not needed."""

from __future__ import annotations

from pathlib import Path

from imgsim.errors import WeightsError
from imgsim.models.cache import ModelFile, store_model
from imgsim.models.engine import Engine


def import_model(path: str) -> ModelFile:
    """Put an exported model into the cache.

    Parameters
    ----------
    path : str
        An ONNX file that imgsim wrote.

    Returns
    -------
    ModelFile
        In the cache.

    Raises
    ------
    WeightsError
        If it is damaged, or no such file.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error
    try:
        header = Engine(data, "cpu").header
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error
    return store_model(
        data, architecture=header.architecture, padding=header.padding, layer=header.layer, weights=header.weights
    )
