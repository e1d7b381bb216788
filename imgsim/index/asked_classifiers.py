"""By which classifiers an index labels its photos: what a run is asked for, and what is remembered of earlier ones."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from imgsim.core import CLASSIFIER
from imgsim.errors import ImgsimError, ParameterError, UnknownNameError
from imgsim.file_state import FileState
from imgsim.index.store.measurement_store import COLORS, HEADERS, StoredClassifier, labelled
from imgsim.paths import composed
from imgsim.tables.values import check_attributes
from imgsim.where.conditions import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.core import ExtractorSpec
    from imgsim.index.options import Options

KIND, CATEGORY = "kind", "category"  # the attribute of kinds, and that of a trained classifier without a name
KINDS, IMAGENET = "kinds", "imagenet"  # what needs no training: `imgsim.features.kinds`
LANGUAGE = "language"


@dataclass(frozen=True)
class AskedClassifiers:
    """What a run is asked to label photos by: classifiers by attribute, None to take one back, and kinds."""

    trained: Mapping[str, StoredClassifier | None] = field(default_factory=dict)
    kinds: bool | None = None
    language: Literal["en", "ko"] | None = None

    @classmethod
    def of(cls, options: Options) -> AskedClassifiers:
        """Read what is asked for; every model that is named must be here, before an index is begun or changed."""
        trained: dict[str, StoredClassifier | None] = {}
        for text in options.classify:
            name, model = _parse(text)
            if name in trained or (name == KIND and options.kinds):
                raise ParameterError(f"{text}: {name} is given twice")
            trained[name] = _load(model) if model else None
        language = options.kind_language
        if language not in (None, "en", "ko"):
            raise UnknownNameError("language", str(language), ("en", "ko"))
        if options.kinds:
            _kinds(language)  # a network without its weights says so here
        return cls(trained, options.kinds, language)  # type: ignore[arg-type]

    def chosen(self, before: Mapping[str, StoredClassifier]) -> dict[str, StoredClassifier]:
        """Put what is asked for in place of what was remembered."""
        unknown = [name for name, one in self.trained.items() if one is None and name not in before]
        if unknown:
            raise UnknownNameError("attribute of a classifier", unknown[0], before)
        chosen = {name: one for name, one in before.items() if name not in self.trained}
        chosen |= {name: one for name, one in self.trained.items() if one}
        there = chosen.get(KIND)
        known = there if there and there.spec.name == KINDS else None
        if self.kinds or (known and self.language and self.kinds is None):
            remembered = dict(known.spec.params)[LANGUAGE] if known else None
            chosen[KIND] = _kinds(self.language or remembered)
        elif self.language and self.kinds is None:
            raise ParameterError("the language of kinds is given, and no kinds are asked for: add --kinds")
        elif known and self.kinds is False:
            del chosen[KIND]
        _check_together(chosen)
        return chosen


class FoundClassifiers(NamedTuple):
    """How classifiers are found today: all of them, as they are to be kept, and why some cannot be run."""

    classifiers: dict[str, StoredClassifier]
    missing: dict[str, ImgsimError]

    @property
    def ready(self) -> list[str]:
        """The attributes that can be measured."""
        return [name for name in self.classifiers if name not in self.missing]


def look_up(chosen: Mapping[str, StoredClassifier]) -> FoundClassifiers:
    """Find classifiers again: what a file or a name stands for today, or else the model that it stood for."""
    found: dict[str, StoredClassifier] = {}
    missing: dict[str, ImgsimError] = {}
    for name, one in chosen.items():
        try:
            found[name] = _find_again(one)
        except ImgsimError as error:
            found[name], missing[name] = one, error
    return FoundClassifiers(found, missing)


def _find_again(one: StoredClassifier) -> StoredClassifier:
    if one.spec.name == KINDS:
        return _kinds(dict(one.spec.params).get(LANGUAGE))
    if one.spec.name == IMAGENET:
        return _load(IMAGENET)
    digest = str(dict(one.spec.params)["sha256"])
    if one.mtime_ns and _state(one.model) == (one.size, one.mtime_ns):
        with suppress(ImgsimError):  # where the cache has it, hundreds of megabytes are not digested again
            return one._replace(spec=_trained(digest))
    if one.mtime_ns:
        with suppress(ImgsimError):
            return _load(one.model)
    return one._replace(spec=_trained(_named(one.model) or digest))


def _named(name: str) -> str:
    """Give the SHA-256 of the model that was imported under a name, whatever files lie here; empty where none was."""
    from imgsim.models.classifier_model import CLASSIFIER_MODELS

    named = CLASSIFIER_MODELS.names().get(name.removeprefix(CLASSIFIER))
    return named.sha256 if named else ""


def _load(model: str) -> StoredClassifier:
    """Load the classifier that a text names; a file is remembered by where it is, whole."""
    if model == IMAGENET:
        from imgsim.features.kinds import ImageNetKinds

        return StoredClassifier(ImageNetKinds().spec, model)
    state = _state(model)
    spec = _trained(model)
    return StoredClassifier(spec, os.path.abspath(model), *state) if any(state) else StoredClassifier(spec, model)


def _state(model: str) -> FileState:
    """Give a file's state; zeros where there is none."""
    with suppress(OSError, ValueError):
        status = os.stat(model)
        return FileState.of(status) if stat.S_ISREG(status.st_mode) else FileState(0, 0)
    return FileState(0, 0)


def _trained(model: str) -> ExtractorSpec:
    from imgsim.features.classifier import load_classifier

    return load_classifier(model, (IMAGENET,)).spec


def _kinds(language: object) -> StoredClassifier:
    from imgsim.features.kinds import OfficeKinds

    return StoredClassifier(OfficeKinds("ko" if language == "ko" else "en").spec)


def _parse(text: str) -> tuple[str, str]:
    """Read ``[NAME=]MODEL``; a file whose name has a sign of equality in it is a model all the same."""
    name, equals, model = text.partition("=")
    if not equals or os.path.isfile(text):
        name, model = CATEGORY, text
    name = composed(name.strip())
    if not name or (not equals and not model):
        raise ParameterError(f"{text!r}: write [NAME=]MODEL, for example category=things.onnx; NAME= takes one back")
    for attribute in labelled(name):
        check_attributes({attribute: None})
        if attribute in (*FIELDS, *COLORS, *HEADERS):
            raise ParameterError(f"{text}: {attribute} is what photos have otherwise; choose another name")
    return name, model.strip()


def _check_together(chosen: Mapping[str, StoredClassifier]) -> None:
    """Make sure that no classifier sets what another does."""
    for name in chosen:
        if labelled(name)[1] in chosen:
            raise ParameterError(f"{labelled(name)[1]} is the probability of {name}: choose another name")
