"""Letters of any script: Pillow's own font first, and then those fonts of the machine that have what it lacks."""

from __future__ import annotations

import os
import sys
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from PIL import ImageFont

from imgsim.images.font_coverage import covers, read_coverage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_ENDINGS = (".ttf", ".otf", ".ttc")
_FANCY = ("bold", "italic", "oblique", "thin", "light", "black", "heavy", "condensed", "mono", "serif", "brush", "pen")
_PLAIN = ("sans", "gothic", "regular")
_NO_LETTERS = ("emoji", "lastresort", "adobeblank", "symbol", "wingding", "webding")
_TRIED = 16  # px: at which size a font is asked what it has
_ABSENT = "\U0010ffff"  # that no font has


class Run(NamedTuple):
    """A stretch of text in one font."""

    text: str
    font: Font


def runs(text: str, size: int) -> list[Run]:
    """Split a text, of characters that can be drawn, by the font that each is drawn in at a size in pixels."""
    lacking = "".join(sorted({one for one in text if not _in_own_font(one)}))
    together = _font_of_all(lacking)
    stretches: list[tuple[str, str]] = []
    for one in text:
        path = "" if _in_own_font(one) else together or find_font(one)
        before = stretches[-1][1] if stretches else path
        if path != before and (one == " " or unicodedata.combining(one)) and _has(before, one):
            path = before  # spaces and accents stay with what they follow
        if stretches and path == before:
            stretches[-1] = (stretches[-1][0] + one, path)
        else:
            stretches.append((one, path))
    return [Run(stretch, load_font(path, size)) for stretch, path in stretches]


def has_letter(character: str) -> bool:
    """Tell whether some font has a character."""
    return _in_own_font(character) or bool(find_font(character))


def find_font(character: str) -> str:
    """Find the file of the machine's first font that has a character; empty where none does."""
    return _font_of_all(character)


@cache
def load_font(path: str, size: int) -> Font:
    """Load a font's file, or Pillow's own for an empty path."""
    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)


def ascent(size: int) -> int:
    """Give how far above the base line Pillow's own font goes at a size, in pixels."""
    own = load_font("", size)
    return own.getmetrics()[0] if isinstance(own, ImageFont.FreeTypeFont) else size


@cache
def machine_fonts() -> tuple[str, ...]:
    """List the machine's fonts of letters, the plainest first."""
    paths = {path for folder in _font_folders() for path in _files_below(folder)}
    return tuple(sorted(paths, key=lambda path: (_fanciness(path), os.path.basename(path), path)))


def drawable(character: str, has_glyph: Callable[[str], bool]) -> str:
    """Give a character if it can be drawn, or else what it is without its accent, or else its code."""
    candidates = (character, unicodedata.normalize("NFKD", character)[0])
    return next((one for one in candidates if one.isprintable() and has_glyph(one)), ascii(character)[1:-1])


def _font_folders() -> Sequence[str]:
    """List the folders where this system keeps fonts."""
    home = os.path.expanduser("~")
    if sys.platform == "darwin":
        return (f"{home}/Library/Fonts", "/Library/Fonts", "/System/Library/Fonts")
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", os.path.join(home, "AppData", "Local"))
        windows = os.environ.get("WINDIR", r"C:\Windows")
        return (os.path.join(windows, "Fonts"), os.path.join(local, "Microsoft", "Windows", "Fonts"))
    own = os.environ.get("XDG_DATA_HOME") or f"{home}/.local/share"
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    return (f"{home}/.fonts", *(os.path.join(data, "fonts") for data in (own, *shared.split(os.pathsep)) if data))


def _files_below(folder: str) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        yield from (os.path.join(place, name) for name in names if _is_of_letters(name.lower()))


def _is_of_letters(name: str) -> bool:
    return name.endswith(_ENDINGS) and not any(word in name for word in _NO_LETTERS)


def _fanciness(path: str) -> int:
    """Rate a font by the words in its file's name: the least stands out least."""
    name = os.path.basename(path).lower()
    return sum(word in name for word in _FANCY) - sum(word in name for word in _PLAIN)


def _loads(path: str) -> bool:
    try:
        load_font(path, _TRIED)
    except OSError:
        return False
    return True


def _in_own_font(character: str) -> bool:
    return _has("", character)


@cache
def _font_of_all(characters: str) -> str:
    """Find the first font that has all of several characters, so that a name looks like one."""
    if not characters:
        return ""
    having = (path for path in machine_fonts() if all(_has(path, one) for one in characters))
    return next((path for path in having if _loads(path)), "")


@cache
def _has(path: str, character: str) -> bool:
    """Tell whether a font, of a file or Pillow's own, has a character."""
    return covers(_coverage(path), character) if path else _drawn(character) not in (None, _drawn(_ABSENT))


@cache
def _coverage(path: str) -> NDArray[np.int64]:
    return read_coverage(path)


@cache
def _drawn(character: str) -> bytes | None:
    """Draw a character in Pillow's own font, which shows what it lacks; None where that cannot be drawn."""
    try:
        return bytes(load_font("", _TRIED).getmask(character)) or b" "
    except (UnicodeError, ValueError):
        return None
