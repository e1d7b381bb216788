"""Opening a cached model that is what its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import WeightsError
from imgsim.models.engine import Engine
from imgsim.models.header import check_header, check_seal

if TYPE_CHECKING:
    from imgsim.models.cache import ModelFile


def open_checked(file: ModelFile, device: str | None = None) -> Engine:
    """Open a cached model that `imgsim.models.header.check_model` found to be what its name says."""
    try:
        return Engine(file.path, device)
    except WeightsError as error:
        raise WeightsError(f"{file.path}: {error}: {file.remedy}") from error


def read_sealed(file: ModelFile) -> bytes:
    """Read a cached model that other machines may import."""
    data = file.read()
    check_header(file)
    open_checked(file, "cpu")
    try:
        check_seal(data)
    except WeightsError as error:
        raise WeightsError(f"{file.path}: {error}") from error
    return data
