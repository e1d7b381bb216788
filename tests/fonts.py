"""Fonts of a few letters, since no test may count on those of the machine."""

from pathlib import Path

import pytest


def make_font(path: Path, characters: str, family: str, *, format_: int = 4) -> Path:
    """Make a font in which each of these characters is a box as wide as its place among them, and `_` what it lacks."""
    builders = pytest.importorskip("fontTools.fontBuilder", reason="fontTools is not installed")
    pens = pytest.importorskip("fontTools.pens.ttGlyphPen")
    names = {character: f"u{ord(character):05X}" for character in characters}
    builder = builders.FontBuilder(1000, isTTF=True)
    order = [".notdef", *names.values()]
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap({ord(character): name for character, name in names.items()})
    if format_ == 4:
        builder.font["cmap"].tables = [one for one in builder.font["cmap"].tables if one.format == 4]
    glyphs = {}
    for place, name in enumerate(order):
        pen = pens.TTGlyphPen(None)
        right = 100 + 800 * place // len(order)
        for number, corner in enumerate([(50, 0), (50, 700), (right, 700), (right, 0)]):
            (pen.lineTo if number else pen.moveTo)(corner)
        pen.closePath()
        glyphs[name] = pen.glyph()
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(order, (1000, 50)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    path.parent.mkdir(parents=True, exist_ok=True)
    builder.save(path)
    return path
