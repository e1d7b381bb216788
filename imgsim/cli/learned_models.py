"""Learned models in the model cache, of each title, for `imgsim models` and `imgsim extractors`."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.core import ExtractorSpec
from imgsim.errors import UnknownModelError, WeightsError
from imgsim.models.cache import SHOWN_DIGITS

if TYPE_CHECKING:
    from imgsim.models.header import Header
    from imgsim.models.model_shelf import LearnedModel, ModelShelf

# How each is asked for, by a name of its own and by its digits.
USED = {
    "embedding": ("-x embedding:{}", "-x embedding:{}"),
    "classifier": ("imgsim classify -m {}", "imgsim classify -m classifier:{}"),
    "segmenter": ("--segment {}", "--segment segformer:model={}"),
}
BARE = ("classifier", "segmenter")  # what is also meant by a name alone


def shelves() -> dict[str, ModelShelf]:
    """Give what learned models lie on, by their titles."""
    from imgsim.models.classifier_model import CLASSIFIER_MODELS
    from imgsim.models.embedding_model import EMBEDDING_MODELS
    from imgsim.models.segmenter_model import SEGMENTER_MODELS

    return {shelf.title: shelf for shelf in (EMBEDDING_MODELS, CLASSIFIER_MODELS, SEGMENTER_MODELS)}


def shelf_of_file(file: str) -> ModelShelf | None:
    """Tell which learned models a file says of itself that it is one of, if any."""
    from imgsim.models.header import read_header

    for shelf in shelves().values():
        with suppress(WeightsError):
            read_header(file, *shelf.kinds)
            return shelf
    return None


def is_learned(text: str) -> bool:
    """Tell whether a text is of a learned model: ``TITLE:MODEL``, or the name of a classifier or a segmenter."""
    from imgsim.models.own_names import own_names

    title, colon, _ = text.partition(":")
    if colon:
        return title in shelves()
    return text in bare_names() and text not in own_names()


def import_learned(file: str, name: str, shelf: ModelShelf) -> None:
    """Import a learned model, and say how to use it; by its own name, where it was given one."""
    if name:
        check_learned_name(name, shelf)
    model = shelf.bring(file)
    tell_imported(model, shelf.keep_name(name, model) if name else None, name)


def check_learned_name(name: str, shelf: ModelShelf) -> None:
    """Raise ParameterError where a learned model cannot have a name."""
    from imgsim.models.own_names import check_name
    from imgsim.segment.segmenter_table import NO_SEGMENTER, SEGMENTERS

    check_name(name, {*SEGMENTERS, NO_SEGMENTER} if shelf.title == "segmenter" else ())


def tell_imported(model: LearnedModel, before: LearnedModel | None, name: str) -> None:
    """Say that a learned model is here, which one had its name before, if one had, and how to use it."""
    title, digits, licence = model.shelf.title, model.sha256[:SHOWN_DIGITS], model.header().licence
    if before:
        stderr.say(f"{name} stood for the {title} {before.sha256[:SHOWN_DIGITS]} before")
    by_name, by_digits = USED[title]
    used = by_name.format(name) if name else by_digits.format(digits)
    stderr.say(f"imported the {title} {digits}{licence and f', licence {licence}'}: use it as {used}")


def find_learned(text: str) -> LearnedModel:
    """Find the model in the cache that ``TITLE:NAME``, ``TITLE:DIGITS``, or the name alone of some means."""
    title, colon, name = text.partition(":")
    if colon:
        shelf = shelves()[title]
        try:
            return shelf.names().get(name) or shelf.find(name)
        except UnknownModelError as error:
            raise UnknownModelError("learned model", text, learned_names()) from error
    named = [names[text] for bare in BARE if text in (names := shelves()[bare].names())]
    return named[0] if named else shelves()[BARE[0]].find(text)


def learned_names() -> list[str]:
    """List how the learned models in the cache are written, ``TITLE:NAME``, or ``TITLE:DIGITS`` without a name."""
    return [naming for shelf in shelves().values() for naming in shelf.namings()]


def bare_names() -> list[str]:
    """List the names by which a learned model is meant without its title."""
    return [name for title in BARE for name in shelves()[title].names()]


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
    return {
        model.shelf.title: model.naming,
        "sha256": model.sha256,
        "kind": header.kind,
        **_told_of(header),
        "base": ", ".join(str(ExtractorSpec.from_json(base)) for base in bases),
        **({"members": details["members"]} if "members" in details else {}),
        "parents": dict(header.parents),
        "recipe": details.get("recipe", {}),
        "licence": header.licence,
        "source": header.source,
        "path": model.path,
    }


def _told_of(header: Header) -> dict[str, Any]:
    """Tell classes, with how many photos each was learned from (of an ensemble, members know), labels, or values."""
    details = header.details
    if "labels" in details:
        labels: list[str] = details["labels"]
        return {"classes": dict(zip(labels, details["counts"], strict=True)) if "counts" in details else labels}
    if "names" in details:
        from imgsim.segment.label_names import with_background

        return {"labels": [*with_background(details["names"])[0][1:]], "input": header.preprocessing._asdict()}
    return {"values": header.dim}


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
