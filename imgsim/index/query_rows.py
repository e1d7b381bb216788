"""The rows that a query asks by: measured from its photos, or as the index has them where those have not changed."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.errors import ImageReadError, ParameterError
from imgsim.features.measure import measure_all
from imgsim.file_state import identity_of
from imgsim.index.external_rows import RowsByContent, measurable
from imgsim.index.unchanged_photos import UnchangedPhotos
from imgsim.naming import is_external
from imgsim.paths import key_within
from imgsim.search.ranking import pair_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.file_state import Identity
    from imgsim.images.limits import Limits
    from imgsim.images.photo import Photo
    from imgsim.index.distance import ChosenDistance
    from imgsim.index.store.store import Store
    from imgsim.index.unchanged_photos import StoredRows
    from imgsim.search.ranking import Term
    from imgsim.segment.cut_parts import Box
    from imgsim.segment.cutter import Cutter

BLOCK = 64  # rows that are compared by one matrix product: few enough for the first to be answered at once
BLOCK_BYTES = 1 << 26  # of their bounds


class AskedThing(NamedTuple):
    """One thing that is asked by: `rows` (V, R) a term, the files that show it, and the photos of these."""

    rows: list[NDArray[Any]]
    files: Collection[Identity]
    photos: Collection[Hashable]


class AskedPart(NamedTuple):
    """A part of a photo that is asked by: its label, and where on the photo it lies, in shares."""

    name: str
    box: Box
    thing: AskedThing


class QueryRows:
    """Makes rows of photos, by the extractors of a distance."""

    def __init__(self, distance: ChosenDistance) -> None:
        self._extractors, self._store = distance.extractors, distance.store

    def blocks(
        self, things: Iterable[Sequence[Photo]], terms: Sequence[Term], limits: Limits, *, include_self: bool
    ) -> Iterator[list[AskedThing] | ImageReadError]:
        """Gather things whose rows the index has, to be ranked together; all others come one by one, as they are read.

        The error of one that cannot be read is among them.
        """
        most = min(BLOCK, max(1, BLOCK_BYTES // (pair_bytes(terms) * max(1, len(terms[0].gallery.rows)))))
        block: list[AskedThing] = []
        for views in things:
            stored = [self._unchanged.find(view, limits) for view in views]
            if block and (None in stored or sum(len(asked.rows[0]) for asked in block) + len(views) > most):
                yield block
                block = []
            asked = self._asked(views, stored, terms, limits, include_self=include_self)
            if isinstance(asked, ImageReadError):
                yield asked
            elif None in stored:
                yield [asked]
            else:
                block.append(asked)
        if block:
            yield block

    def _asked(
        self,
        views: Sequence[Photo],
        stored: Sequence[StoredRows | None],
        terms: Sequence[Term],
        limits: Limits,
        *,
        include_self: bool,
    ) -> AskedThing | ImageReadError:
        """Bring the views of a thing into the space of each term."""
        try:
            rows = self._rows(views, stored, limits)
        except ImageReadError as error:
            return error
        named = [os.fspath(view) for view in views if isinstance(view, str | os.PathLike) and not include_self]
        embedded = [term.metric.embed(one) for term, one in zip(terms, rows, strict=True)]
        files = {file for name in named if (file := identity(name)) is not None}
        return AskedThing(embedded, files, keys_of(self._store, named))

    def parts(
        self, photo: Photo, cutter: Cutter, terms: Sequence[Term], limits: Limits, *, include_self: bool
    ) -> list[AskedPart]:
        """Cut the parts out of a photo, and bring each into the space of each term, or raise its ImageReadError."""
        from imgsim.features.measure import Task, measure
        from imgsim.images.photo import to_source

        if any(is_external(one.stored.spec.name) for one in self._extractors):
            raise ParameterError("rows that came from a file are of whole photos: ask without parts")
        name = os.fspath(photo) if isinstance(photo, str | os.PathLike) else "-"
        extractors = [one.extractor for one in self._extractors]
        task = Task(to_source(photo), name, (), (), range(len(extractors)))
        (measured,) = measure([task], extractors, cutter=cutter, limits=limits)
        if isinstance(measured, ImageReadError):
            raise measured
        parts = measured.parts
        if parts is None or not parts.names:
            raise ImageReadError(name, parts.reason if parts else f"no {cutter.wanted} on it")
        named = [name] if name != "-" and not include_self else []
        files, keys = {file for one in named if (file := identity(one)) is not None}, keys_of(self._store, named)
        asked = []
        for place, part in enumerate(parts.names):
            of_part = (parts.features[number][place : place + 1] for number in range(len(extractors)))
            rows = [term.metric.embed(row) for term, row in zip(terms, of_part, strict=True)]
            asked.append(AskedPart(part, parts.boxes[place], AskedThing(rows, files, keys)))
        return asked

    def _rows(self, views: Sequence[Photo], stored: Sequence[StoredRows | None], limits: Limits) -> list[Features]:
        """Give the rows of the views, (V, D) an extractor."""
        made = [one for one in self._extractors if not is_external(one.stored.spec.name)]
        unknown = [view for view, its in zip(views, stored, strict=True) if its is None]
        measured: dict[int, Features] = {}
        if unknown and made:
            rows = measure_all(unknown, [one.extractor for one in made], limits=limits)
            measured = {one.stored.id: its for one, its in zip(made, rows, strict=True)}
        digests = [its.digest if its else None for its in stored]
        of_each = []
        for one in (chosen.stored for chosen in self._extractors):
            if is_external(one.spec.name):
                of_each.append(self._contents.of_photos(one, views, digests))
                continue
            fresh = iter(measured.get(one.id, ()))
            own = [its.rows[one.id] if its else next(fresh)[None] for its in stored]
            of_each.append(np.concatenate([np.zeros((0, one.dim), np.float32), *own]))
        return of_each

    @cached_property
    def _unchanged(self) -> UnchangedPhotos:
        return UnchangedPhotos(self._store, measurable(one.stored for one in self._extractors))

    @cached_property
    def _contents(self) -> RowsByContent:
        return RowsByContent(self._store)


def identity(path: str) -> Identity | None:
    """Tell which file a path leads to; None where it is gone."""
    try:
        return identity_of(path)
    except OSError:
        return None


def keys_of(store: Store, files: Iterable[str]) -> set[Hashable]:
    """Give the keys of the photos that are files, by their real paths."""
    root = os.path.realpath(store.root)
    paths = filter(None, (key_within(root, os.path.realpath(file)) for file in files))
    return {key for path in paths if (key := store.photo_key(path)) is not None}
