"""Conditions answered by looking at every photo of a store of dictionaries."""

import operator
import os
from dataclasses import dataclass, field, replace

import numpy as np

from imgsim.core import ImageRecord
from imgsim.index.store.photo_file_store import Known
from imgsim.paths import composed
from imgsim.tables.values import facts_of
from imgsim.where.facts import AttributeCount
from imgsim.where.order import PLAIN
from imgsim.where.patterns import PATTERNS, pattern_of

SIGNS = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass
class Photo:
    key: str
    record: ImageRecord
    typed: dict = field(default_factory=dict)
    measured: dict = field(default_factory=dict)
    parts: dict = field(default_factory=dict)  # features by part (owner and name), then by extractor
    decoding: int = 1
    told: tuple = (0, 0)  # change time and inode
    headers: int = 0  # the version of reading them
    seen = property(lambda self: replace(self.record, attributes=self.measured | self.typed))
    state = property(lambda self: (self.record.size, self.record.mtime_ns, self.record.digest, self.decoding))
    known = property(lambda self: Known(*self.state, *self.told, self.key))

    def be_at(self, file):
        self.record = replace(self.record, path=file.path, size=file.size, mtime_ns=file.mtime_ns)
        self.told = file.ctime_ns, file.inode


class DictFacts:
    """A `FactTable` that looks at every photo."""

    def __init__(self, photos, declared):
        self._photos, self._declared = photos, declared

    def _all(self):
        """Give each fact of each photo: its key, and the fact's name, type and value."""
        return ((photo.key, *fact) for photo in self._photos() for fact in facts_of(photo.seen.attributes))

    def types(self):
        facts = sorted({(name, type_) for _, name, type_, _ in self._all()})
        facts += self._declared().items()
        return {name: {type_ for other, type_ in facts if other == name} for name, _ in facts}

    def counts(self):
        having = {(name, key) for key, name, *_ in self._all()}
        types = self.types()
        counts = {name: sum(other == name for other, _ in having) for name in types}
        return [AttributeCount(name, tuple(sorted(types[name])), counts[name]) for name in sorted(types)]

    def where(self, comparison):
        if comparison.field:
            values = [(photo.key, getattr(photo.record, comparison.name)) for photo in self._photos()]
        else:
            asked = comparison.name, comparison.type
            values = [(key, value) for key, name, type_, value in self._all() if (name, type_) == asked]
        return np.array([key for key, value in values if value is not None and fits(comparison, value)], str)

    def having(self, name):
        return np.array([key for key, other, *_ in self._all() if other == name], str)

    def ranks(self, name, *, field):
        found = [(key, type_, value) for key, other, type_, value in self._all() if other == name and type_ in PLAIN]
        if field:
            values = [(photo.key, "number", getattr(photo.record, name)) for photo in self._photos()]
            values = [one for one in values if one[-1] is not None]
            found = [
                (key, type_, os.fsencode(value) if isinstance(value, str) else value) for key, type_, value in values
            ]
        order = sorted({(PLAIN.index(type_), value) for _, type_, value in found})
        places = [order.index((PLAIN.index(type_), value)) for _, type_, value in found]
        return np.array([key for key, *_ in found], str), np.array(places, np.int64)

    def texts(self, name):
        return list({value: None for _, other, type_, value in self._all() if (other, type_) == (name, "text")})

    def _objects(self, name):
        seen = ((photo.key, photo.seen.attributes.get(name)) for photo in self._photos())
        return [(key, value) for key, value in seen if isinstance(value, dict)]

    def numbers_within(self, name, member):
        found = [(key, value[member]) for key, value in self._objects(name) if type(value.get(member)) in (int, float)]
        return np.array([key for key, _ in found], str), np.array([number for _, number in found], float)

    def names_within(self, name):
        return sorted({member for _, value in self._objects(name) for member in value})


def fits(comparison, value):
    """Tell whether a value fits; a date stands for all moments that begin with it."""
    if comparison.operator in PATTERNS:
        return PATTERNS[comparison.operator](value, pattern_of(comparison.operator, str(comparison.values[0])))
    signs = ">=", "<="
    if comparison.operator != "between":
        signs = (comparison.operator,)
    plain = (
        (lambda one: os.fsencode(composed(one))) if comparison.field and comparison.type == "text" else lambda one: one
    )
    return all(
        SIGNS[sign](plain(value[: len(wanted)] if comparison.type == "date" else value), plain(wanted))
        for sign, wanted in zip(signs, comparison.values, strict=True)
    )
