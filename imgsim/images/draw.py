"""Pictures for people: thumbnails, a labelled grid of answers, and half blocks for a terminal."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from itertools import zip_longest
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import PIL.Image
from PIL import ImageDraw
from PIL.PngImagePlugin import PngInfo

from imgsim.errors import ImgsimError
from imgsim.files import replace_file
from imgsim.images.letters import ascent, drawable, has_letter, load_font, runs
from imgsim.images.mark import MARK
from imgsim.images.reasons import system_reason
from imgsim.paths import composed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imgsim.core import Image

_MARGIN, _GAP, _PADDING = 24, 16, 8  # px
_INK, _FAINT, _HAIRLINE, _MISSING, _ACCENT = "#1a1a1a", "#757575", "#dcdcdc", "#f3f3f3", "#b3541e"
_TITLE_SIZE, _NOTE_SIZE = 15, 12  # px


class ImageWriteError(ImgsimError):
    """A picture that cannot be written: a full disk, a folder that is not there."""


class Cell(NamedTuple):
    """One picture of a grid, (H, W, 3), with what stands under it, each line shortened to fit.

    Without a picture a placeholder is drawn. Note, such as a path, and details are fainter; details lose their end.
    """

    image: Image | None
    title: str
    note: str = ""
    details: Sequence[str] = ()


def thumbnail(image: Image, size: int) -> Image:
    """Bring a picture (H, W, 3) down to fit a square of `size` pixels a side, whole and never enlarged: (h, w, 3)."""
    return _resized(image, min(1.0, size / max(image.shape[:2])))


def draw_grid(rows: Sequence[Sequence[Cell]], *, cell_size: int = 200) -> Image:
    """Draw queries beside their matches, one row a query, on white: (H, W, 3).

    Pictures fit squares of `cell_size` pixels; a line sets the first cell of a row, the query, apart.
    """
    columns = max((len(row) for row in rows), default=0)
    small = [
        [cell if cell.image is None else cell._replace(image=thumbnail(cell.image, cell_size)) for cell in row]
        for row in rows
    ]
    tallest = [max((len(cell.image) for cell in row if cell.image is not None), default=cell_size) for row in small]
    below = [_height_below(row) for row in rows]
    width = 2 * _MARGIN + columns * cell_size + max(0, columns - 1) * _GAP + (_GAP if columns > 1 else 0)
    height = 2 * _MARGIN + sum(tallest) + sum(below) + max(0, len(rows) - 1) * (_GAP + _PADDING)
    canvas = PIL.Image.new("RGB", (width, height), "white")
    top = _MARGIN
    for row, tall, low in zip(small, tallest, below, strict=True):
        _draw_row(canvas, row, top, (cell_size, tall), low)
        top += tall + low + _GAP + _PADDING
    return np.array(canvas)


def check_place(path: str | os.PathLike[str]) -> None:
    """Make sure that a picture can be written, before any work is done for it."""
    name = os.fspath(path)
    folder = os.path.dirname(os.path.abspath(name))
    reason = None
    if not os.path.isdir(folder):
        reason = f"no folder {folder}"
    elif os.path.isdir(name):
        reason = "is a folder"
    elif not os.access(folder, os.W_OK):
        reason = "permission denied"
    if reason:
        raise ImageWriteError(f"{name}: cannot write the picture: {reason}")


def save_png(image: Image, path: str | os.PathLike[str]) -> None:
    """Write a picture (H, W, 3) as PNG with the mark, whole or not at all; ImageWriteError if it cannot be written."""
    buffer = io.BytesIO()
    text = PngInfo()
    text.add_text("Software", MARK)
    PIL.Image.fromarray(image).save(buffer, "PNG", pnginfo=text)
    write_picture(buffer.getvalue(), path)


def write_picture(data: bytes, path: str | os.PathLike[str]) -> None:
    """Write a picture that is already encoded; what stood there before still does after an ImageWriteError."""
    name = os.fspath(path)
    try:
        replace_file(name, data)
    except (OSError, ValueError) as error:
        reason = system_reason(error) if isinstance(error, OSError) else str(error)
        raise ImageWriteError(f"{name}: cannot write the picture: {reason}") from error


def half_blocks(image: Image, columns: int) -> str:
    """Draw a picture (H, W, 3) for a terminal that knows 24-bit colour, two pixels a character, never enlarged.

    Lines of at most `columns` upper half blocks, each ending in a colour reset; no newline at the end.
    """
    small = _resized(image, min(1.0, columns / image.shape[1])).tolist()
    return "\n".join(_half_block_line(upper, lower) for upper, lower in zip_longest(small[::2], small[1::2]))


def _half_block_line(upper: list[list[int]], lower: list[list[int]] | None) -> str:
    """Colour one line of characters; an odd last row of pixels leaves the terminal's own colour below it."""
    above = ["38;2;{};{};{}".format(*rgb) for rgb in upper]
    below = [";48;2;{};{};{}".format(*rgb) for rgb in lower] if lower else [""] * len(upper)
    return "".join(f"\x1b[{ink}{paper}m▀" for ink, paper in zip(above, below, strict=True)) + "\x1b[0m"


