"""A store of dictionaries, whose keys are text: what the protocol demands, and nothing that SQLite could leak."""

import copy
import os
import secrets
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import numpy as np

from imgsim.errors import ImgsimError
from imgsim.index.store import COLORS, DefaultQuery, Known, PartKeys, PartLabel, Stamp, StoredExtractor
from imgsim.tables.values import change_attributes
from tests.index.dict_facts import DictFacts, Photo
from tests.index.dict_ledger import DictLedger


class DictStore(DictLedger):
    def __init__(self, root):
        self.root = root
        self.facts = DictFacts(lambda: self.photos)
        self._identity, self._generation = secrets.token_hex(6), 0
        self._photos, self._failures, self._extractors, self._statistics = {}, {}, {}, {}
        self._calibrations, self._default, self._options, self._measure = {}, None, {}, (None, None)
        self._stale, self._drawn = set(), {}

    stamp = property(lambda self: Stamp(self._identity, self._generation))
    options = property(lambda self: copy.deepcopy(self._options))
    color_measure = property(lambda self: self._measure[0])
    photos = property(lambda self: [self._photos[path] for path in sorted(self._photos, key=os.fsencode)])
    snapshot = staticmethod(nullcontext)
    close = staticmethod(lambda: None)

    @contextmanager
    def transaction(self):
        before = copy.deepcopy({name: value for name, value in vars(self).items() if name != "facts"})
        try:
            yield
        except BaseException:
            vars(self).update(before)
            raise

    def set_options(self, options):
        self._options = dict(options)

    def extractors(self):
        return list(self._extractors.values())

    def default_query(self):
        chosen = self._default and all(one.id in self._extractors for one, _ in self._default.extractors)
        first = next(iter(self._extractors.values()), None)
        return self._default if chosen else first and DefaultQuery(((first, 1.0),))

    def set_default(self, query):
        self._default = query

    def add_extractor(self, spec, dim, *, binary):
        for extractor in self.extractors():
            if extractor.spec == spec:
                return extractor
        self._generation += 1
        return self._extractors.setdefault(self._generation, StoredExtractor(self._generation, spec, dim, binary))

    def drop_extractor(self, extractor):
        self._calibrations = {name: one for name, one in self._calibrations.items() if extractor.id not in one[0]}
        self._extractors.pop(extractor.id)
        self._generation += 1
        self._statistics.pop(extractor.id, None)
        for photo in self.photos:
            for rows in photo.parts.values():
                rows.pop(extractor.id, None)

    def count_features(self, extractor):
        return sum(extractor.id in rows for photo in self.photos for rows in photo.parts.values())

    def is_pinned(self, extractor):
        return extractor.id in self._statistics

    def statistics(self, extractor):
        return self._statistics.get(extractor.id)

    def pin_statistics(self, extractor, statistics):
        self._statistics[extractor.id] = statistics
        self._generation += 1

    def calibrations(self):
        return {name: calibration for name, (_, calibration) in self._calibrations.items()}

    def keep_calibration(self, distance, extractors, calibration):
        self._calibrations[distance] = {extractor.id for extractor in extractors}, calibration
        self._stale.discard(distance)

    def stale_calibrations(self):
        return self._stale & self._calibrations.keys()

    def make_calibrations_stale(self):
        self._stale = set(self._calibrations)

    def forget_calibrations(self):
        self._calibrations.clear()

    def known(self):
        states = {path: (one.record, one.decoding) for path, one in self._photos.items()}
        return {path: Known(one.size, one.mtime_ns, one.digest, by) for path, (one, by) in states.items()}

    def lacking(self, extractor):
        return {one.record.path for one in self.photos if not any(extractor.id in rows for rows in one.parts.values())}

    def put(self, photo):
        record, given = replace(photo.record, attributes={}), photo.record.attributes
        old = self._photos.get(record.path)
        self._generation += 1
        kept = old or Photo(f"photo {self._generation}", record)
        if (kept.record.digest, kept.decoding) != (record.digest, photo.decoding):
            kept.measured, kept.parts = {}, {}
        kept.record, kept.typed, kept.decoding = record, change_attributes(kept.typed, given), photo.decoding
        kept.measured = change_attributes(kept.measured, photo.measured)
        mine = {part: rows for part, rows in kept.parts.items() if part[0] == photo.owner}
        kept.parts = {("", ""): {}} | {part: rows for part, rows in kept.parts.items() if part not in mine}
        for row, name in enumerate(photo.parts):
            rows = {extractor: rows[row] for extractor, rows in photo.features.items()}
            kept.parts[photo.owner, name] = mine.get((photo.owner, name), {}) | rows
        self._photos[record.path] = kept
        self._failures.pop(record.path, None)

    def choose_color_measure(self, identity):
        if identity not in (None, self._measure[1]):
            for photo in self.photos:
                photo.measured = change_attributes(photo.measured, dict.fromkeys(COLORS))
        self._measure = identity, identity or self._measure[1]

    def lacking_colors(self):
        return {photo.record.path for photo in self.photos if COLORS[-1] not in photo.measured}

    def touch(self, path, size, mtime_ns):
        if path in self._photos:
            self._photos[path].record = replace(self._photos[path].record, size=size, mtime_ns=mtime_ns)

    def note_decoding(self, paths, decoding):
        for path in paths:
            self._photos[path].decoding = decoding

    def rename(self, old, new, mtime_ns):
        self._generation += 1
        photo = self._photos[new] = self._photos.pop(old)
        photo.record = replace(photo.record, path=new, mtime_ns=mtime_ns)

    def remove(self, paths):
        for path in paths:
            self._generation += self._photos.pop(path, None) is not None

    def merge_attributes(self, path, attributes):
        if path not in self._photos:
            raise ImgsimError(f"{path}: not in the index")
        before, photo = str(self._photos[path].typed), self._photos[path]
        photo.typed = change_attributes(photo.typed, attributes)
        return str(photo.typed) != before

    def records(self, keys, chunk=1000):
        return map({photo.key: photo.seen for photo in self.photos}.__getitem__, keys)

    def _rows(self):
        for photo in self.photos:
            for (owner, name), rows in sorted(photo.parts.items()):
                yield f"{photo.key}/{owner}/{name}", photo, owner, name, rows

    def part_keys(self):
        keys = [(key, photo.key, not owner) for key, photo, owner, *_ in self._rows()]
        return PartKeys(*(np.array([key[place] for key in keys], kind) for place, kind in enumerate((str, str, bool))))

    def features(self, extractor, chunk=256):
        stored = [rows.get(extractor.id) for *_, rows in self._rows()]
        for start in range(0, len(stored), chunk):
            rows = stored[start : start + chunk]
            absent = np.zeros(extractor.dim, np.float32)
            features = np.stack([absent if row is None else row for row in rows]).astype(np.float32)
            yield features, np.array([row is not None for row in rows])

    def photo_keys(self):
        return np.array([photo.key for photo in self.photos], str)

    def photo_key(self, path):
        return self._photos[path].key if path in self._photos else None

    def labels(self, part_keys):
        labels = {key: PartLabel(one.record.path, name, one.seen.attributes) for key, one, _, name, _ in self._rows()}
        return [labels[key] for key in part_keys]

    def counts(self):
        return {"photos": len(self._photos), "failures": len(self._failures), "generation": self._generation}
