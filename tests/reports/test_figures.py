"""What all pictures share: formats, determinism, letters, and how they fail."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("matplotlib", reason="the extra plots is not installed")

import matplotlib as mpl

from imgsim.errors import MissingDependencyError
from imgsim.images.draw import ImageWriteError
from imgsim.reports.figures import PlotError, check_picture_path, drawing
from tests.reports.pictures import PICTURES, READABLE, png_pixels, svg_texts

every_picture = pytest.mark.parametrize("plot", PICTURES.values(), ids=PICTURES)


@every_picture
def test_png_has_white_borders_where_nothing_is_cut_and_the_same_bytes_again(plot, tmp_path):
    before = dict(mpl.rcParams)
    plot(tmp_path / "a.png")
    plot(tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]
    assert dict(mpl.rcParams) == before
    pixels = png_pixels(tmp_path / "a.png")
    assert min(pixels.shape[:2]) > 200
    assert (pixels < 100).any()
    for border in (pixels[:8], pixels[-8:], pixels[:, :8], pixels[:, -8:]):
        assert (border == 255).all()


@every_picture
def test_svg_is_xml_that_holds_the_names_as_they_are_and_the_same_bytes_again(plot, tmp_path):
    plot(tmp_path / "a.SVG")
    plot(tmp_path / "b.svg")
    assert (tmp_path / "a.SVG").read_bytes() == (tmp_path / "b.svg").read_bytes()
    texts = " ".join(svg_texts(tmp_path / "a.SVG"))
    assert [name for name in READABLE if name not in texts] == []
    assert "'DejaVu Sans'" in (tmp_path / "a.SVG").read_text("utf-8")
    assert "sans-serif;" in (tmp_path / "a.SVG").read_text("utf-8")  # for those who have no DejaVu


@every_picture
def test_other_endings_and_missing_folders_are_said_in_a_line(plot, tmp_path):
    with pytest.raises(PlotError, match=r"a\.pdf: plots are written as PNG or SVG: give the file the ending"):
        plot(tmp_path / "a.pdf")
    with pytest.raises(ImageWriteError, match=r"a\.png: cannot write the picture: no folder .*absent$"):
        plot(tmp_path / "absent" / "a.png")
    assert list(tmp_path.iterdir()) == []


@every_picture
def test_missing_matplotlib_names_its_extra(plot, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match=r"matplotlib is not installed: pip install 'imgsim\[plots\]'"):
        plot(tmp_path / "a.png")


def test_the_place_is_checked_before_any_work(tmp_path, monkeypatch):
    assert check_picture_path(tmp_path / "a.png") == "png"
    assert check_picture_path(str(tmp_path / "a.b.Svg")) == "svg"
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ImageWriteError, match="cannot write the picture: is a folder"):
        check_picture_path(tmp_path / "folder.png")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ImageWriteError, match="cannot write the picture: permission denied"):
        check_picture_path(tmp_path / "a.png")


def test_a_full_disk_is_said_in_a_line_and_leaves_what_was_there(tmp_path, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    (tmp_path / "a.png").write_bytes(b"before")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ImageWriteError, match="cannot write the picture: no space left on device"):
        PICTURES["reliability"](tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 1


def test_nothing_is_written_when_drawing_fails(tmp_path):
    with pytest.raises(RuntimeError, match="halfway"), drawing(tmp_path / "a.png", 2, 2, "Plot"):
        raise RuntimeError("halfway")
    assert list(tmp_path.iterdir()) == []


def test_long_titles_are_broken_and_their_newlines_kept(tmp_path):
    with drawing(tmp_path / "a.svg", 2, 2, "leave one out " * 6 + "\nsecond"):
        pass
    texts = svg_texts(tmp_path / "a.svg")
    assert texts[-1] == "second"
    assert len(texts) >= 4
    assert " ".join(texts[:-1]).split() == ["leave", "one", "out"] * 6


def draw_elsewhere(tmp_path, **environment):
    code = f"""if True:
        import sys
        from imgsim.reports.curves import plot_precision_recall
        from imgsim.errors import ImgsimError
        try:
            plot_precision_recall({{"x": ([0.5, 1], [0.5, 0.5])}}, {str(tmp_path / "a.png")!r}, title="지갑")
        except ImgsimError as error:
            print(error)
        print("matplotlib.pyplot" in sys.modules)
    """
    kept = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return result.returncode, result.stdout, result.stderr


def test_it_draws_without_a_display_and_without_a_home(tmp_path):
    (tmp_path / "home").write_text("a file, not a folder")
    home = str(tmp_path / "home")
    outcome = draw_elsewhere(tmp_path, HOME=home, XDG_CACHE_HOME=home, MPLCONFIGDIR=home, MPLBACKEND="tkagg")
    assert outcome == (0, "False\n", "")
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_a_backend_that_does_not_exist_is_said_in_a_line(tmp_path):
    code, out, err = draw_elsewhere(tmp_path, MPLBACKEND="garbage")
    assert (code, err) == (0, "")
    assert out.startswith("matplotlib does not start: Key backend: 'garbage' is not a valid value")
    assert out.count("\n") == 2
