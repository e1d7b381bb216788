"""What the failure to read a photo depended on, beside its file: it is tried again when that has changed."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgsim.images.formats import DECODING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.errors import ImageReadError
    from imgsim.images.find import FoundImage
    from imgsim.index.store.ledger_store import Failure

CUT = "cut"  # what found no part on it, by the owner of parts; the photo itself is read and indexed
DECODERS = ("pillow", "pillow-heif")


def conditions_of(error: ImageReadError, limits: Mapping[str, float]) -> dict[str, Any]:
    """Tell what a failure depends on: the decoders, and the limit, package or system that was in the way."""
    conditions: dict[str, Any] = {"decoders": _decoders()}
    conditions |= {name: fact for name, fact in error.facts.items() if name in ("package", "system", CUT)}
    if (limit := error.facts.get("limit")) in limits:
        conditions["limits"] = {limit: limits[str(limit)]}
    return conditions


def still_stands(failure: Failure, file: FoundImage, limits: Mapping[str, float] | None) -> bool:
    """Tell whether a file that could not be read is as it was and, under these limits, there is no reason to try it."""
    if (failure.size, failure.mtime_ns) != file[1:3]:
        return False
    if differs(failure.ctime_ns, file.ctime_ns) or differs(failure.inode, file.inode):
        return False
    return limits is None or _holds(failure.conditions, limits)


def _holds(conditions: Mapping[str, Any], limits: Mapping[str, float]) -> bool:
    if conditions.get("decoders") != _decoders() or "system" in conditions:
        return False
    if any(limits.get(name, 0) > value for name, value in conditions.get("limits", {}).items()):
        return False
    return not ("package" in conditions and _can_import(conditions["package"]))


def differs(before: int, now: int) -> bool:
    """Tell whether a change time or an inode is another one; where one is not known, nothing tells so."""
    return before != now and bool(before and now)


@cache
def _decoders() -> str:
    return ", ".join([f"decoding {DECODING}", *(f"{name} {_version(name)}" for name in DECODERS)])


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # which takes a while

    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


@cache
def _can_import(package: str) -> bool:
    try:
        import_module(package.replace("-", "_"))
    except ImportError:
        return False
    return True
