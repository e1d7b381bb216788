"""What an index lacks of the photos in its folder, and so is to be measured."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from imgsim.index.changes import common_attributes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from imgsim.images.find import FoundImage
    from imgsim.index.changes import Changes
    from imgsim.index.store.extractor_store import StoredExtractor
    from imgsim.index.store.photo_file_store import HiddenPhoto
    from imgsim.index.store.store import Store

K = TypeVar("K")
COLORS = "colors"  # the step that measures them
LABEL = "label "  # before the attribute that a step of a classifier sets


class Lack(NamedTuple):
    """A file, and what is to be measured of it: by which extractors (their keys), and in which steps.

    `content` is ``added`` (with these attributes) or ``changed`` (of this photo) where it is new to the index.
    """

    image: FoundImage
    extractors: Collection[int]
    steps: Collection[str]
    content: str = ""
    attributes: Mapping[str, Any] | None = None
    photo: HiddenPhoto | None = None
    cut: Collection[int] = ()  # the extractors that its parts are measured by


def find_lacks(
    store: Store,
    changes: Changes,
    extractors: Sequence[StoredExtractor],
    *,
    otherwise: Collection[str] = (),
    failing: Collection[str] = (),
    labels: Collection[str] = (),
    partless: Collection[str] = (),
) -> list[Lack]:
    """List what is to be measured, by path: new content by all extractors and `labels`, the rest by what it lacks.

    `otherwise` are decoded to other pixels, `failing` are not tried, nor are the parts of the `partless`.
    """
    every = tuple(extractor.id for extractor in extractors)
    told = {f"{LABEL}{name}": name for name in labels} | ({} if store.color_measure is None else {COLORS: "palette"})
    steps, parts = tuple(told), every if store.cut else ()
    lacks = [Lack(image, every, steps, "added", cut=parts) for image in changes.added]
    lacks += [
        Lack(image, every, steps, "added", common_attributes(store, of), cut=parts) for image, of in changes.copied
    ]
    lacks += [Lack(image, every, steps, "changed", photo=photo, cut=parts) for image, photo in changes.changed]
    lacks += [Lack(image, every, steps, cut=parts) for image in changes.kept if image.path in otherwise]
    lacking = {extractor.id: store.lacking(extractor) for extractor in extractors}
    uncut = {one.id: store.lacking_parts(one) for one in extractors} if parts else {}
    untold = {step: store.lacking_measured(name) for step, name in told.items()}
    if any(map(any, (untold.values(), lacking.values(), uncut.values()))):
        for image in changes.kept:
            keys, wanted, own = _wanting(lacking, image), _wanting(untold, image), _wanting(uncut, image)
            uncuttable = image.path in partless and not (keys or wanted)  # whatever is stored strikes it off the ledger
            wanting = keys or wanted or (own and not uncuttable)
            if wanting and image.path not in failing and image.path not in otherwise:
                lacks.append(Lack(image, keys, wanted, cut=own))
    return sorted(lacks, key=lambda lack: os.fsencode(lack.image.path))


def _wanting(lacking: Mapping[K, Collection[str]], image: FoundImage) -> tuple[K, ...]:
    return tuple(key for key, paths in lacking.items() if image.path in paths)
