"""Tables that fit a terminal: no figure is broken, and what has no room beside the others goes into a table below."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    Lines: TypeAlias = list[list[str]]  # of cells; the first are titles

GAP = 2  # between columns
NAMED = 2  # columns that say what a line is about, repeated in each table
_LEAST = 12  # of a name that is folded
_BREAKS = ",+:@"  # after which a name is folded rather than elsewhere


def lay_out(full: Lines, narrow: Lines, bare: Lines, width: int) -> list[Lines]:
    """Give a table as it is or, where it is wider than a terminal, as the narrow one; or else as several.

    These are of the narrow one where its figures have room beside the names, or else of one with the figures alone.
    """
    most = max(_LEAST, width // 3)
    tight = _fold_names(narrow, most)
    for lines in (full, narrow, tight):
        if width_of(lines) <= width:
            return [lines]
    tables = _split(tight, width)
    fit = all(width_of(table) <= width for table in tables)
    return tables if fit else _split(_fold_names(bare, most), width)


def width_of(lines: Lines) -> int:
    """Give the width of a table none of whose cells is broken.

    Examples
    --------
    >>> width_of([["extractor", "n"], ["lbp", "12"]])
    13
    """
    widths = _widths(lines)
    return sum(widths) + GAP * (len(widths) - 1)


def _widths(lines: Lines) -> list[int]:
    from rich.cells import cell_len

    columns = zip(*lines, strict=True)
    return [max(cell_len(line) for cell in column for line in cell.split("\n")) for column in columns]


def _split(lines: Lines, width: int) -> list[Lines]:
    """Fill tables with as many columns as fit, each after those that say what a line is about."""
    widths = _widths(lines)
    named = sum(widths[:NAMED]) + GAP * (NAMED - 1)
    tables: list[list[int]] = [[]]
    room = width - named
    for column in range(NAMED, len(widths)):
        if tables[-1] and room < GAP + widths[column]:
            tables.append([])
            room = width - named
        tables[-1].append(column)
        room -= GAP + widths[column]
    return [[[line[column] for column in (*range(NAMED), *columns)] for line in lines] for columns in tables]


def _fold_names(lines: Lines, most: int) -> Lines:
    return [[*(folded(name, most) for name in line[:NAMED]), *line[NAMED:]] for line in lines]


def folded(name: str, most: int) -> str:
    r"""Fold a long name, after a mark in it where there is one.

    Examples
    --------
    >>> folded("haralick:aggregate=mean+range@0.3+lbp", 20)
    'haralick:\naggregate=mean+\nrange@0.3+lbp'
    """
    from rich.cells import cell_len, set_cell_size

    folds = []
    while cell_len(name) > most:
        head = set_cell_size(name, most).rstrip(" ") or name[:1]
        mark = max(head.rfind(mark) for mark in _BREAKS)
        end = mark + 1 if mark > 0 else len(head)
        folds.append(name[:end])
        name = name[end:].lstrip(" ")
    return "\n".join([*folds, name])
