"""What must hold of photos before they are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMED = 3  # of many, in a message


def check_photos(folder: str, photos: int, unreadable: Sequence[str] = ()) -> None:
    """Make sure that there are photos at all.

    Parameters
    ----------
    folder : str
        As the user named it.
    photos : int
        How many there are in it.
    unreadable : sequence of str, optional
        The paths of those that cannot be read.

    Raises
    ------
    EvaluationError
        If there are none.
    """
    if not photos:
        problem = f"no photo can be read: {first_few(unreadable)}" if unreadable else "no photos in this folder"
        raise EvaluationError(f"{folder}: {problem}")


def check_readable(unreadable: Sequence[str]) -> None:
    """Make sure, where a user is strict, that all photos can be read.

    Parameters
    ----------
    unreadable : sequence of str
        The paths of those that cannot.

    Raises
    ------
    EvaluationError
        If there are any.
    """
    if unreadable:
        count = f"{len(unreadable)} photo{'s' * (len(unreadable) > 1)}"
        raise EvaluationError(f"{count} cannot be read, and --strict was given: {first_few(unreadable)}")


def first_few(names: Sequence[str]) -> str:
    """List names, but for those beyond a few.

    Parameters
    ----------
    names : sequence of str
        At least one.

    Returns
    -------
    str
        For a message.

    Examples
    --------
    >>> first_few(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
