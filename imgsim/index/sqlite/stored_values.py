"""Values of an index as they are read: each kind by one reader, which lets nothing past that imgsim would not write."""

from __future__ import annotations

import io
import json
import math
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.core import ExtractorSpec, Statistics
from imgsim.errors import ImgsimError, IndexFormatError
from imgsim.images.limits import Limits
from imgsim.index.store.extractor_store import StoredExtractor
from imgsim.index.store.measurement_store import StoredClassifier
from imgsim.index.store.stamp import Stamp
from imgsim.tables.cell_forms import CellForms
from imgsim.tables.values import TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

STORE = re.compile(r"[0-9a-f]{12}")
LONGEST_ROW = 1 << 20  # values; the longest that an extractor of imgsim gives has some 500,000
MOMENTS = ("count", "mean", "variance", "covariance", "sample")  # of `Statistics`, as they are archived


class StoredValues:
    """Reads the values of one index, which its errors name."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def damage(self, what: str, **remedy: Any) -> IndexFormatError:  # noqa: ANN401 (a remedy and its facts)
        """Make the error that says what is damaged, and what to do about it."""
        end = "" if remedy else "; delete it and index again"
        return IndexFormatError(f"{self._directory}: the index is damaged ({what}){end}", **remedy)

    def typed(self, values: Sequence[Any], *kinds: type, of: str) -> Any:  # noqa: ANN401 (a sequence of these)
        """Read values of a row, of these types."""
        if tuple(map(type, values)) != kinds:
            raise self.damage(f"{of} of another type")
        return values

    def columns(self, rows: Sequence[Sequence[Any]], *kinds: type, of: str) -> list[tuple[Any, ...]]:
        """Read rows whose columns are of these types, as columns: many at once take a fifth of one by one."""
        columns = list(zip(*rows, strict=True)) or [() for _ in kinds]
        if any(column and set(map(type, column)) != {kind} for column, kind in zip(columns, kinds, strict=True)):
            raise self.damage(f"{of} of another type")
        return columns

    def paths(self, raw: Sequence[object]) -> list[str]:
        """Read photos' paths as `path` does, which looks at each only where something is odd about any."""
        if os.sep == "/" and all(type(one) is bytes for one in raw):
            joined = b"/".join(raw)  # type: ignore[arg-type] # bytes, as was just seen
            if b"\0" not in joined and b".." not in joined and b"//" not in b"/" + joined + b"/":
                encoding, errors = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
                return [one.decode(encoding, errors) for one in raw]  # type: ignore[attr-defined]
        return list(map(self.path, raw))

    def path(self, raw: object) -> str:
        """Read a photo's path, which never leads out of the indexed folder."""
        if not isinstance(raw, bytes) or not raw or b"\0" in raw:
            raise self.damage("a path that is none")
        path = os.fsdecode(raw)
        if leads_out(path):
            raise self.damage(f"the path {path!a} leads out of the indexed folder")
        return path

    def root(self, raw: object) -> str:
        """Read the indexed folder."""
        if not isinstance(raw, bytes) or b"\0" in raw or not os.path.isabs(os.fsdecode(raw)):
            raise self.damage("no path of the indexed folder")
        return os.fsdecode(raw)

    def stamp(self, store: object, generation: object) -> Stamp:
        """Read what names the content; names of files are made of it."""
        if not isinstance(store, str) or not STORE.fullmatch(store):
            raise self.damage("no name of its own")
        return Stamp(store, self.generation(generation))

    def generation(self, raw: object) -> int:
        """Read the number of changes."""
        if type(raw) is not int or raw < 0:
            raise self.damage("no generation")
        return raw

    def moment(self, raw: object) -> int | None:
        """Read when a photo was added, in nanoseconds since the epoch; None where that is unknown."""
        if raw is not None and type(raw) is not int:
            raise self.damage("when a photo was added, of another type")
        return raw

    def text(self, raw: object, of: str) -> str:
        """Read text."""
        if not isinstance(raw, str):
            raise self.damage(f"{of} of another type")
        return raw

    def json(self, raw: object, of: str) -> dict[str, Any]:
        """Read a JSON object."""
        try:
            read = json.loads(self.text(raw, of))
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, dict):
            raise self.damage(f"{of}: no JSON object")
        return read

    def options(self, raw: object) -> dict[str, Any]:
        """Read how the index was made."""
        options = self.json("{}" if raw is None else raw, "its options")
        patterns = [options.get(name, []) for name in ("include", "exclude")]
        listed = all(isinstance(some, list) and all(isinstance(one, str) for one in some) for some in patterns)
        limited = all(_is_positive(options.get(name, 1)) for name in Limits._fields)
        if not listed or not limited or not isinstance(options.get("exif", False), bool):
            raise self.damage("its options")
        self._check_forms(options)
        return options

    def _check_forms(self, options: dict[str, Any]) -> None:
        """Make sure that how tables are written is told as a user would."""
        encoding = options.get("encoding")
        try:
            CellForms(**options.get("forms", {}))
            told = encoding is None or isinstance(encoding, str)
        except (ImgsimError, TypeError, AttributeError):
            told = False
        if not told:
            raise self.damage("its options")

    def declared(self, raw: object) -> dict[str, str]:
        """Read the types of attributes that are known whether or not photos have them."""
        declared = self.json("{}" if raw is None else raw, "its declared attributes")
        if not all(name and type_ in TYPES for name, type_ in declared.items()):
            raise self.damage("its declared attributes")
        return declared

    def sight_rules(self, raw: object) -> list[str]:
        """Read the expressions that keep photos out of sight; whether they can be asked, is another question."""
        rules = self.json('{"rules": []}' if raw is None else raw, "its rules of what is out of sight").get("rules")
        if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
            raise self.damage("its rules of what is out of sight")
        return rules

    def default(self, raw: object) -> tuple[list[tuple[int, float]], str | None]:
        """Read what queries compare by: extractors, by key, with their weights, and a metric."""
        read = self.json('{"extractors": []}' if raw is None else raw, "its default")
        pairs, metric = read.get("extractors"), read.get("metric")
        if not isinstance(pairs, list) or not isinstance(metric, str | None) or not all(map(_is_weighted, pairs)):
            raise self.damage("its default")
        return [(key, weight) for key, weight in pairs], metric

    def extractor(self, key: int, spec: object, dim: object, binary: object) -> StoredExtractor:
        """Read an extractor; whether this imgsim makes it, is another question."""
        read = self._spec(spec, "an extractor's spec")
        if type(dim) is not int or not 0 < dim <= LONGEST_ROW or binary not in (0, 1):
            raise self.damage(f"{read.name} with rows of {dim!a} values")
        return StoredExtractor(key, read, dim, bool(binary))

    def _spec(self, raw: object, what: str) -> ExtractorSpec:
        read = self.json(raw, what)
        name, params, version = (read.get(part) for part in ("name", "params", "version"))
        if not isinstance(name, str) or type(version) is not int or not isinstance(params, dict):
            raise self.damage(what)
        if not all(isinstance(value, str | int | float) for value in params.values()):
            raise self.damage(what)
        return ExtractorSpec(name, tuple(sorted(params.items())), version)

    def classifiers(self, raw: object) -> dict[str, StoredClassifier]:
        """Read the classifiers that label photos, by attribute; whether they are here, is another question."""
        what = "its classifiers"
        read = {} if raw is None else self.json(raw, what)
        kept = {}
        for name, one in read.items():
            fields = ("model", "size", "mtime_ns")
            state: list[Any] = [one.get(field) for field in fields] if isinstance(one, dict) else []
            if list(map(type, state)) != [str, int, int]:
                raise self.damage(what)
            kept[name] = StoredClassifier(self._spec(one.get("spec"), what), *state)
        return kept

    def statistics(self, archive: object, extractor: StoredExtractor) -> Statistics:
        """Read an extractor's statistics, from an archive that is never larger than it looks."""
        try:
            if not isinstance(archive, bytes) or _unpacked_size(archive) > len(archive):
                raise ValueError
            with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
                count, *moments = (arrays.get(name) for name in MOMENTS)
                statistics = Statistics(int(count), *moments)
            _check_shapes(statistics, extractor.dim)
        except _archive_errors() as error:
            raise self.damage(f"the statistics of {extractor.spec}", remedy="refit") from error
        return statistics