def _resized(image: Image, scale: float) -> Image:
    if scale >= 1:
        return image
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    picture = PIL.Image.fromarray(image)
    return np.array(picture.resize(size, PIL.Image.Resampling.LANCZOS, reducing_gap=3.0))


def _height_below(row: Sequence[Cell]) -> int:
    """Give how many pixels the text below a row's pictures takes."""
    details = max((len(cell.details) for cell in row), default=0)
    return _PADDING + _line_height(_TITLE_SIZE) + (1 + details) * _line_height(_NOTE_SIZE)


def _draw_row(canvas: PIL.Image.Image, row: Sequence[Cell], top: int, box: tuple[int, int], below: int) -> None:
    """Draw a row whose pictures fit a box, with so many pixels of text below."""
    width, height = box
    for column, cell in enumerate(row):
        left = _MARGIN + column * (width + _GAP) + (_GAP if column else 0)
        _draw_cell(canvas, cell, (left, top), box, _INK if column else _ACCENT)
    if len(row) > 1:
        line = _MARGIN + width + _GAP
        ImageDraw.Draw(canvas).line([(line, top), (line, top + height + below)], fill=_HAIRLINE)


def _draw_cell(canvas: PIL.Image.Image, cell: Cell, corner: tuple[int, int], box: tuple[int, int], ink: str) -> None:
    """Draw a picture, resting on the text below it at its left edge, or the placeholder of a missing one."""
    (left, top), (width, height) = corner, box
    draw = ImageDraw.Draw(canvas)
    if cell.image is None:
        draw.rectangle([left, top, left + width - 1, top + height - 1], fill=_MISSING, outline=_HAIRLINE)
        middle = (left + width / 2, top + height / 2)
        draw.text(middle, "cannot be read", fill=_FAINT, font=load_font("", _NOTE_SIZE), anchor="mm")
    else:
        canvas.paste(PIL.Image.fromarray(cell.image), (left, top + height - cell.image.shape[0]))
    line_top = top + height + _PADDING
    _draw_line(draw, (left, line_top), cell.title, width=width, size=_TITLE_SIZE, ink=ink)
    line_top += _line_height(_TITLE_SIZE)
    for line, cut in ((cell.note, without_middle), *((detail, _without_end) for detail in cell.details)):
        _draw_line(draw, (left, line_top), line, width=width, size=_NOTE_SIZE, ink=_FAINT, cut=cut)
        line_top += _line_height(_NOTE_SIZE)


def without_middle(text: str, kept: int) -> str:
    """Keep so many characters of a text, two thirds of them from its end, which of a path tells more."""
    head = kept // 3
    return f"{text[:head]}…{text[len(text) - (kept - head) :]}"


def _draw_line(
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    text: str,
    *,
    width: int,
    size: int,
    ink: str,
    cut: Callable[[str, int], str] = without_middle,
) -> None:
    """Write a line whose letters, whatever fonts they come from, stand on the base line of the first."""
    left, top = float(corner[0]), corner[1]
    base = top + ascent(size)
    for run in runs(_shortened(_drawable(text), width, size, cut), size):
        draw.text((left, base), run.text, fill=ink, font=run.font, anchor="ls")
        left += run.font.getlength(run.text)


def _line_height(size: int) -> int:
    return round(size * 1.4)


def _shortened(text: str, width: int, size: int, cut: Callable[[str, int], str] = without_middle) -> str:
    """Cut a text, in its middle unless told otherwise, until it fits."""
    if _length(text, size) <= width:
        return text

    def length(kept: int) -> int:
        return ceil(_length(cut(text, kept), size))

    kept = max(1, bisect_right(range(1, len(text)), width, key=length))
    while kept > 1 and length(kept) > width:  # where fewer letters take more room
        kept -= 1
    return cut(text, kept)


def _without_end(text: str, kept: int) -> str:
    return f"{text[:kept]}…"


def _length(text: str, size: int) -> float:
    return sum(run.font.getlength(run.text) for run in runs(text, size))


def _drawable(text: str) -> str:
    """Spell what no font has: accents are taken off where that helps, of the rest the codes tell names apart."""
    return "".join(drawable(character, has_letter) for character in composed(text))
