"""Letters of any script in pictures, by the fonts of the machine."""

import os
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsim.images import draw, letters
from imgsim.images.draw import Cell, draw_grid
from imgsim.images.font_coverage import covers, read_coverage
from imgsim.images.letters import drawable, find_font, machine_fonts, runs
from tests.fonts import make_font

KOREAN = "빨간지갑호선"
linux = pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="fonts are looked for elsewhere")


@pytest.fixture
def only_these(monkeypatch, tmp_path):
    """Let the fonts of one folder be all that the machine has: ``only_these(names)`` makes some there."""

    def make(characters_by_name):
        for name, characters in characters_by_name.items():
            make_font(tmp_path / "fonts" / name, characters, name)
        return str(tmp_path / "fonts")

    def clear():
        for cached in (letters.machine_fonts, letters._font_of_all, letters._has, letters._coverage):
            cached.cache_clear()

    monkeypatch.setattr(letters, "_font_folders", lambda: (str(tmp_path / "fonts"),))
    clear()
    yield make
    clear()


def label(text):
    return draw_grid([[Cell(None, "1", text)]])


def test_a_name_is_drawn_in_the_font_that_has_its_letters(only_these):
    folder = only_these({"korean.ttf": KOREAN})
    assert draw._drawable("빨간 지갑.jpg") == "빨간 지갑.jpg"
    parts = [(run.text, getattr(run.font, "path", None)) for run in runs("a 지갑.jpg", 12)]
    assert [text for text, _ in parts] == ["a ", "지갑", ".jpg"]
    assert parts[1][1] == os.path.join(folder, "korean.ttf")
    assert (label("빨간.jpg") != label("지갑.jpg")).any()


def test_what_no_font_has_is_spelled_as_before(only_these):
    only_these({"korean.ttf": KOREAN})
    assert draw._drawable("지갑 財布\udcff\n\U0001f45c") == r"지갑 \u8ca1\u5e03\udcff\n\U0001f45c"


def test_letters_in_two_pieces_are_joined_first(only_these):
    only_these({"korean.ttf": KOREAN + "è"})
    apart = unicodedata.normalize("NFD", "지갑 Crème")
    assert len(apart) > 8
    assert draw._drawable(apart) == "지갑 Crème"


def test_one_font_for_all_of_a_name_goes_before_several(only_these):
    folder = only_these({"a.ttf": "지", "b.ttf": "갑", "c.ttf": "지갑"})
    assert [getattr(run.font, "path", None) for run in runs("지갑", 12)] == [os.path.join(folder, "c.ttf")]
    os.remove(os.path.join(folder, "c.ttf"))
    for cached in (letters.machine_fonts, letters._font_of_all):
        cached.cache_clear()
    assert [(run.text, os.path.basename(run.font.path)) for run in runs("지갑", 12)] == [
        ("지", "a.ttf"),
        ("갑", "b.ttf"),
    ]


def test_the_plainest_font_is_taken(only_these):
    folder = only_these(dict.fromkeys(["A-Bold.ttf", "B-Serif.ttf", "C-Sans.ttf", "D.ttf", "E-Emoji.ttf"], "지"))
    names = [os.path.basename(path) for path in machine_fonts()]
    assert names == ["C-Sans.ttf", "D.ttf", "A-Bold.ttf", "B-Serif.ttf"]
    assert find_font("지") == os.path.join(folder, "C-Sans.ttf")


def test_files_that_are_no_fonts_are_passed_over(only_these, tmp_path):
    folder = only_these({"z.ttf": "지"})
    whole = (tmp_path / "fonts" / "z.ttf").read_bytes()
    for name, content in {
        "a.ttf": b"",
        "b.otf": b"OTTO",
        "c.ttc": b"ttcf" + b"\xff" * 40,
        "d.ttf": whole[:300],
    }.items():
        (tmp_path / "fonts" / name).write_bytes(content)
    (tmp_path / "fonts" / "e.ttf").mkdir()
    assert find_font("지") == os.path.join(folder, "z.ttf")