def leads_out(path: str) -> bool:
    """Tell whether a path, joined to the indexed folder, may be outside of it."""
    absolute = path.startswith("/") or (os.sep != "/" and os.path.isabs(path))
    return absolute or (".." in path and ".." in path.split("/"))


def _archive_errors() -> tuple[type[Exception], ...]:
    """Name what damage to an archive surfaces as."""
    import zipfile
    import zlib

    values = (ValueError, TypeError, KeyError, EOFError, OSError, SyntaxError, MemoryError, RecursionError)
    return (*values, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value > 0


def _is_weighted(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and type(pair[0]) is int and _is_positive(pair[1])


def _unpacked_size(archive: bytes) -> int:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        return sum(member.file_size for member in members.infolist())


def _check_shapes(statistics: Statistics, dim: int) -> None:
    """Raise ValueError where an array is not of the shape that rows of `dim` values give."""
    mean, variance, covariance, sample = (getattr(statistics, name) for name in MOMENTS[1:])
    shaped = [(mean, (dim,)), (variance, (dim,)), (sample, (np.size(sample) // dim, dim))]
    shaped += [] if covariance is None else [(covariance, (dim, dim))]
    for array, shape in shaped:
        if np.shape(array) != shape or array.dtype.kind != "f" or not np.isfinite(array).all():
            raise ValueError(shape)
    if statistics.count < 1:
        raise ValueError(statistics.count)
