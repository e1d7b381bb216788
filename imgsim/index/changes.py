"""What changed in a folder since it was last indexed: by size and time first, by content where those leave doubt."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import ImageReadError
from imgsim.images.formats import DECODING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.images.find import Found, FoundImage
    from imgsim.index.store import Failure, Known


class Rename(NamedTuple):
    """A photo that is now elsewhere, with the same content."""

    old: str
    image: FoundImage


@dataclass
class Changes:
    """A folder against its index."""

    added: list[FoundImage] = field(default_factory=list)
    changed: list[FoundImage] = field(default_factory=list)
    touched: list[FoundImage] = field(default_factory=list)
    renamed: list[Rename] = field(default_factory=list)
    unchanged: list[FoundImage] = field(default_factory=list)
    still_failing: list[str] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    older: dict[str, int] = field(default_factory=dict)  # photos of the same content, measured under an older decoding


def find_changes(
    root: str, found: Found, known: Mapping[str, Known], ledger: Mapping[str, Failure], *, complete: bool = True
) -> Changes:
    """Compare what a scan found with what the index knows."""
    changes = Changes()
    for image in found.images:
        before, failure = known.get(image.path), ledger.get(image.path)
        if before and (image.size, image.mtime_ns) == (before.size, before.mtime_ns):
            changes.unchanged.append(image)
        elif failure and (image.size, image.mtime_ns) == (failure.size, failure.mtime_ns):
            changes.still_failing.append(image.path)
        elif before:
            same = image.size == before.size and _digest(root, image.path) == before.digest
            (changes.touched if same else changes.changed).append(image)
        else:
            changes.added.append(image)
    if complete:
        changes.missing = _missing(found, known)
        _match_renames(root, changes, known)
    kept = {image.path: image.path for image in (*changes.unchanged, *changes.touched) if image.path not in ledger}
    kept |= {image.path: old for old, image in changes.renamed}
    changes.older = {path: version for path, old in kept.items() if (version := known[old].decoding) < DECODING}
    return changes


def _missing(found: Found, known: Mapping[str, Known]) -> set[str]:
    missing = known.keys() - {image.path for image in found.images}
    unseen = tuple(f"{path}/" for path, _ in found.unreadable)  # files and folders
    return {path for path in missing if not f"{path}/".startswith(unseen)}


def _match_renames(root: str, changes: Changes, known: Mapping[str, Known]) -> None:
    """Recognise missing photos among the added ones, by content; only files of a missing one's size are read."""
    by_digest: dict[bytes, list[str]] = {}
    for path in sorted(changes.missing, reverse=True):
        by_digest.setdefault(known[path].digest, []).append(path)
    sizes = {known[path].size for path in changes.missing}
    added, changes.added = changes.added, []
    for image in added:
        copies = by_digest.get(_digest(root, image.path)) if image.size in sizes else None
        if copies:
            changes.renamed.append(Rename(copies.pop(), image))
            changes.missing.remove(changes.renamed[-1].old)
        else:
            changes.added.append(image)


def _digest(root: str, path: str) -> bytes:
    """Digest a file; empty where it cannot be read, which no photo's digest is."""
    from imgsim.images.read import content_digest, open_photo

    try:
        with open_photo(os.path.join(root, path)) as stream:
            return content_digest(stream)
    except ImageReadError:
        return b""
