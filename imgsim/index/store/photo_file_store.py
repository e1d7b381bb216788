"""Which file each photo is, and which photos are hidden because theirs is not where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from imgsim.images.formats import DECODING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from imgsim.images.find import FoundImage

MISSING, LEFT_OUT, UNREADABLE = "missing", "left out", "unreadable"  # why a photo is hidden


class Known(NamedTuple):
    """What a scan compares a file with.

    Parameters
    ----------
    size : int
        Bytes.
    mtime_ns : int
        Modification time, nanoseconds since the epoch.
    digest : bytes
        BLAKE2b-128 of the content.
    decoding : int, optional
        The version of decoding that its features were measured under; without it, today's.
    ctime_ns : int, optional
        Change time, nanoseconds since the epoch; 0 where none is known.
    inode : int, optional
        The number that the file system gives the file; 0 where none is known.
    key : hashable, optional
        The photo's, as `Store.photo_keys` has it.
    """

    size: int
    mtime_ns: int
    digest: bytes
    decoding: int = DECODING
    ctime_ns: int = 0
    inode: int = 0
    key: Hashable = None


class HiddenPhoto(NamedTuple):
    """A photo that is not where it was: kept with all that is known of it, and hidden from whatever reads photos.

    Parameters
    ----------
    path : str
        Where it was seen last, relative to the index root; another photo may be there now.
    why : str
        `MISSING`, `LEFT_OUT` by patterns or no longer looked at, or `UNREADABLE` in its place.
    known : Known
        As it was.
    """

    path: str
    why: str
    known: Known


class PhotoFileStore(Protocol):
    """Keeps which file each photo is: what a scan of the folder compares, moves, hides and shows again."""

    def known(self) -> dict[str, Known]:
        """Give every photo's path, with what tells whether it changed."""

    def touch(self, file: FoundImage) -> None:
        """Note a new state of a file whose content is as before.

        Parameters
        ----------
        file : FoundImage
            Of a photo; nothing happens where it is not stored.
        """

    def note_decoding(self, paths: Iterable[str], decoding: int) -> None:
        """Note that photos have the same pixels under another version of decoding: their features stay.

        Parameters
        ----------
        paths : iterable of str
            The photos.
        decoding : int
            The version.
        """

    def hidden(self) -> list[HiddenPhoto]:
        """List the photos that are hidden, by path."""

    def hide(self, keys: Iterable[Hashable], why: str) -> None:
        """Hide photos with all that is known of them, or say anew why they are hidden.

        Parameters
        ----------
        keys : iterable of hashable
            Of photos, shown or hidden.
        why : str
            As `HiddenPhoto` has it.
        """

    def place(self, key: Hashable, file: FoundImage) -> None:
        """Say where a photo is now, by another name or hidden until now; all that is known of it comes along.

        Parameters
        ----------
        key : hashable
            Of a photo, shown or hidden.
        file : FoundImage
            The file, whose path no photo that is shown has.
        """
