"""Rows of lost things and what matches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgsim.cli.attributes import AttributeColumns
from imgsim.cli.output import JSON, RowWriter, write_paths
from imgsim.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.index.index import Index
    from imgsim.index.lost_and_found import FoundMatch, LostAndFound

COLUMNS = ("lost", "found", "rank", "distance")
SIDES = ("lost", "found")


class SideColumns:
    """Adds to rows what --show names of either side."""

    def __init__(self, indexes: tuple[Index, Index], show: str | None, format_: str) -> None:
        from imgsim.where.name_list import split_names
        from imgsim.where.side_names import of_side

        named: dict[str, list[str]] = {side: [] for side in SIDES}
        for name in split_names(show or ""):
            side, _, rest = name.partition(".")
            if side not in named or not rest:
                raise UnknownNameError("attribute", name, [f"{side}.{name}" for side in SIDES])
            named[side].append(rest)
        self.named = None if show is None else named
        self._nested = format_ in JSON
        self._sides = {}
        for side, index in zip(SIDES, indexes, strict=True):
            with of_side(side):
                self._sides[side] = AttributeColumns(index, None if show is None else named[side], format_, ())
        self.titles = [f"{side}.{title}" for side, its in self._sides.items() for title in its.columns]

    def of(self, found: FoundMatch) -> dict[str, Any]:
        """Give what is added to a pair's row."""
        added = {"lost": self._sides["lost"].of(found.lost), "found": self._sides["found"].of(found.match)}
        return {f"{side}.{title}": value for side, its in added.items() for title, value in its.items()}


def write_matches(
    matches: Sequence[FoundMatch],
    sides: LostAndFound,
    columns: SideColumns,
    root: str,
    format_: str,
    choices: Mapping[str, Any],
    *,
    null: bool,
) -> None:
    """Write the pairs, or the found photos' paths."""
    if format_ == "paths":
        write_paths(dict.fromkeys(one.match.path for one in matches), root, null=null)
        return
    added = {"reranked": choices["rerank"], "probability": sides.calibrated, "mutual": True}
    wanted = added | {"assigned": choices["assign"]}
    shown = (*COLUMNS, *(name for name, asked in wanted.items() if asked), *columns.titles)
    rows = []
    for one in matches:
        row = {"lost": one.lost.path, "found": one.match.path, "rank": one.match.rank, "distance": one.match.distance}
        told = {"reranked": one.match.reranked, "probability": one.match.probability}
        told |= {"mutual": one.mutual, "assigned": one.assigned}
        row |= {name: told[name] for name, asked in wanted.items() if asked and told[name] is not None}
        rows.append(row | columns.of(one))
    writer = RowWriter(format_, shown)
    writer.write(rows)
    writer.end()
