"""Which model an architecture means where no weights are named: recorded in the model cache by each import."""

from __future__ import annotations

import json
import os
from pathlib import Path

from imgsim.files import write_whole

FILE = "defaults.json"


def read_defaults(folder: str, file: str = FILE) -> dict[str, str]:
    """Give file names of models by ``ARCHITECTURE--PADDING--LAYER``, what was imported last at the end.

    Empty where nothing was recorded, or nothing that can be read: the newest model is meant then.
    """
    try:
        raw = json.loads(Path(folder, file).read_bytes())
        return {key: name for key, name in raw.items() if isinstance(name, str)}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def write_defaults(folder: str, defaults: dict[str, str], file: str = FILE) -> None:
    """Record which models are meant, but for those that are no longer there."""
    there = {key: name for key, name in defaults.items() if os.path.exists(os.path.join(folder, name))}
    if there:
        write_whole(os.path.join(folder, file), json.dumps(there, indent=1).encode())
    else:
        Path(folder, file).unlink(missing_ok=True)
