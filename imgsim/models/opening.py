"""Opening a cached model, and making sure that it is what its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import WeightsError
from imgsim.models.cache import SHOWN_DIGITS
from imgsim.models.engine import Engine
from imgsim.models.header import check_seal, read_header

if TYPE_CHECKING:
    from imgsim.models.cache import ModelFile


def check_model(file: ModelFile) -> None:
    """Make sure that a cached model is what its name says, without opening it.

    Parameters
    ----------
    file : ModelFile
        Which.

    Raises
    ------
    WeightsError
        If it is damaged, tampered with or renamed.
    """
    file.verify()
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


def open_checked(file: ModelFile, device: str | None = None) -> Engine:
    """Open a cached model that `check_model` found to be what its name says.

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
        If ONNX Runtime cannot run it.
    ParameterError
        If this ONNX Runtime has no such device.
    """
    try:
        return Engine(file.path, device)
    except WeightsError as error:
        raise WeightsError(f"{file.path}: {error}: {file.remedy}") from error


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
    check_model(file)
    open_checked(file, "cpu")
    data = file.read()
    try:
        check_seal(data)
    except WeightsError as error:
        raise WeightsError(f"{file.path}: {error}") from error
    return data
