"""Rows that came from a file, where a photo's are wanted: for a query by it, and for a copy of it."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.errors import ImageReadError
from imgsim.naming import EXTERNAL, is_external

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from imgsim.core import Features, Image
    from imgsim.images.photo import Photo
    from imgsim.index.changes import Changes
    from imgsim.index.store.extractor_store import StoredExtractor
    from imgsim.index.store.store import Store


class KeptRows(NamedTuple):
    """A content, and its rows by the keys of the extractors that have one, (1, D) each."""

    digest: bytes
    rows: Mapping[int, Features]


def measurable(extractors: Iterable[StoredExtractor]) -> list[StoredExtractor]:
    """Give the extractors that photos can be measured by."""
    return [one for one in extractors if not is_external(one.spec.name)]


def external(extractors: Iterable[StoredExtractor]) -> list[StoredExtractor]:
    """Give those whose rows came from a file."""
    return [one for one in extractors if is_external(one.spec.name)]


class RowsByContent:
    """The rows of an index's photos, found by what is in a file, wherever it lies."""

    def __init__(self, store: Store) -> None:
        self._store = store
        keys = store.part_keys()
        known = store.known()
        self._parts: dict[bytes, list[Any]] = {}
        for path, part in zip(sorted(known, key=os.fsencode), keys.parts[keys.whole].tolist(), strict=True):
            self._parts.setdefault(known[path].digest, []).append(part)

    def find(self, extractor: StoredExtractor, digest: bytes) -> Features | None:
        """Give the row of a content, (1, D), if there is one."""
        rows = self._store.rows(extractor, self._parts.get(digest, []))
        return rows.features[rows.present][:1] if rows.present.any() else None

    def of_photo(self, extractor: StoredExtractor, digest: bytes, name: str) -> Features:
        """Give the row of a photo's content, (1, D), or raise an ImageReadError that names the photo."""
        row = self.find(extractor, digest)
        if row is None:
            rows = extractor.spec.name
            told = f"no photo of the index that has a row by {rows}, and those come from a file"
            raise ImageReadError(name, told, remedy="add-rows", name=rows.removeprefix(EXTERNAL))
        return row

    def of_photos(
        self, extractor: StoredExtractor, photos: Sequence[Photo], digests: Sequence[bytes | None] | None = None
    ) -> Features:
        """Give the rows of photos, (N, D), or raise the ImageReadError of the first that has none.

        `digests` are of their files, as far as they are known.
        """
        from imgsim.images.photo import to_source

        sources = [to_source(photo) for photo in photos]
        known = digests or [None] * len(sources)
        named = [
            (digest or _digest(source), source if isinstance(source, str) else "-")
            for source, digest in zip(sources, known, strict=True)
        ]
        found = [self.of_photo(extractor, *one) for one in named]
        return np.concatenate([np.zeros((0, extractor.dim), np.float32), *found])


def rows_to_keep(
    store: Store, extractors: Sequence[StoredExtractor], changes: Changes, otherwise: Collection[str]
) -> dict[str, KeptRows]:
    """Find, by path, the rows of photos that are measured though their content is known: copies, and `otherwise`."""
    mine = external(extractors)
    if not mine or not (changes.copied or otherwise):
        return {}
    known, by_content = store.known(), RowsByContent(store)
    contents = {path: known[path].digest for path in otherwise}
    contents |= {image.path: of[0].digest for image, of in changes.copied}
    kept = {}
    for path, digest in contents.items():
        found = {one.id: by_content.find(one, digest) for one in mine}
        kept[path] = KeptRows(digest, {key: row for key, row in found.items() if row is not None})
    return kept


def _digest(photo: str | bytes | Image) -> bytes:
    """Digest a photo's file, by its path or content; pixels have none."""
    from imgsim.images.read import content_digest, open_photo  # which a run that finds nothing new does without

    if isinstance(photo, np.ndarray):
        return b""
    with io.BytesIO(photo) if isinstance(photo, bytes) else open_photo(photo) as stream:
        return content_digest(stream)
