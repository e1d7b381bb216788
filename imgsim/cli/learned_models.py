"""Learned models in the model cache, embeddings and classifiers, for `imgsim models` and `imgsim extractors`."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.core import ExtractorSpec
from imgsim.errors import WeightsError
from imgsim.models.cache import SHOWN_DIGITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.models.model_shelf import LearnedModel, ModelShelf

USED = {"embedding": "-x {}", "classifier": "imgsim classify -m {}"}  # how each is asked for


def shelves() -> dict[str, ModelShelf]:
    """Give what learned models lie on, by their titles."""
    from imgsim.models.classifier_model import CLASSIFIER_MODELS
    from imgsim.models.embedding_model import EMBEDDING_MODELS

    return {shelf.title: shelf for shelf in (EMBEDDING_MODELS, CLASSIFIER_MODELS)}


def shelf_of_file(file: str) -> ModelShelf | None:
    """Tell which learned models a file says of itself that it is one of, if any."""
    from imgsim.models.header import read_header

    for shelf in shelves().values():
        with suppress(WeightsError):
            read_header(file, *shelf.kinds)
            return shelf
    return None


def is_learned(text: str) -> bool:
    """Tell whether a text is of a learned model: ``embedding:MODEL``, ``classifier:MODEL`` or a classifier's name."""
    from imgsim.models.own_names import own_names

    title, colon, _ = text.partition(":")
    if colon:
        return title in shelves()
    return text in shelves()["classifier"].names() and text not in own_names()


def import_learned(file: str, name: str, shelf: ModelShelf) -> None:
    """Import a learned model, and say how to use it; by its own name, where it was given one."""
    from imgsim.models.own_names import check_name

    if name:
        check_name(name, ())
    model = shelf.bring(file)
    if name and (before := shelf.keep_name(name, model)):
        stderr.say(f"{name} stood for the {shelf.title} {before.sha256[:SHOWN_DIGITS]} before")
    used = (name if shelf.title == "classifier" else f"{shelf.title}:{name}") if name else model.naming
    stderr.say(f"imported the {shelf.title} {model.sha256[:SHOWN_DIGITS]}: use it as {USED[shelf.title].format(used)}")


def find_learned(text: str) -> LearnedModel:
    """Find the model in the cache that ``TITLE:NAME`` or ``TITLE:DIGITS``, or the name of a classifier, means."""
    title, colon, bare = text.partition(":")
    shelf = shelves()[title if colon else "classifier"]
    bare = bare if colon else text
    return shelf.names().get(bare) or shelf.find(bare)


def learned_rows() -> list[dict[str, Any]]:
    """Describe the learned models in the cache, the newest first, for the columns of `imgsim models list`."""
    return [row for shelf in shelves().values() for row in _rows_of(shelf)]


def _rows_of(shelf: ModelShelf) -> list[dict[str, Any]]:
    rows, names = [], shelf.names()
    for model in shelf.models():
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
    """Say what a learned model says of itself."""
    model = find_learned(text)
    header, details = model.header(), model.header().details
    bases = [details["base"]] if "base" in details else details.get("bases", [])
    of_classes = "labels" in details
    return {
        model.shelf.title: model.naming,
        "sha256": model.sha256,
        "kind": header.kind,
        **({"classes": _classes(details)} if of_classes else {"values": header.dim}),
        "base": ", ".join(str(ExtractorSpec.from_json(base)) for base in bases),
        **({"members": details["members"]} if "members" in details else {}),
        "parents": dict(header.parents),
        "recipe": details["recipe"],
        "licence": header.licence,
        "path": model.path,
    }


def _classes(details: Mapping[str, Any]) -> dict[str, int] | list[str]:
    """Give the classes, with how many photos of each it learned from; of an ensemble, its members know these."""
    labels: list[str] = details["labels"]
    return dict(zip(labels, details["counts"], strict=True)) if "counts" in details else labels


def remove_learned(text: str) -> None:
    """Remove a learned model from the cache, with its names."""
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
    """Write a learned model to a file."""
    from imgsim.files import write_whole
    from imgsim.models.regular_file import read_regular

    model = find_learned(text)
    with model.about():
        data = read_regular(model.verify())
    write_whole(file, data)
    stderr.say(f"exported {model.naming} to {file}")


def refuse_for_learned(option: str) -> None:
    """Say that an option is not for a learned model."""
    raise click.UsageError(f"{option} is for a network, and a learned model is whole: leave it out")
