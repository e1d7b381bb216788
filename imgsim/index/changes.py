"""What changed in a folder since it was last indexed, and how a store takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.index.store.photo_file_store import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.images.find import FoundImage
    from imgsim.index.store.photo_file_store import HiddenPhoto, Known
    from imgsim.index.store.store import Store


class Move(NamedTuple):
    """A photo, as it was, and the file that has its content now; nothing in `why` tells that it was not hidden."""

    photo: HiddenPhoto
    image: FoundImage


class Copy(NamedTuple):
    """A file whose content photos of the index have too."""

    image: FoundImage
    of: tuple[Known, ...]


class Edit(NamedTuple):
    """A file with content that is new to the index, in the place of a photo's."""

    image: FoundImage
    photo: HiddenPhoto


class Gone(NamedTuple):
    """A photo that is not where it was, and why it is hidden from now on.

    `twins` have its content, where a file with another known content took its place.
    """

    photo: HiddenPhoto
    why: str
    twins: tuple[Known, ...] = ()


@dataclass
class Changes:
    """A folder against its index."""

    added: list[FoundImage] = field(default_factory=list)
    copied: list[Copy] = field(default_factory=list)
    changed: list[Edit] = field(default_factory=list)
    moved: list[Move] = field(default_factory=list)
    touched: list[FoundImage] = field(default_factory=list)
    unchanged: list[FoundImage] = field(default_factory=list)
    still_failing: list[str] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    older: dict[str, int] = field(default_factory=dict)  # photos of the same content, measured under an older decoding
    trusted: int = 0  # files taken as unchanged by size and time alone

    @property
    def kept(self) -> list[FoundImage]:
        """The files whose content needs not be measured again."""
        return [*self.unchanged, *self.touched, *(image for _, image in self.moved)]

    @property
    def vacated(self) -> set[str]:
        """The paths that photos are no longer at, though another one may be."""
        photos = (*(one.photo for one in self.gone), *(photo for photo, _ in self.moved))
        return {photo.path for photo in photos if not photo.why}

    @property
    def nothing(self) -> bool:
        """Whether every photo is where it was, and as it was decoded."""
        return not (self.gone or self.moved or self.older)

    def apply(self, store: Store) -> None:
        """Bring a store up to all that needs no photo to be decoded, within a transaction."""
        for photo, why, twins in self.gone:
            same = [twin for twin in twins if store.typed(twin.key) == store.typed(photo.known.key)]
            for twin in same:
                store.inherit_added(twin.key, photo.known.key)
            if same:
                store.remove([photo.known.key])  # of which the others tell all that there is
            else:
                store.hide([photo.known.key], why)
        places = {image.path for _, image in self.moved}  # where no photo may be when another is placed there
        store.hide((photo.known.key for photo, _ in self.moved if photo.path in places and not photo.why), MISSING)
        for photo, image in self.moved:
            store.place(photo.known.key, image)
        for image in self.touched:
            store.touch(image)


def common_attributes(store: Store, photos: Sequence[Known]) -> dict[str, Any]:
    """Give what people typed of photos of the same content; nothing where they typed different things."""
    typed = [store.typed(photo.key) for photo in photos]
    return typed[0] if all(one == typed[0] for one in typed) else {}
