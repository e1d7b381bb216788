"""Names of one's own for imported models: kept in the model cache, each with the file that it stands for."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from imgsim.errors import ParameterError
from imgsim.models.architectures import is_architecture
from imgsim.models.cache import ModelFile, models_directory, parse_file_name
from imgsim.models.defaults import read_defaults, write_defaults

if TYPE_CHECKING:
    from collections.abc import Collection

FILE = "names.json"
RESERVED = ("classifier", "embedding", "external", "kinds", "onnx", "segmenter", "timm")
_NAME = re.compile(r"\w[\w.]*(-[\w.]+)*", re.ASCII)


def check_name(name: str, taken: Collection[str]) -> None:
    """Raise ParameterError where a model cannot have a name: it is another's, or nothing that -x could take."""
    if not _NAME.fullmatch(name):
        raise ParameterError(f"{name!r}: a model's name is of ASCII letters, digits, '_', '.' and '-'")
    if name in taken or name in RESERVED or is_architecture(name):
        raise ParameterError(f"{name!r} is the name of something else already: choose another")


def own_names() -> dict[str, ModelFile]:
    """Give the models that have a name of their own, by it."""
    folder = models_directory()
    files = {name: parse_file_name(os.path.join(folder, file)) for name, file in read_defaults(folder, FILE).items()}
    return {name: file for name, file in files.items() if file and os.path.exists(file.path) and _NAME.fullmatch(name)}


def keep_name(name: str, file: ModelFile) -> ModelFile | None:
    """Let a name stand for a model from now on; give the one that it stood for before, if that is another."""
    before = own_names().get(name)
    folder = models_directory()
    write_defaults(folder, {**read_defaults(folder, FILE), name: file.name}, FILE)
    return before if before and before.name != file.name else None
