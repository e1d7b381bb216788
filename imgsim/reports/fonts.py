"""Names in plots: letters that the fonts have, lengths that fit, as many beside an axis as can be read."""

from __future__ import annotations

import textwrap
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from imgsim.images.draw import without_middle
from imgsim.images.letters import drawable, find_font
from imgsim.paths import composed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axis import Axis
    from matplotlib.ft2font import FT2Font
    from numpy.typing import NDArray

LONGEST = 32  # characters of a name beside an axis or in a legend
_LATIN = "DejaVu Sans"  # comes with matplotlib
# Fonts with Korean, Chinese and Japanese letters; the first that is installed is taken, and what it lacks looked for.
_EAST_ASIAN = (
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "NanumGothic",
    "Nanum Gothic",
    "NanumBarunGothic",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "AppleGothic",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Source Han Sans KR",
    "Source Han Sans",
    "UnDotum",
    "Baekmuk Gulim",
    "Arial Unicode MS",
    "Droid Sans Fallback",
    "WenQuanYi Zen Hei",
    "Unifont",
)
_SMALLEST, _LARGEST = 5.5, 10.0  # points
_LINE = 1.2  # line heights between the names beside an axis, of their size
_EM = 0.62  # mean width of a bold letter, of its size


@cache
def font_families() -> tuple[str, ...]:
    """List the fonts of plots, in the order in which a letter is looked for."""
    from matplotlib.font_manager import get_font_names

    installed = set(get_font_names())
    return (_LATIN, *[name for name in _EAST_ASIAN if name in installed][:1])


class Speller:
    """Spells the names of one plot, and remembers which fonts that takes; for an SVG any font is supposed."""

    def __init__(self, *, any_font: bool) -> None:
        self._any_font = any_font
        self._further: dict[str, None] = {}

    def __call__(self, text: str) -> str:
        """Replace what cannot be drawn, as `spelled` does."""
        plain = spelled(text, any_font=self._any_font)
        if not self._any_font:
            self._further |= dict.fromkeys(filter(None, map(_further_family, filter(_is_further, plain))))
        return plain

    @property
    def families(self) -> list[str]:
        """The fonts to draw with, in the order in which a letter is looked for."""
        return list(dict.fromkeys((*font_families(), *self._further)))


def spelled(text: str, *, any_font: bool = False) -> str:
    r"""Replace what cannot be drawn: accents are taken off where that helps, of the rest the codes tell names apart.

    Examples
    --------
    >>> spelled("Crème\n\udcff", any_font=True)
    'Crème\\n\\udcff'
    """
    return "".join(_drawable(character, any_font) for character in composed(text))


def shortened(text: str, longest: int = LONGEST) -> str:
    """Cut the middle out of a long name.

    Examples
    --------
    >>> shortened("shelves/2024/box 12/wallet.jpg", 20)
    'shelve…12/wallet.jpg'
    """
    return text if len(text) <= longest else without_middle(text, longest - 1)


def wrapped(text: str, inches: float, points: float) -> str:
    r"""Break a text into lines.

    Examples
    --------
    >>> wrapped("classic by euclidean, leave one out", 2.0, 12.0)
    'classic by\neuclidean, leave\none out'
    """
    return "\n".join(textwrap.wrap(text, max(8, int(inches * 72 / (points * _EM)))))


def name_ticks(
    axis: Axis,
    positions: NDArray[np.float64],
    names: Sequence[str],
    *,
    spell: Callable[[str], str],
    inches: float,
    rotation: float = 0.0,
) -> None:
    """Write names beside an axis: smaller where they are close, and only as many as do not touch.

    `positions` (K,).
    """
    typical = float(np.median(np.diff(positions))) * inches if len(positions) > 1 else 1.0
    points = float(np.clip(typical * 72 / _LINE, _SMALLEST, _LARGEST))
    kept = _apart(positions, points * _LINE / 72 / inches)
    texts = [shortened(spell(names[place])) for place in kept]
    axis.set_ticks(positions[kept].tolist(), labels=texts, fontsize=points, rotation=rotation)


def _apart(positions: NDArray[np.float64], least: float) -> list[int]:
    """Choose places from the first on, each at least so far from the one before."""
    kept: list[int] = []
    for place, position in enumerate(positions):
        if not kept or position - positions[kept[-1]] >= least * (1 - 1e-9):
            kept.append(place)
    return kept


@cache
def _drawable(character: str, any_font: bool) -> str:  # noqa: FBT001 (a cached function has no keywords to spare)
    return drawable(character, lambda one: any_font or _has_glyph(one))


def _has_glyph(character: str) -> bool:
    return not _is_further(character) or bool(_further_family(character))


def _is_further(character: str) -> bool:
    """Tell whether a character is in none of the fonts that every plot has."""
    return not any(font.get_char_index(ord(character)) for font in _fonts())


def _further_family(character: str) -> str:
    """Name the font of this machine that has a character; empty where none does."""
    return _family(find_font(character))


@cache
def _family(path: str) -> str:
    """Make a font's file known to matplotlib, and give its name there; empty where it cannot be used."""
    from matplotlib.font_manager import FontProperties, fontManager

    if not path:
        return ""
    try:
        fontManager.addfont(path)
        return FontProperties(fname=path).get_name()
    except (OSError, RuntimeError, ValueError):
        return ""


@cache
def _fonts() -> tuple[FT2Font, ...]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return tuple(get_font(findfont(FontProperties(family=[name]))) for name in font_families())
