"""What a run is asked to change of an index as a whole, now and for later runs: extractors, parts, colours, labels."""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING

from imgsim.errors import ImgsimError
from imgsim.index.asked_classifiers import look_up
from imgsim.index.options import Remembered
from imgsim.naming import parse_naming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.core import Extractor
    from imgsim.index.features_file import RowsToImport
    from imgsim.index.options import Options
    from imgsim.index.store.extractor_store import StoredExtractor
    from imgsim.index.store.measurement_store import StoredClassifier
    from imgsim.index.store.store import Store
    from imgsim.index.summary import Observer
    from imgsim.segment.cutter import Cutter


class AskedSettings:
    """Holds options against what a store remembers, and commits what differs; `made` is what holds from now on."""

    def __init__(self, root: str, store: Store, options: Options, observer: Observer) -> None:
        self._root, self._store, self._options, self._observer = root, store, options, observer
        self.made = Remembered.of(store).updated(vars(options))

    @cached_property
    def cutter(self) -> Cutter | None:
        """Make what cuts photos, as it is asked for or as the index remembers it."""
        options = self._options
        if not self._store.cut and options.segment is None:
            if options.background or options.crop is not None:
                raise ImgsimError("a background, or a crop, is of parts that are cut out", remedy="name-segmenter")
            return None
        from imgsim.segment.cutter import settled_cutter

        return settled_cutter(self._store.cut, options.segment, options.background, crop=options.crop)

    @property
    def is_cut_anew(self) -> bool:
        """Whether what cuts photos is to be another than before."""
        return self._owner != self._store.cut

    @property
    def _owner(self) -> str:
        return self.cutter.owner if self.cutter else ""

    def settle(self, wanted: list[Extractor], rows: RowsToImport | None = None) -> list[StoredExtractor]:
        """Commit where the folder is, extractors, what is measured, the default; give all extractors."""
        store = self._store
        if not wanted and not store.extractors():
            wanted = [self._chosen_extractor()]
        with store.transaction():
            if self._options.moved:
                store.root = self._root
            if self.made != Remembered.of(store):
                self.made.keep(store)
            for extractor in wanted:
                store.add_extractor(extractor.spec, extractor.dim, binary=extractor.binary)
            if self.is_cut_anew:  # one that cannot be made again stops the run
                store.choose_cut(self._owner)
            self._settle_colors()
            if self._options.default is not None and not (rows and self.is_default(rows)):
                from imgsim.index.distance import named_query

                store.set_default(named_query(store, [self._options.default]))
        return store.extractors()

    def is_default(self, rows: RowsToImport) -> bool:
        """Tell whether rows are what queries are to use, which are not there before they are stored."""
        default = self._options.default
        return default is not None and parse_naming(default).name == rows.spec.name

    def _chosen_extractor(self) -> Extractor:
        """Choose for an index that has no extractor, where none is named."""
        from imgsim.features import default_extractor, load_extractor

        name = default_extractor()
        self._observer.chosen(name)
        return load_extractor(name)

    def _settle_colors(self) -> None:
        """Commit whether colours are measured, and how: now and in later runs."""
        before, measure = self._store.color_measure, None
        if self._options.colors or (self._options.colors is None and before is not None):
            from imgsim.colors.dominant import measure_identity

            measure = measure_identity()
            if self._store.cut:  # of the parts alone
                measure += f"-{blake2b(self._store.cut.encode(), digest_size=8).hexdigest()}"
        if measure != before:
            self._store.choose_color_measure(measure)

    def settle_classifiers(self, chosen: Mapping[str, StoredClassifier] | None) -> list[str]:
        """Commit by which classifiers photos are labelled, now and in later runs; give the attributes of those here."""
        before = self._store.classifiers
        chosen = before if chosen is None else chosen
        if not chosen and not before:
            return []
        found = look_up(chosen)
        for name, error in found.missing.items():
            self._observer.lacks_classifier(name, error)
        for name, one in found.classifiers.items():
            if name in before and chosen[name] == before[name] and one.spec != before[name].spec:
                self._observer.labels_anew(name, one.model)
        if found.classifiers != before:
            with self._store.transaction():
                self._store.choose_classifiers(found.classifiers)
        return found.ready
