"""What somebody typed into items.csv: it is theirs, and later tables do not write over it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from imgsim.errors import TableError
from imgsim.fetch.written_tables import ITEMS, cell_text, is_untouched
from imgsim.tables.row_stream import is_undecoded, streamed_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.fetch.catalogue import Catalogue


def keep_typed(catalogue: Catalogue, folder: str) -> int:
    """Find the cells that differ from what was written, and keep them; count those. Nothing is lost if it fails."""
    if is_untouched(catalogue, folder):
        return 0
    path, count = os.path.join(folder, ITEMS), 0
    own = json.loads(catalogue.fact("own columns"))
    with streamed_table(path) as table:
        if own[0] not in table.columns:
            raise TableError(path, f"has no column {own[0]} any more, which tells what was typed of which photo")
        columns = [name for name in table.columns if name not in own]
        catalogue.set_fact("typed columns", json.dumps(columns))
        taken: set[int] = set()
        for row in table.rows:
            if is_undecoded(row):
                raise TableError(path, f"line {row.line} is not UTF-8: save it so, or what was typed in it is lost")
            told = {name: cell_text(row.cells.get(name)) for name in columns}
            file, same_as = (cell_text(row.cells.get(name)) for name in own[:2])
            count += _keep_row(catalogue, file or same_as, told, taken, again=not file)
    return count


def _keep_row(catalogue: Catalogue, file: str, told: dict[str, str], taken: set[int], *, again: bool) -> int:
    """Keep what a row says that was not written; a row of a file that was not fetched is kept whole."""
    found = [one for one in catalogue.items.find_written(file, again=again) if one[0] not in taken]
    if not found:
        if file and not again:
            catalogue.items.set_own_row(file, told)
        return 0
    item, written, cells = max(found, key=lambda one: sum(told[name] == one[1].get(name, "").strip() for name in told))
    if again:
        taken.add(item)
    changed = {name: cell for name, cell in told.items() if cell != written.get(name, "").strip()}
    if changed:
        catalogue.items.set_typed(item, _merged(catalogue.items.typed(item), changed, cells))
    return len(changed)


def _merged(typed: dict[str, str], changed: Mapping[str, str], cells: Mapping[str, Any]) -> dict[str, str]:
    """Add what was typed; what is typed as the table has it is the table's again."""
    typed |= changed
    return {name: cell for name, cell in typed.items() if cell != cell_text(cells.get(name)).strip()}
