"""The pictures in an indexed folder that imgsim drew: seen once, and passed over while they stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imgsim.file_state import FileState
    from imgsim.images.find import Found, FoundImage
    from imgsim.index.store.store import Store


class DrawnPictures:
    """Those of one folder, in one run over it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._states: dict[str, FileState] = {}

    def leave_out(self, found: Found, *, complete: bool) -> Found:
        """Leave out those that earlier runs saw and that did not change; `complete` tells whether all were found."""
        before = self._store.drawn()
        if not before:
            return found
        same = {image.path: image.state for image in found.images if before.get(image.path) == image.state}
        self._states = same if complete else before
        return found._replace(images=[image for image in found.images if image.path not in same], drawn=list(same))

    def add(self, image: FoundImage) -> None:
        """Remember one that was seen now, within a transaction."""
        self._states[image.path] = image.state
        self._store.forget_failures([image.path])
        self.keep()

    def keep(self) -> None:
        """Remember which there are, within a transaction."""
        if self._states != self._store.drawn():
            self._store.keep_drawn(self._states)
