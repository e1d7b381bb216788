"""Learned models in the model cache: ONNX files named by their SHA-256, and the names that users gave them."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import UnknownModelError, WeightsError, first_few, propose
from imgsim.files import write_whole
from imgsim.models.cache import SHA256, SHOWN_DIGITS, about, digest_file, models_directory
from imgsim.models.defaults import read_defaults, write_defaults
from imgsim.models.graph import check_graph
from imgsim.models.header import ENSEMBLE, KINDS, Header, check_seal, header_of, read_header
from imgsim.models.model_limits import look_limited
from imgsim.models.regular_file import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from imgsim.models.session import Session

DIGITS = re.compile(rf"[0-9a-f]{{{SHOWN_DIGITS},64}}", re.ASCII)
FEW_DIGITS = re.compile("[0-9a-f]{4,64}", re.ASCII)  # fewer could be a name that was mistyped


class LearnedModel(NamedTuple):
    """A learned model in the cache."""

    path: str
    sha256: str
    shelf: ModelShelf

    @property
    def naming(self) -> str:
        """How this model, and no other, is written."""
        return f"{self.shelf.title}:{self.sha256[:SHOWN_DIGITS]}"

    @property
    def name(self) -> str:
        """Of the file."""
        return os.path.basename(self.path)

    def about(self) -> AbstractContextManager[None]:
        """Say of errors within that they are this file's, and what to do if it is not what its name says."""
        return about(self.path, "replace-learned", name=self.naming)

    def verify(self) -> str:
        """Make sure that the file is what its name says."""
        if digest_file(self.path) != self.sha256:
            with self.about():
                raise WeightsError("damaged or tampered with")
        return self.path

    def header(self) -> Header:
        """Read what the model says of itself, without opening it."""
        with self.about():
            return read_header(self.verify(), *self.shelf.kinds)

    def open(self, device: str | None = None) -> Session:
        """Open the model."""
        with self.about():
            return open_learned(self.path, self.header().kind, device)


class ModelShelf(NamedTuple):
    """The learned models of one use: what they are called, the file of users' names, and the kinds that they are of."""

    title: str
    file: str
    kinds: tuple[str, ...]

    def models(self) -> list[LearnedModel]:
        """List those in the cache, the newest first."""
        aged, form = [], re.compile(rf"{self.title}--({SHA256.pattern})\.onnx", re.ASCII)
        for path in Path(models_directory()).glob(f"{self.title}--*.onnx"):
            with suppress(OSError):  # another process removed it, or what a link points to is not there
                status = path.stat()
                if stat.S_ISREG(status.st_mode) and (matched := form.fullmatch(path.name)):
                    aged.append((-status.st_mtime_ns, LearnedModel(str(path), matched[1], self)))
        return [model for _, model in sorted(aged)]

    def names(self) -> dict[str, LearnedModel]:
        """Give the models in the cache that have a name, by it."""
        there = {model.name: model for model in self.models()}
        named = read_defaults(models_directory(), self.file)
        return {name: there[file] for name, file in named.items() if file in there}

    def keep_name(self, name: str, model: LearnedModel) -> LearnedModel | None:
        """Let a name stand for a model from now on; give the one that it stood for before, if that is another."""
        before = self.names().get(name)
        folder = models_directory()
        write_defaults(folder, {**read_defaults(folder, self.file), name: model.name}, self.file)
        return before if before and before != model else None

    def find(self, digits: str) -> LearnedModel:
        """Find a model in the cache by its SHA-256, or by its first digits, if no other's begins so.

        WeightsError without one; UnknownModelError where there are too few digits, or it is a name.
        """
        there = self.models() if FEW_DIGITS.fullmatch(digits) else []
        found = [model for model in there if model.sha256.startswith(digits)]
        if len(found) == 1:
            return found[0]
        if found:
            begun = first_few([model.naming for model in found])
            raise WeightsError(f"{self.title}:{digits}: {len(found)} models begin so: {begun}")
        if DIGITS.fullmatch(digits):
            told = f"the {self.title} {digits[:SHOWN_DIGITS]} is not in {models_directory()}"
            raise WeightsError(told, remedy="import-learned", digits=digits)
        raise UnknownModelError(self.title, digits, self.namings())

    def namings(self) -> list[str]:
        """List how models are written, the newest first: by a name that they have, or else by their digits."""
        names = self.names()
        nameless = [model.naming for model in self.models() if model not in names.values()]
        return [*(f"{self.title}:{name}" for name in names), *nameless]

    def is_model(self, text: str) -> bool:
        """Tell whether a text is what `spell` takes."""
        return os.path.isfile(text) or bool(DIGITS.fullmatch(text)) or text in self.names()

    def spell(self, text: str, others: Iterable[str] = ()) -> str:
        """Put the digits of a model's SHA-256 in place of its path, or of the name that it was imported under.

        A model named by its path is copied into the cache, unless it is there. `others` could have been meant as well.
        """
        if os.path.isfile(text):
            return self.bring(text).sha256[:SHOWN_DIGITS]
        if named := self.names().get(text):
            return named.sha256[:SHOWN_DIGITS]
        if DIGITS.fullmatch(text):  # of a model that an index has, be it here or not
            return text[:SHOWN_DIGITS]
        told = f"{self.title}:{text}: no such file, and no model was imported under that name"
        proposed = propose(text, [*self.namings(), *others], UnknownModelError.compared)
        raise WeightsError(f"{told}: {proposed}" if proposed else told)

    def bring(self, path: str) -> LearnedModel:
        """Put a model into the cache, unless it is there; WeightsError where it is none, or takes too much."""
        with about(path):
            digest = digest_file(path)
            there = LearnedModel(os.path.join(models_directory(), f"{self.title}--{digest}.onnx"), digest, self)
            if os.path.isfile(there.path) and digest_file(there.path) == digest:
                return there
            data = read_regular(path)
            check_seal(data)
            check_graph(data)
            kind = read_header(path, *self.kinds).kind
            look_limited(path, try_learned, data, kind)
        if hashlib.sha256(data).hexdigest() != digest:
            raise WeightsError(f"{path}: written to while it was read")
        write_whole(there.path, data)
        return there


def open_learned(model: bytes | str, kind: str, device: str | None = None) -> Session:
    """Open a model; one that takes no images so that it gives the same to the last bit wherever it runs."""
    from imgsim.models.session import Session

    if KINDS[kind].takes == "images":
        return Session(model, device, kind)
    return Session(model, "cpu", kind, threads=1)


def try_learned(data: bytes, kind: str) -> None:
    """Run a sample, of an ensemble also by each member: a header may be true of another model than it came with."""
    if kind != ENSEMBLE:
        session = open_learned(data, kind, "cpu")
        width = session.width_taken
        side = session.header.images.crop if session.header.images else 0
        if not side and not isinstance(width, int):
            raise WeightsError("does not say how many values it takes")
        _run_sample(session, (1, 3, side, side) if side else (1, width))
        return
    from imgsim.models.ensemble_file import unpack_ensemble  # which imports NumPy: names are completed without

    header = header_of(data, ENSEMBLE)
    members, vote = unpack_ensemble(data, header)
    for member in members:
        try_learned(member.data, member.header.kind)
    _run_sample(open_learned(vote, kind), (1, len(members), header.dim))


def _run_sample(session: Session, shape: tuple[int, ...]) -> None:
    import numpy as np

    rows = session.run(np.random.default_rng(0).standard_normal(shape, np.float32))
    if not np.isfinite(rows).all():
        raise WeightsError(f"does not make the {session.header.dim} finite values that it says")
