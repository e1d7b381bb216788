"""Opening a cached model to run it, once it is sure that it is what its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import WeightsError
from imgsim.models.engine import Engine
from imgsim.models.header import check_seal

if TYPE_CHECKING:
    from imgsim.models.cache import ModelFile


def open_model(file: ModelFile, device: str | None = None) -> Engine:
    """Open a cached model.

    Parameters
    ----------
    file : ModelFile
        Which.
    device : str, optional
        As for `Engine`.

    Returns
    -------
    Engine
        That runs it.

    Raises
    ------
    WeightsError
        If it is not what its name says: damaged, tampered with or renamed.
    ParameterError
        If this ONNX Runtime has no such device.
    """
    path = file.verify()
    try:
        engine = Engine(path, device)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}: {file.remedy}") from error
    fields = ("architecture", "padding", "layer", "weights")
    for key in fields:
        named, told = getattr(file, key), getattr(engine.header, key)
        if named != told:
            raise WeightsError(f"{path}: renamed: its {key} is {told}, not {named}: {file.remedy}")
    return engine


def read_sealed(file: ModelFile) -> bytes:
    """Read a cached model that other machines may import.

    Parameters
    ----------
    file : ModelFile
        Which.

    Returns
    -------
    bytes
        The ONNX file's content, with its digest.

    Raises
    ------
    WeightsError
        If it is not what its name says, or an older imgsim exported it.
    """
    open_model(file, "cpu")
    data = file.read()
    try:
        check_seal(data)
    except WeightsError as error:
        raise WeightsError(f"{file.path}: {error}") from error
    return data
