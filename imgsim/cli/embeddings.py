"""Learned embeddings in the model cache, for `imgsim models` and `imgsim extractors`."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.core import EMBEDDING, ExtractorSpec
from imgsim.errors import WeightsError
from imgsim.models.cache import SHOWN_DIGITS

if TYPE_CHECKING:
    from imgsim.models.model_shelf import LearnedModel


def is_learned(file: str) -> bool:
    """Tell whether a file says of itself that it is a learned embedding."""
    from imgsim.models.header import EMBEDDINGS, read_header

    with suppress(WeightsError):
        return bool(read_header(file, *EMBEDDINGS))
    return False


def import_learned(file: str, name: str) -> None:
    """Import an embedding, and say how to use it; by its own name, where it was given one."""
    from imgsim.models.embedding_model import EMBEDDING_MODELS
    from imgsim.models.own_names import check_name

    if name:
        check_name(name, ())
    model = EMBEDDING_MODELS.bring(file)
    if name and (before := EMBEDDING_MODELS.keep_name(name, model)):
        stderr.say(f"{name} stood for the embedding {before.sha256[:SHOWN_DIGITS]} before")
    used = f"{EMBEDDING}{name}" if name else model.naming
    stderr.say(f"imported the embedding {model.sha256[:SHOWN_DIGITS]}: use it as -x {used}")


def find_learned(text: str) -> LearnedModel:
    """Find the embedding in the cache that ``embedding:NAME`` or ``embedding:DIGITS`` means."""
    from imgsim.models.embedding_model import EMBEDDING_MODELS

    bare = text.removeprefix(EMBEDDING)
    return EMBEDDING_MODELS.names().get(bare) or EMBEDDING_MODELS.find(bare)


def learned_rows() -> list[dict[str, Any]]:
    """Describe the embeddings in the cache, the newest first, for the columns of `imgsim models list`."""
    from imgsim.models.embedding_model import EMBEDDING_MODELS

    rows, names = [], EMBEDDING_MODELS.names()
    for model in EMBEDDING_MODELS.models():
        with suppress(WeightsError, OSError):
            row: dict[str, Any] = {"architecture": model.naming, "weights": model.sha256[:SHOWN_DIGITS]}
            row |= {"megabytes": round(os.path.getsize(model.path) / 1e6, 1), "path": model.path}
            row |= {"padding": "", "layer": ""}
            row["name"] = ",".join(name for name, named in names.items() if named == model)
            rows.append(row)
            header = model.header()  # one that does not say what it is, is listed by its name
            row |= {"kind": header.kind, "licence": header.licence, "source": header.source}
    return rows


def describe_learned(text: str) -> dict[str, Any]:
    """Say what an embedding says of itself."""
    model = find_learned(text)
    header = model.header()
    base = header.details.get("base", "")
    return {
        "embedding": model.naming,
        "sha256": model.sha256,
        "kind": header.kind,
        "values": header.dim,
        "base": str(ExtractorSpec.from_json(base)) if base else "",
        "parents": dict(header.parents),
        "recipe": header.details["recipe"],
        "licence": header.licence,
        "path": model.path,
    }


def remove_learned(text: str) -> None:
    """Remove an embedding from the cache, with its names."""
    from imgsim.models.cache import models_directory
    from imgsim.models.defaults import read_defaults, write_defaults

    model = find_learned(text)
    try:
        os.unlink(model.path)
    except OSError as error:
        raise WeightsError(f"{model.path}: cannot be removed ({error.strerror})") from error
    stderr.say(f"removed {model.path}")
    with suppress(OSError, WeightsError):  # another user's, perhaps: what is not there is not meant either way
        names = model.shelf.file
        write_defaults(models_directory(), read_defaults(models_directory(), names), names)


def export_learned(text: str, file: str) -> None:
    """Write an embedding to a file."""
    from imgsim.files import write_whole
    from imgsim.models.regular_file import read_regular

    model = find_learned(text)
    with model.about():
        data = read_regular(model.verify())
    write_whole(file, data)
    stderr.say(f"exported {model.naming} to {file}")


def refuse_for_learned(option: str) -> None:
    """Say that an option is not for an embedding."""
    raise click.UsageError(f"{option} is for a network, and a learned embedding is whole: leave it out")
