"""Opening a cached model, and making sure that it is what its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import WeightsError
from imgsim.models.engine import Engine
from imgsim.models.header import check_seal

if TYPE_CHECKING:
    from imgsim.models.cache import ModelFile


def open_verified(file: ModelFile, device: str | None = None) -> Engine:
    """Open a cached model whose content was verified, by `ModelFile.verify`.

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
        If it is not what its name says.
    ParameterError
        If this ONNX Runtime has no such device.
    """
    try:
        engine = Engine(file.path, device)
    except WeightsError as error:
        raise WeightsError(f"{file.path}: {error}: {file.remedy}") from error
    fields = ("architecture", "padding", "layer", "weights")
    for key in fields:
        named, told = getattr(file, key), getattr(engine.header, key)
        if named != told:
            raise WeightsError(f"{file.path}: renamed: its {key} is {told}, not {named}: {file.remedy}")
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
    data = file.read()
    open_verified(file, "cpu")
    try:
        check_seal(data)
    except WeightsError as error:
        raise WeightsError(f"{file.path}: {error}") from error
    return data
