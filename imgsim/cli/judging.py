"""Judging many candidates: those that cannot be judged are named and left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from imgsim.cli import stderr
from imgsim.errors import EvaluationError, ImgsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imgsim.evaluation.candidates import Candidate

T = TypeVar("T")


def judge_each(candidates: Iterable[Candidate], judge: Callable[[Candidate], T]) -> tuple[list[T], int]:
    """Judge candidates, and say which cannot be judged and why.

    Parameters
    ----------
    candidates : iterable of Candidate
        In order.
    judge : callable
        Judges one.

    Returns
    -------
    judged : list
        Of those that can be judged; at least one.
    refused : int
        How many cannot.

    Raises
    ------
    EvaluationError
        If none can be judged.
    """
    judged: list[T] = []
    refused: dict[str, list[str]] = {}
    for candidate in candidates:
        try:
            judged.append(judge(candidate))
        except ImgsimError as error:
            by = f" by {candidate.metric}" if candidate.metric else ""
            refused.setdefault(str(error), []).append(candidate.name + by)
    lines = [f"{', '.join(names)}: {reason}" for reason, names in refused.items()]
    if not judged:
        raise EvaluationError("; ".join(lines))
    for line in lines:
        stderr.complain(f"imgsim: {line}")
    return judged, sum(map(len, refused.values()))
