"""Comparing a folder with its index: by what the file system tells first, by content where that leaves doubt."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imgsim.errors import ImageReadError
from imgsim.images.file_patterns import lies_under
from imgsim.images.formats import DECODING
from imgsim.index.changes import Changes, Copy, Edit, Gone, Move
from imgsim.index.failure_conditions import differs
from imgsim.index.store.photo_file_store import LEFT_OUT, MISSING, UNREADABLE, HiddenPhoto

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping

    from imgsim.images.find import Found, FoundImage
    from imgsim.index.store.photo_file_store import Known

FEW = 100  # files, which are read however many of all they are
NEARLY_ALL = 0.9


def find_changes(
    root: str,
    found: Found,
    known: Mapping[str, Known],
    hidden: Iterable[HiddenPhoto] = (),
    *,
    failing: Collection[str] = (),
    wanted: Callable[[str], bool] | None = None,
) -> Changes:
    """Compare what a scan found with what the index knows.

    `failing` are paths of files that are not to be tried; `wanted` tells which a walk comes by: None if there was none.
    """
    comparison = _Comparison(root, found, known, hidden, failing)
    comparison.compare_states()
    comparison.compare_contents()
    comparison.recognise(walked=wanted is not None)
    comparison.add_the_rest()
    comparison.note_what_is_gone(wanted)
    return comparison.changes


class _Comparison:
    """One comparison, whose steps go on with what those before left open."""

    def __init__(
        self,
        root: str,
        found: Found,
        known: Mapping[str, Known],
        hidden: Iterable[HiddenPhoto],
        failing: Collection[str],
    ) -> None:
        self.root, self.failing = root, failing
        self.images = {image.path: image for image in found.images}
        self.drawn, self.again = set(found.drawn), lies_under(found.links)
        self.unseen = tuple(f"{path}/" for path, _ in found.unreadable)  # files and folders
        self.known = known
        self.hidden: dict[str, list[HiddenPhoto]] = {}
        for photo in hidden:
            self.hidden.setdefault(photo.path, []).append(photo)
        self.changes = Changes()
        self.digests: dict[str, bytes] = {}  # of files whose content is not known to be what it was at their path
        self.settled: dict[Hashable, Known] = {}  # photos whose content was found, by their keys
        self.unseen_photos: list[HiddenPhoto] = []  # photos that nobody looked for
        self.edited: set[Hashable] = set()  # and those in whose place there is content that is new to the index

    def compare_states(self) -> None:
        """Settle the files that are as they were, by all that the file system tells of them."""
        doubtful: list[tuple[HiddenPhoto, FoundImage]] = []
        for path, image in self.images.items():
            known = self.known.get(path)
            if known and image[1:3] == known[:2] and image[3:] == known[4:6]:
                self._settle(known, image)
                self.changes.unchanged.append(image)
                continue
            photo = self._as_large_and_old(image)
            if photo is None:
                self._pass_over(path)
            elif differs(photo.known.ctime_ns, image.ctime_ns) or differs(photo.known.inode, image.inode):
                doubtful.append((photo, image))
                self.digests[path] = b""
            else:
                self._trust(photo, image)
        if len(doubtful) > FEW and len(doubtful) >= NEARLY_ALL * (len(doubtful) + len(self.changes.unchanged)):
            for photo, image in doubtful:
                self._trust(photo, image)
                del self.digests[image.path]

    def _as_large_and_old(self, image: FoundImage) -> HiddenPhoto | None:
        """Find the photo that is, or was, at a file's path, and had its size and time."""
        photos = self._photos_at(image.path)
        if image.path in self.failing:
            photos = [photo for photo in photos if not photo.why]
        return next((photo for photo in photos if photo.known[:2] == image[1:3]), None)

    def _pass_over(self, path: str) -> None:
        """Leave a file that failed as it is, or have its content compared."""
        if path in self.failing:
            self.changes.still_failing.append(path)
        else:
            self.digests[path] = b""

    def _trust(self, photo: HiddenPhoto, image: FoundImage) -> None:
        """Settle a file by its size and time."""
        if image.ctime_ns or image.inode or photo.why:
            self._place(photo, image)
            self.changes.trusted += photo.known[4:6] != image[3:]
        else:  # nothing is told: what was known is of more use
            self._settle(photo.known, image)
            self.changes.unchanged.append(image)

    def _place(self, photo: HiddenPhoto, image: FoundImage) -> None:
        """Note where a photo's content is, or how its file is now."""
        self._settle(photo.known, image)
        if photo.why or photo.path != image.path:
            self.changes.moved.append(Move(photo, image))
        else:
            self.changes.touched.append(image)

    def _settle(self, known: Known, image: FoundImage) -> None:
        """Note that a photo's content was found."""
        self.settled[known.key] = known
        if known.decoding < DECODING and image.path not in self.failing:
            self.changes.older[image.path] = known.decoding

    def compare_contents(self) -> None:
        """Digest the files that may have content that is known, and settle those that have that of their own photo."""
        sizes = {known.size for known in self._all_known()} if self.digests else set()
        for path in list(self.digests):
            if self.images[path].size not in sizes:
                continue
            digest = self.digests[path] = _digest(self.root, path)
            same = (photo for photo in self._photos_at(path) if photo.known.digest == digest)
            if digest and (photo := next(same, None)):
                self._place(photo, self.images[path])
                del self.digests[path]

    def recognise(self, *, walked: bool) -> None:
        """Find the photos that are no longer where they were among the files with other content."""
        free: dict[bytes, list[HiddenPhoto]] = {}
        for photo in self._unsettled() if self.digests else ():
            if self._is_free(photo, walked=walked):
                free.setdefault(photo.known.digest, []).append(photo)
            else:
                self.unseen_photos.append(photo)
        for path, digest in list(self.digests.items()):
            if digest and free.get(digest):
                photo = min(free[digest], key=_likeness(path))
                free[digest].remove(photo)
                self._place(photo, self.images[path])
                del self.digests[path]

    def _is_free(self, photo: HiddenPhoto, *, walked: bool) -> bool:
        """Tell whether a photo may be elsewhere: it is not where it was, or was not for long."""
        return bool(photo.why) or photo.path in self.images or (walked and not self._is_unseen(photo.path))

    def _is_unseen(self, path: str) -> bool:
        return bool(self.unseen) and f"{path}/".startswith(self.unseen)

    def add_the_rest(self) -> None:
        """Tell copies of photos, edited photos and new ones apart."""
        twins = self._by_digest() if self.digests else {}
        for path, digest in self.digests.items():
            image = self.images[path]
            if digest and digest in twins:
                self.changes.copied.append(Copy(image, tuple(twins[digest])))
            elif own := self._edited_at(path):
                self.changes.changed.append(Edit(image, own))
                self.edited.add(own.known.key)
            else:
                self.changes.added.append(image)

    def _edited_at(self, path: str) -> HiddenPhoto | None:
        """Find the photo that new content at a path is of: one that was not seen to go."""
        stayed = (photo for photo in self._photos_at(path) if photo.why != MISSING)
        return next((photo for photo in stayed if photo.known.key not in self.settled), None)

    def note_what_is_gone(self, wanted: Callable[[str], bool] | None) -> None:
        """Note why the photos that were not found are hidden from now on."""
        gone = [photo for photo in self._unsettled() if photo.known.key not in self.edited]
        twins = self._by_digest() if gone else {}
        for photo in gone:
            why = self._why(photo, wanted)
            if why != photo.why:
                displaced = not photo.why and (photo.path in self.images or self.again(photo.path))
                same = twins.get(photo.known.digest, ()) if displaced else ()
                self.changes.gone.append(Gone(photo, why, tuple(same)))

    def _why(self, photo: HiddenPhoto, wanted: Callable[[str], bool] | None) -> str:
        """Tell why a photo is hidden from now on; as before, where nobody looked."""
        path = photo.path
        if path in self.images:
            return UNREADABLE if photo.why != MISSING and path in self.failing else MISSING
        if path in self.drawn:
            return MISSING
        if wanted is None or self._is_unseen(path):
            return photo.why
        left_out = photo.why != MISSING and not wanted(path)
        return LEFT_OUT if left_out or os.path.lexists(os.path.join(self.root, path)) else MISSING

    def _unsettled(self) -> Iterator[HiddenPhoto]:
        """Give the photos whose content was not found yet, those that are shown first."""
        for path, known in self.known.items():
            if known.key not in self.settled:
                yield HiddenPhoto(path, "", known)
        for photos in self.hidden.values():
            yield from (photo for photo in photos if photo.known.key not in self.settled)

    def _all_known(self) -> Iterator[Known]:
        yield from self.known.values()
        yield from (photo.known for photos in self.hidden.values() for photo in photos)

    def _photos_at(self, path: str) -> list[HiddenPhoto]:
        """Give the photos that are, or were, at a path."""
        shown = [HiddenPhoto(path, "", self.known[path])] if path in self.known else []
        return [*shown, *self.hidden.get(path, [])]

    def _by_digest(self) -> dict[bytes, list[Known]]:
        """Give the photos that are where they were, as far as is known, by their content."""
        photos: dict[bytes, list[Known]] = {}
        for known in (*self.settled.values(), *(photo.known for photo in self.unseen_photos)):
            photos.setdefault(known.digest, []).append(known)
        return photos


def _likeness(path: str) -> Callable[[HiddenPhoto], tuple[str, bool, bytes]]:
    """Make a sort key of photos with the content of the file at a path: those that were there until now, by name."""
    name = os.path.basename(path)
    return lambda photo: (photo.why, os.path.basename(photo.path) != name, os.fsencode(photo.path))


def _digest(root: str, path: str) -> bytes:
    """Digest a file; empty where it cannot be read, which no photo's digest is."""
    from imgsim.images.read import content_digest, open_photo

    try:
        with open_photo(os.path.join(root, path)) as stream:
            return content_digest(stream)
    except ImageReadError:
        return b""
