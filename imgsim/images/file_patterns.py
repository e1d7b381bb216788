"""Shell patterns of names and paths: which files and folders they are for, and which paths a walk by them comes by."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING, TypeAlias

from imgsim.paths import composed, posix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Matcher: TypeAlias = Callable[[str, str], bool]


def comes_by(include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    """Make a test of whether a walk by these patterns comes by a path, were it a picture.

    Examples
    --------
    >>> [path for path in ("a.png", "in/b.png", "in/private/c.png") if comes_by(["in"], ["private/"])(path)]
    ['in/b.png']
    """
    if not include and not exclude:
        return lambda _: True
    included, excluded = compile_patterns(include), compile_patterns(exclude)

    def test(path: str) -> bool:
        parts = path.split("/")
        steps = [("/".join(parts[:end]) + "/", f"{parts[end - 1]}/") for end in range(1, len(parts))]
        steps.append((path, parts[-1]))
        return not any(excluded(*step) for step in steps) and (not include or any(included(*step) for step in steps))

    return test


def lies_under(names: Iterable[str]) -> Callable[[str], bool]:
    """Make a test of whether a path is one of these names of files and folders, or lies in one.

    Examples
    --------
    >>> [path for path in ("a.png", "in/b.png", "inn/c.png") if lies_under(["a.png", "in"])(path)]
    ['a.png', 'in/b.png']
    """
    wanted = set(names)

    def test(path: str) -> bool:
        parts = path.split("/") if wanted else []
        return any("/".join(parts[: end + 1]) in wanted for end in range(len(parts)))

    return test


def compile_patterns(patterns: Sequence[str]) -> Matcher:
    """Compile patterns to a test of (path, name), both with a slash at the end for folders."""
    # A pattern that is not for folders alone may or may not be followed by a folder's slash.
    patterns = [composed(posix(pattern)) for pattern in patterns]
    anchored = [pattern for pattern in patterns if "/" in pattern.rstrip("/")]
    by_path = _any_of(pattern.removeprefix("./").lstrip("/") for pattern in anchored)
    by_name = _any_of(pattern for pattern in patterns if pattern not in anchored)

    def matches(path: str, name: str) -> bool:
        return bool((by_path and by_path.match(composed(path))) or (by_name and by_name.match(composed(name))))

    return matches


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    either = [translate(one) if one.endswith("/") else translate(one) + "|" + translate(one + "/") for one in patterns]
    return re.compile("|".join(either)) if either else None
