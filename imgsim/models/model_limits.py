"""What a model may take of time and memory: a forged one would take all there is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from imgsim.errors import ParameterError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SECONDS, MEMORY = "IMGSIM_MODEL_SECONDS", "IMGSIM_MODEL_MEMORY"  # that choose other limits
DEFAULTS = {SECONDS: 60.0, MEMORY: 4096.0}  # for one photo; for all models of a process, their weights included
IMPORTING = 10  # times those seconds for a whole import
COPIES = 12  # of its file that an import may hold beside those megabytes: torch's, ONNX's, ONNX Runtime's
LARGEST = 1e9


def limit_of(name: str) -> float:
    """Tell a limit, as the environment chooses it or as it is."""
    text = os.environ.get(name) or ""
    try:
        value = float(text) if text else DEFAULTS[name]
    except ValueError:
        value = -1.0
    if not 0 < value <= LARGEST:
        raise ParameterError(f"{name} is a number above 0, not {text[:40]!r}")
    return value


def look_limited(path: str, look: Callable[..., T], *arguments: object) -> T:
    """Look at a file that is to be imported, in a process with limits; WeightsError, about the file, beyond them."""
    from imgsim.limited_process import LimitError, run_limited

    seconds, megabytes = IMPORTING * limit_of(SECONDS), limit_of(MEMORY) + COPIES * os.path.getsize(path) / 1e6
    try:
        return run_limited(look, *arguments, seconds=seconds, megabytes=megabytes)
    except LimitError as error:
        raise WeightsError(f"{path}: {error}", remedy="allow-model-more" if error.remedy else "") from error
