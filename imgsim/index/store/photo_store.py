"""The photos of a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from imgsim.images.formats import DECODING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from imgsim.core import Features, ImageRecord, Keys
    from imgsim.index.store.photo_file_store import Known


class StoredPhoto(NamedTuple):
    """A photo as it was when it was stored: what its file is compared with, and where its rows are found.

    Parameters
    ----------
    known : Known
        Its file.
    part : hashable
        The key of the part that is the whole photo, as `Store.part_keys` has it.
    width, height : int
        Upright pixels.
    """

    known: Known
    part: Hashable
    width: int
    height: int


@dataclass(frozen=True)
class MeasuredPhoto:
    """A photo and its features, ready to be stored.

    Parameters
    ----------
    record : ImageRecord
        The photo.
    features : mapping of int to ndarray of float32, shape (P, D)
        A row for each part, by the extractor's key.
    parts : tuple of str
        Names of the P parts.
    owner : str
        The spec of what cut the photo into these parts; empty for the whole photo, whose one part has no name.
    measured : mapping, optional
        Attributes that were measured, such as colours.
    decoding : int, optional
        The version of decoding that they were measured under; without it, today's.
    ctime_ns, inode : int, optional
        Of the file, as `Known` has them.
    """

    record: ImageRecord
    features: Mapping[int, Features]
    parts: tuple[str, ...] = field(default=("",))
    owner: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)
    decoding: int = DECODING
    ctime_ns: int = 0
    inode: int = 0


class PhotoStore(Protocol):
    """Keeps photos, each under a key and, unless it is hidden, a path."""

    def photo_keys(self) -> Keys:
        """Give the keys of all photos, shape (N,), by path."""

    def photo_key(self, path: str) -> Hashable | None:
        """Give the key of a photo.

        Parameters
        ----------
        path : str
            Relative to the index root.

        Returns
        -------
        hashable or None
            As `photo_keys` has it; None where there is no such photo.
        """

    def stored_photo(self, key: Hashable) -> StoredPhoto | None:
        """Give how a photo is stored.

        Parameters
        ----------
        key : hashable
            As `photo_key` gives it.

        Returns
        -------
        StoredPhoto or None
            None where there is no such photo.
        """

    def records(self, keys: Sequence[Hashable], chunk: int = 1000) -> Iterator[ImageRecord]:
        """Give what is known of some photos, in the order of their keys.

        Parameters
        ----------
        keys : sequence of hashable
            Of photos, as `photo_keys` has them.
        chunk : int, default 1000
            Photos read at a time.

        Returns
        -------
        iterator of ImageRecord
            One a key.
        """

    def photos_with(self, digests: Iterable[bytes]) -> dict[bytes, list[Hashable]]:
        """Find the photos that have some contents.

        Parameters
        ----------
        digests : iterable of bytes
            BLAKE2b-128 of the contents.

        Returns
        -------
        dict of bytes to list of hashable
            The keys of those that are shown, by path; contents that no photo has are left out.
        """

    def put(self, photo: MeasuredPhoto) -> None:
        """Store a photo, its owner's parts in place of those that the owner made before.

        Rows are finite numbers: ImgsimError for any other. What else was measured of it (other extractors' features,
        other owners' parts, other attributes) stays if its content is the same, and goes if not; what people typed
        stays, and when it was added. Every photo has a part that is the whole of it, though perhaps without features.

        Parameters
        ----------
        photo : MeasuredPhoto
            In place of what is stored under its path.
        """

    def inherit_added(self, key: Hashable, of: Hashable) -> None:
        """Let a photo have been added when another of its content was, if that was before it; unknown is before all.

        Parameters
        ----------
        key, of : hashable
            Of photos, shown or hidden.
        """

    def remove(self, keys: Iterable[Hashable]) -> None:
        """Remove photos with their features and attributes.

        Parameters
        ----------
        keys : iterable of hashable
            Of photos, shown or hidden.
        """
