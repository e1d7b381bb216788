"""What is measured of the photos of a SQLite index besides features, and how."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from imgsim.index.sqlite.fact_rows import Held
from imgsim.index.sqlite.photo_rows import PhotoRows
from imgsim.index.store.measurement_store import COLORS, CUT, HEADERS, StoredClassifier, labelled
from imgsim.tables.values import change_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class MeasurementRows(PhotoRows):
    """Measured attributes, as `imgsim.index.store.measurement_store.MeasurementStore` describes them."""

    @property
    def cut(self) -> str:
        """What cuts photos into parts, as their owner; empty where nothing does."""
        owner = self._meta("cut")
        return "" if owner is None else self.values.text(owner, "what cuts photos into parts")

    def choose_cut(self, owner: str) -> None:
        """Choose what cuts photos into parts from now on; what others made is forgotten."""
        self._write("DELETE FROM parts WHERE owner NOT IN ('', ?)", owner)
        self._forget_measured(CUT)
        self._set_meta("cut", owner)

    @property
    def color_measure(self) -> str | None:
        """How the colours of photos are measured, by its identity; None where nobody asks for them."""
        measure = self._meta("color_measure")
        return None if measure is None else self.values.text(measure, "how colours are measured")

    def choose_color_measure(self, identity: str | None) -> None:
        """Choose how colours are measured from now on; what was measured otherwise is forgotten."""
        if identity is not None and identity != self._meta("palettes_by"):
            self._forget_measured(COLORS)
            self._set_meta("palettes_by", identity)
        self._set_meta("color_measure", identity)

    @property
    def classifiers(self) -> dict[str, StoredClassifier]:
        """The classifiers by which photos are labelled, by the attribute that each sets."""
        return self.values.classifiers(self._meta("classifiers"))

    def choose_classifiers(self, classifiers: Mapping[str, StoredClassifier]) -> None:
        """Choose how photos are labelled from now on; what others than these said is forgotten."""
        for name, before in self.classifiers.items():
            if name not in classifiers or classifiers[name].spec != before.spec:
                self._forget_measured(labelled(name))
        kept = {name: one._asdict() | {"spec": one.spec.to_json()} for name, one in classifiers.items()}
        self._set_meta("classifiers", json.dumps(kept))

    def _forget_measured(self, names: Iterable[str]) -> None:
        """Forget what was measured under some names, of hidden photos too."""
        forgotten = dict.fromkeys(names)
        for (key,) in self._connection.execute("SELECT id FROM images WHERE measured != '{}'").fetchall():
            held = self.facts.held(key)
            self.facts.write(key, held, Held(held.typed, change_attributes(held.measured, forgotten)))

    def lacking_measured(self, name: str) -> set[str]:
        """Give the paths of photos of which nothing was measured under a name."""
        rows = self._connection.execute(  # not by a path, in which SQLite before 3.45 finds ASCII names alone
            "SELECT path FROM images WHERE hidden = ''"
            " AND NOT EXISTS (SELECT 1 FROM json_each(measured) WHERE key = ?)",
            (name,),
        )
        return {self.values.path(path) for (path,) in rows}

    def lacking_headers(self, version: int) -> set[str]:
        """Give the paths of photos whose headers were not read under this version, or a later one, of reading them."""
        rows = self._connection.execute("SELECT path FROM images WHERE hidden = '' AND headers < ?", (version,))
        return {self.values.path(path) for (path,) in rows}

    def note_headers(self, path: str, read: Mapping[str, Any], version: int) -> None:
        """Note what was read from a photo's headers, in place of what was before."""
        key = self.photo_key(path)
        if key is None:
            return
        held = self.facts.held(key)
        measured = change_attributes(held.measured, {**dict.fromkeys(HEADERS), **read})
        self.facts.write(key, held, Held(held.typed, measured))
        self._connection.execute("UPDATE images SET headers = ? WHERE id = ?", (version, key))
