"""The figures that a user may name: what extractors are compared by, and the k of recall@k."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

FIGURES = ("recall@1", "recall@5", "recall@10", "map", "map@r", "r_precision", "ndcg")
CLASSIFIED = "loocv_accuracy"
_AT = "recall@"
_MOST = 10**9  # more photos than any folder has


class FigureName(click.Choice[str]):
    """One of the figures, or recall@k of any k."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Read a figure's name."""
        return value if k_of(value) else super().convert(value, param, ctx)


class RecallCounts(click.ParamType[tuple[int, ...]]):
    """Numbers with commas between, each once."""

    name = "counts"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:  # noqa: ANN401
        """Read the k of recall@k, ascending."""
        read = [_count(one.strip()) for one in str(value).split(",")]
        if None in read:
            self.fail(f"{value!r}: write whole numbers from 1 to {_MOST:,}, commas between: 1,5,20", param, ctx)
        return tuple(sorted({k for k in read if k}))


def k_of(figure: object) -> int | None:
    """Give the k of a recall@k, none of another figure.

    Examples
    --------
    >>> k_of("recall@20"), k_of("map"), k_of("recall@0")
    (20, None, None)
    """
    text = str(figure)
    return _count(text.removeprefix(_AT)) if text.startswith(_AT) else None


def counted(asked: Sequence[int], by: str) -> list[int]:
    """List the k that recall@k is wanted of: those that are asked for, and the one that is compared by."""
    return sorted({*asked, k_of(by) or asked[0]})


def titles_at(ks: Sequence[int], titles: dict[str, str]) -> dict[str, str]:
    """Give a table's columns recall@k of these k in place of its own."""
    others = {name: title for name, title in titles.items() if not k_of(name)}
    return {f"{_AT}{k}": f"{_AT}{k}" for k in ks} | others


def _count(text: str) -> int | None:
    """Read a number from 1, written as people write it."""
    number = int(text) if re.fullmatch("[1-9][0-9]{0,9}", text) else 0
    return number if 0 < number <= _MOST else None