def test_a_font_whose_letters_cannot_be_loaded_is_passed_over(only_these, tmp_path):
    folder = only_these({"a.ttf": "지", "z.ttf": "지"})
    data = bytearray((tmp_path / "fonts" / "a.ttf").read_bytes())
    at = data.index(b"head")
    data[at : at + 4] = b"haed"
    (tmp_path / "fonts" / "a.ttf").write_bytes(data)
    assert find_font("지") == os.path.join(folder, "z.ttf")


def test_long_names_are_shortened_to_what_their_letters_take(only_these):
    only_these({"korean.ttf": KOREAN})
    text = "지갑" * 40 + ".jpg"
    short = draw._shortened(text, 200, 12)
    assert sum(run.font.getlength(run.text) for run in runs(short, 12)) <= 200
    assert short.startswith("지갑")
    assert short.endswith("갑.jpg")
    grid = label(text)
    assert (grid[:, -24:] == 255).all()


def test_latin_names_look_as_they_did(only_these):
    from PIL import Image, ImageDraw, ImageFont

    only_these({})
    canvas = Image.new("RGB", (200, 30), "white")
    ImageDraw.Draw(canvas).text((3, 5), "Shelf 12.jpg", fill="#757575", font=ImageFont.load_default(12))
    other = Image.new("RGB", (200, 30), "white")
    draw._draw_line(ImageDraw.Draw(other), (3, 5), "Shelf 12.jpg", width=190, size=12, ink="#757575")
    assert (np.array(canvas) == np.array(other)).all()


@given(st.text(max_size=12))
def test_runs_lose_nothing(text):
    plain = "".join(drawable(character, letters.has_letter) for character in text)
    assert "".join(run.text for run in runs(plain, 12)) == plain


@pytest.mark.parametrize("format_", [4, 12])
def test_coverage_is_what_the_font_says(tmp_path, format_):
    far = "\U00020000\U00020001" if format_ == 12 else ""
    characters = "abcxyz가나다힣\ufb01" + far
    ranges = read_coverage(str(make_font(tmp_path / "a.ttf", characters, "A", format_=format_)))
    listed = {code for first, last in ranges.tolist() for code in range(first, last + 1)}
    assert listed == set(map(ord, characters))
    assert covers(ranges, "힣")
    assert not covers(ranges, "d")


def test_coverage_agrees_with_fonttools():
    reading = pytest.importorskip("fontTools.ttLib", reason="fontTools is not installed")
    matplotlib = pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    for name in ("DejaVuSans.ttf", "STIXGeneral.ttf", "cmr10.ttf"):
        path = os.path.join(matplotlib.get_data_path(), "fonts", "ttf", name)
        listed = {code for first, last in read_coverage(path).tolist() for code in range(first, last + 1)}
        assert listed == {code for code, glyph in reading.TTFont(path).getBestCmap().items() if glyph != ".notdef"}


@given(st.binary(max_size=80), st.integers(0, 400))
def test_damaged_fonts_have_no_letters_or_others(tmp_path_factory, data, at):
    path = make_font(tmp_path_factory.mktemp("fonts") / "a.ttf", "지갑", "A")
    whole = path.read_bytes()
    path.write_bytes(whole[:at] + data + whole[at + len(data) :])
    ranges = read_coverage(str(path))
    assert ranges.ndim == 2
    assert ranges.shape[1] == 2


@linux
def test_fonts_of_a_home_are_found(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_DATA_DIRS", f"{tmp_path}/one:{tmp_path}/two")
    paths = [make_font(tmp_path / place / "a.ttf", "지", "A") for place in ("data/fonts/deep", "two/fonts", ".fonts")]
    machine_fonts.cache_clear()
    try:
        assert set(machine_fonts()) == set(map(str, paths))
    finally:
        machine_fonts.cache_clear()


@pytest.mark.parametrize(
    ("platform", "folders"),
    [
        ("darwin", ["/System/Library/Fonts", "/Library/Fonts"]),
        ("win32", [os.path.join("D:\\Windows", "Fonts"), os.path.join("L", "Microsoft", "Windows", "Fonts")]),
    ],
)
def test_other_systems_keep_fonts_elsewhere(monkeypatch, platform, folders):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("WINDIR", "D:\\Windows")
    monkeypatch.setenv("LOCALAPPDATA", "L")
    assert set(folders) <= set(letters._font_folders())
