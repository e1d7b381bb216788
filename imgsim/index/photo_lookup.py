"""The photos of an index, to be found by paths as people type them."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from imgsim.errors import ImgsimError
from imgsim.file_state import FileState, identity_of
from imgsim.paths import composed, key_within

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator

    from imgsim.index.store.photo_file_store import Known
    from imgsim.index.store.store import Store


AWAY = "missing: it is kept in the index until it is back"


class PhotoLookup:
    """Finds photos of one state of a store; what all of them take to be looked through is read once, if at all."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._root, self._real_root = os.path.abspath(store.root), os.path.realpath(store.root)

    def named(self, photo: str) -> Hashable | None:
        """Give the key of the photo that a path leads to as it is written; None where that is none."""
        for path in self._paths(photo):
            if (key := self._store.photo_key(path)) is not None:
                return key
        return None

    def find(self, photo: str) -> Hashable:
        """Give the key of the photo that a path leads to, by another name of its file too."""
        if (key := self.named(photo)) is not None:
            return key
        there = os.path.lexists(photo)
        same = self._of_same_file(photo) if there else self._composed_alike(photo)
        if same is None:
            raise self._not_indexed(photo)
        return same

    def _paths(self, photo: str) -> Iterator[str]:
        """Give what a path may be within the indexed folder: seen from here, or, where nothing is here, from there."""
        tried = set()
        for path in self._spelled(photo):
            if path and path not in tried:
                yield path
            tried.add(path)

    def _spelled(self, photo: str) -> Iterator[str | None]:
        yield key_within(self._root, os.path.abspath(photo))
        yield key_within(self._real_root, os.path.realpath(photo))
        yield None if os.path.lexists(photo) else photo

    @cached_property
    def _known(self) -> dict[str, Known]:
        return self._store.known()

    @cached_property
    def _by_size(self) -> dict[int, list[str]]:
        by_size: dict[int, list[str]] = {}
        for path, state in self._known.items():
            by_size.setdefault(state.size, []).append(path)
        return by_size

    @cached_property
    def _by_composed(self) -> dict[str, str]:
        return {composed(path): path for path in reversed(self._known)}

    def _of_same_file(self, photo: str) -> Hashable | None:
        """Find the photo that another name of its file stands for: a link, or letters in another case where it is."""
        try:
            status = os.stat(photo)
            identity, size = identity_of(photo, status), FileState.of(status).size
        except OSError:
            return None
        for path in self._by_size.get(size, ()):
            with suppress(OSError):
                if identity_of(os.path.join(self._store.root, path)) == identity:
                    return self._known[path].key
        return None

    def _composed_alike(self, photo: str) -> Hashable | None:
        """Find the photo whose path differs from a name only in how Unicode writes it."""
        found = next(filter(None, (self._by_composed.get(composed(path)) for path in self._paths(photo))), None)
        return None if found is None else self._known[found].key

    def _not_indexed(self, photo: str) -> ImgsimError:
        """Say why a photo is not in the index, and what helps."""
        from imgsim.images.file_patterns import comes_by
        from imgsim.index.options import Remembered

        store, paths = self._store, set(self._paths(photo))
        if not os.path.lexists(photo):
            return ImgsimError(f"{photo}: {AWAY if self._is_hidden(paths) else 'no such file'}")
        failures = [failure.reason for failure in store.failures() if failure.path in paths]
        if failures:
            return ImgsimError(f"{photo}: cannot be read, and so is not in the index of {store.root}: {failures[0]}")
        made = Remembered.of(store)
        if paths and not any(map(comes_by(made.include, made.exclude), paths)):
            reason = f"{photo}: left out of the index of {store.root} by its patterns"
            return ImgsimError(reason, remedy="other-patterns")
        return ImgsimError(f"{photo}: not in the index of {store.root}", remedy="add-photo")

    def _is_hidden(self, paths: Collection[str]) -> bool:
        return any(one.path in paths for one in self._store.hidden())
