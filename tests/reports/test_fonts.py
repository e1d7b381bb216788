"""Names in plots."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("matplotlib", reason="the extra plots is not installed")

from matplotlib.text import Text

from imgsim.reports import fonts as labels
from imgsim.reports.figures import drawing
from imgsim.reports.fonts import font_families, name_ticks, shortened, spelled, wrapped
from tests.fonts import make_font
from tests.reports.pictures import svg_texts


@pytest.fixture
def only_latin(monkeypatch):
    """Take all fonts of this machine away but for the one that comes with matplotlib."""
    monkeypatch.setattr(labels, "_EAST_ASIAN", ())
    monkeypatch.setattr(labels, "find_font", lambda character: "")
    caches = (labels.font_families, labels._fonts, labels._drawable)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def test_what_the_fonts_lack_is_replaced(only_latin):
    assert font_families() == ("DejaVu Sans",)
    assert spelled("Crème 지갑 \uff41\t\udcff") == r"Crème \uc9c0\uac11 a\t\udcff"
    assert spelled("Crème 지갑\t\udcff", any_font=True) == r"Crème 지갑\t\udcff"


@given(st.text())
def test_every_text_can_be_drawn(text):
    plain = spelled(text)
    assert len(plain) >= len(text)
    assert plain.isprintable()
    assert all(labels._has_glyph(character) for character in plain)
    spelled(text, any_font=True).encode("utf-8")


def test_an_installed_east_asian_font_joins(only_latin, monkeypatch):
    monkeypatch.setattr(labels, "_EAST_ASIAN", ("Absent", "DejaVu Serif", "DejaVu Sans Mono"))
    labels.font_families.cache_clear()
    assert font_families() == ("DejaVu Sans", "DejaVu Serif")


def test_a_letter_is_drawn_in_the_font_that_has_it(only_latin, monkeypatch, tmp_path):
    path = str(make_font(tmp_path / "korean.ttf", "지갑", "Test Korean"))
    monkeypatch.setattr(labels, "find_font", lambda character: path if character in "지갑" else "")
    with warnings.catch_warnings(), drawing(tmp_path / "a.png", 4, 3, "지갑, 財布") as (figure, spell):
        warnings.simplefilter("error")
        assert spell("Crème 지갑 財") == r"Crème 지갑 \u8ca1"
        assert spell.families == ["DejaVu Sans", "Test Korean"]
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_title(spell("갑"))
        name_ticks(axes.yaxis, np.arange(2.0), ["지", "a"], spell=spell, inches=1)
    texts = [text for text in figure.findobj(Text) if set("지갑") & set(text.get_text())]
    assert {"갑", "지"} < {text.get_text() for text in texts}
    assert all("Test Korean" in text.get_fontfamily() for text in texts)


def test_a_font_that_matplotlib_cannot_use_is_none(only_latin, monkeypatch, tmp_path):
    (tmp_path / "bad.ttf").write_bytes(b"no font")
    monkeypatch.setattr(labels, "find_font", lambda character: str(tmp_path / "bad.ttf"))
    assert spelled("지") == r"\uc9c0"


@given(st.text(), st.integers(4, 60))
def test_shortened_keeps_both_ends(text, longest):
    short = shortened(text, longest)
    assert len(short) <= longest
    if len(text) > longest:
        head, tail = short[: (longest - 1) // 3], short[(longest - 1) // 3 + 1 :]
        assert text.startswith(head)
        assert text.endswith(tail)
    else:
        assert short == text


def test_wrapped_breaks_words_that_are_too_long():
    assert wrapped("x" * 40, 1.0, 12.0).replace("\n", "") == "x" * 40
    assert max(map(len, wrapped("x" * 40, 1.0, 12.0).split("\n"))) < 20


def ticks(tmp_path, positions, names, inches):
    with drawing(tmp_path / "a.svg", 5, 5, "") as (figure, spell):
        axes = figure.add_axes((0, 0, 1, 1), xticks=[])
        axes.set_ylim(0, 5 / inches)
        name_ticks(axes.yaxis, np.asarray(positions, float), names, spell=spell, inches=inches)
        size = axes.get_yticklabels()[0].get_fontsize()
    return svg_texts(tmp_path / "a.svg"), size


@pytest.mark.parametrize(("count", "kept", "size"), [(1, 1, 10), (10, 10, 10), (40, 40, 7.5), (100, 50, 5.5)])
def test_names_shrink_and_then_thin(tmp_path, count, kept, size):
    names = [f"class {place}" for place in range(count)]
    texts, points = ticks(tmp_path, range(count), names, 5 / count)
    assert len(texts) == kept
    assert texts == names[:: count // kept]
    assert points == pytest.approx(size)


def test_names_of_small_classes_give_way(tmp_path):
    texts, _ = ticks(tmp_path, [10, 20.2, 20.5, 31, 41], ["a", "b", "c", "d", "e"], 0.02)
    assert texts == ["a", "b", "d", "e"]
