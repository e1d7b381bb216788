"""A store of dictionaries, whose keys are text: what the protocol demands, and nothing that SQLite could leak."""

import copy
import os
import secrets
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import numpy as np

from imgsim.errors import ImgsimError
from imgsim.index.store.feature_store import PartKeys, PartLabel, Rows
from imgsim.index.store.measurement_store import COLORS, CUT, HEADERS, labelled
from imgsim.index.store.photo_file_store import LEFT_OUT, MISSING, HiddenPhoto
from imgsim.index.store.photo_store import StoredPhoto
from imgsim.index.store.stamp import Stamp
from imgsim.tables.values import change_attributes
from tests.index.dict_extractors import DictExtractors
from tests.index.dict_facts import DictFacts, Photo
from tests.index.dict_ledger import DictLedger


class DictStore(DictExtractors, DictLedger):
    def __init__(self, root):
        self.root = root
        self.facts = DictFacts(lambda: self.photos, lambda: self.declared)
        self._identity, self._generation = secrets.token_hex(6), 0
        self._photos, self._failures, self._extractors, self._statistics, self._hidden = {}, {}, {}, {}, {}
        self.cut = ""
        self._calibrations, self._default, self._options, self._measure = {}, None, {}, (None, None)
        self._stale, self._drawn, self.classifiers = set(), {}, {}
        self.declared, self._pairs, self._sight_rules = {}, {}, []

    stamp = property(lambda self: Stamp(self._identity, self._generation))
    options = property(lambda self: copy.deepcopy(self._options))
    sight_rules = property(lambda self: list(self._sight_rules))
    color_measure = property(lambda self: self._measure[0])
    photos = property(lambda self: [self._photos[path] for path in sorted(self._photos, key=os.fsencode)])
    _all = property(lambda self: [*self.photos, *(one for _, one in self._hidden.values())])
    snapshot = staticmethod(nullcontext)
    close = staticmethod(lambda: None)
    faults = staticmethod(list)

    @contextmanager
    def transaction(self):
        before = copy.deepcopy({name: value for name, value in vars(self).items() if name != "facts"})
        try:
            yield
        except BaseException:
            vars(self).update(before)
            raise

    def set_declared(self, declared):
        self.declared = dict(declared)

    def pairs(self, *, decided=False):
        places = {key: tuple(map(os.fsencode, (one.lost_path, one.found_path))) for key, one in self._pairs.items()}
        listed = [self._pairs[key] for key in sorted(self._pairs, key=lambda key: (places[key], key))]
        return [pair for pair in listed if not decided or pair.state != "said"]

    def keep_pairs(self, pairs):
        for pair in pairs:
            if pair.state != "said" or pair[:2] not in self._pairs:
                self._pairs[pair[:2]] = pair

    def forget_pairs(self, pairs):
        for pair in pairs:
            self._pairs.pop(pair, None)

    def photos_with(self, digests):
        found = {digest: [one.key for one in self.photos if one.record.digest == digest] for digest in digests}
        return {digest: keys for digest, keys in found.items() if keys}

    def set_sight_rules(self, rules):
        self._sight_rules = list(rules)

    def known(self):
        return {path: one.known for path, one in self._photos.items()}

    def hidden(self):
        listed = sorted(self._hidden.values(), key=lambda one: (os.fsencode(one[1].record.path), one[1].key))
        return [HiddenPhoto(one.record.path, why, one.known) for why, one in listed]

    def lacking(self, extractor):
        return {one.record.path for one in self.photos if extractor.id not in one.parts["", ""]}

    def put(self, photo):
        if not all(np.isfinite(rows).all() for rows in photo.features.values()):
            raise ImgsimError("only finite numbers are stored")
        record, given = replace(photo.record, attributes={}), photo.record.attributes
        old = self._photos.get(record.path)
        self._generation += 1
        kept = old or Photo(f"photo {self._generation}", record)
        record = replace(record, added_ns=kept.record.added_ns)
        if (kept.record.digest, kept.decoding) != (record.digest, photo.decoding):
            kept.measured, kept.parts, kept.headers = {}, {}, 0
        kept.record, kept.typed, kept.decoding = record, change_attributes(kept.typed, given), photo.decoding
        kept.told = photo.ctime_ns, photo.inode
        kept.measured = change_attributes(kept.measured, photo.measured)
        mine = {part: rows for part, rows in kept.parts.items() if part[0] == photo.owner}
        kept.parts = {("", ""): {}} | {part: rows for part, rows in kept.parts.items() if part not in mine}
        for row, name in enumerate(photo.parts):
            rows = {extractor: rows[row] for extractor, rows in photo.features.items()}
            kept.parts[photo.owner, name] = mine.get((photo.owner, name), {}) | rows
        self._photos[record.path] = kept
        self._failures.pop(record.path, None)

    def choose_cut(self, owner):
        self.cut = owner
        self._generation += 1
        for photo in self._all:
            photo.parts = {part: rows for part, rows in photo.parts.items() if part[0] in ("", owner)}
            photo.measured = change_attributes(photo.measured, dict.fromkeys(CUT))

    def lacking_parts(self, extractor):
        cut = {one.record.path: [rows for (owner, _), rows in one.parts.items() if owner] for one in self.photos}
        return {path for path, parts in cut.items() if not parts or any(extractor.id not in rows for rows in parts)}

    def choose_color_measure(self, identity):
        if identity not in (None, self._measure[1]):
            for photo in self._all:
                photo.measured = change_attributes(photo.measured, dict.fromkeys(COLORS))
        self._measure = identity, identity or self._measure[1]

    def choose_classifiers(self, classifiers):
        for name, before in self.classifiers.items():
            if name not in classifiers or classifiers[name].spec != before.spec:
                for photo in self._all:
                    photo.measured = change_attributes(photo.measured, dict.fromkeys(labelled(name)))
        self.classifiers = dict(classifiers)

    def lacking_measured(self, name):
        return {photo.record.path for photo in self.photos if name not in photo.measured}

    def lacking_headers(self, version):
        return {photo.record.path for photo in self.photos if photo.headers < version}

    def note_headers(self, path, read, version):
        if path in self._photos:
            photo = self._photos[path]
            photo.measured = change_attributes(photo.measured, dict.fromkeys(HEADERS) | read)
            photo.headers = version

    def inherit_added(self, key, of):
        photo, other = (next(one for one in self._all if one.key == some) for some in (key, of))
        both = photo.record.added_ns, other.record.added_ns
        photo.record = replace(photo.record, added_ns=None if None in both else min(both))

    def touch(self, file):
        if file.path in self._photos:
            self._photos[file.path].be_at(file)

    def note_decoding(self, paths, decoding):
        for path in paths:
            self._photos[path].decoding = decoding

    def _take(self, key):
        self._generation += 1
        path = next((path for path, one in self._photos.items() if one.key == key), None)
        return self._photos.pop(path) if path else self._hidden.pop(key)[1]

    def hide(self, keys, why):
        for key in keys:
            self._hidden[key] = (why, self._take(key))

    def place(self, key, file):
        photo = self._photos[file.path] = self._take(key)
        photo.be_at(file)

    def typed(self, key):
        return next(one for one in self._all if one.key == key).typed

    def remove(self, keys):
        for key in keys:
            self._take(key)

    def merge_attributes(self, path, attributes):
        if path not in self._photos:
            raise ImgsimError(f"{path}: not in the index")
        before, photo = str(self._photos[path].typed), self._photos[path]
        photo.typed = change_attributes(photo.typed, attributes)
        return str(photo.typed) != before

    def change_attributes(self, keys, attributes):
        before = [str(photo.typed) for photo in self._all]
        for photo in self._all:
            photo.typed = change_attributes(photo.typed, attributes) if photo.key in keys else photo.typed
        return sum(str(photo.typed) != typed for photo, typed in zip(self._all, before, strict=True))

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
        keys = [key for key, *_ in self._rows()]
        for start in range(0, len(keys), chunk):
            yield self.rows(extractor, keys[start : start + chunk])

    def rows(self, extractor, part_keys):
        stored = {key: rows.get(extractor.id) for key, *_, rows in self._rows()}
        rows, absent = [stored.get(key) for key in part_keys], np.zeros(extractor.dim, np.float32)
        features = np.array([absent if row is None else row for row in rows], np.float32).reshape(-1, extractor.dim)
        return Rows(features, np.array([row is not None for row in rows], bool), np.zeros(len(rows), bool))

    def put_rows(self, extractor, part_keys, rows):
        if not np.isfinite(rows).all():
            raise ImgsimError("only finite numbers are stored")
        mine = {key: held for key, *_, held in self._rows()}
        for key, row in zip(part_keys, rows, strict=True):
            self._generation += 1
            mine[key][extractor.id] = row

    def forget_features(self, extractor, part_keys):
        for key, *_, rows in self._rows():
            self._generation += key in part_keys and rows.pop(extractor.id, None) is not None

    def photo_keys(self):
        return np.array([photo.key for photo in self.photos], str)

    def photo_key(self, path):
        return self._photos[path].key if path in self._photos else None

    def stored_photo(self, key):
        rows = (row for row in self._rows() if row[1].key == key and not row[2])
        found = (StoredPhoto(one.known, part, one.record.width, one.record.height) for part, one, *_ in rows)
        return next(found, None)

    def labels(self, part_keys):
        labels = {key: PartLabel(one.record.path, name, one.seen.attributes) for key, one, _, name, _ in self._rows()}
        return [labels[key] for key in part_keys]

    def counts(self):
        reasons = [why for why, _ in self._hidden.values()]
        hidden = {"missing": reasons.count(MISSING), "left_out": reasons.count(LEFT_OUT)}
        return {"photos": len(self._photos), **hidden, "failures": len(self._failures), "generation": self._generation}
