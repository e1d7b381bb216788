"""Reports as files: whole or not at all, and checked before any work."""

import os
import re
import sys

import pytest

from imgsim.errors import MissingDependencyError

pytest.importorskip("jinja2", reason="the extra report is not installed")

from imgsim.images.limits import LIMITS
from imgsim.reports import html_file
from imgsim.reports.html_file import ReportError, check_report_folder, check_report_path, write_page
from imgsim.reports.page_content import Case, Fact, Report, ShownMatch, ShownPhoto, Swatch
from imgsim.reports.thumbnails import Thumbnail, thumbnails_of
from tests.pages import Page, check_alone

HOSTILE = [
    "<script>alert(1)</script>.jpg",
    "\"'><img src=x onerror=alert(1)>",
    "two\nlines\r\x00\x1b[31m",
    "no\udcff utf-8",
    "abc\u202egpj.exe\u200f",
    "{{ 7 * 7 }}{% raw %}&amp;",
    "]]></style><b>",
    "지갑 wallet 👩\u200d🔬",
]
SHOWN = [
    "<script>alert(1)</script>.jpg",
    "\"'><img src=x onerror=alert(1)>",
    "two\\nlines\\r\\x00\\x1b[31m",
    "no\\udcff utf-8",
    "abc\\u202egpj.exe\\u200f",
    "{{ 7 * 7 }}{% raw %}&amp;",
    "]]></style><b>",
    "지갑 wallet 👩\u200d🔬",
]


def photo(name):
    return ShownPhoto(name, name, LIMITS, [Fact(name, name)], [Swatch("#ff0000", name, 0.5)])


def write(path, page, names=("a.jpg",), **changed):
    cases = [
        Case(name, [photo(name)], [ShownMatch(photo(name), [Fact("distance", "0.1")], 1, [name], [name], name)])
        for name in names
    ]
    report = Report(names[0], names[0], [Fact(name, name) for name in names], cases)
    given = {"report": report, "thumbnails": lambda _: Thumbnail("data:image/png;base64,AAAA", 4, 3), **changed}
    write_page(str(path), page, **given)
    return Page(path)


@pytest.mark.parametrize("page", ["query", "match", "duplicates"])
def test_names_with_markup_stay_text(tmp_path, page):
    read = write(tmp_path / "report.html", page, HOSTILE)
    check_alone(read)
    assert all(name in read.texts for name in SHOWN)
    assert len(read.all("img")) == len(HOSTILE) * (1 if page == "duplicates" else 2)
    assert not read.all("b")


def test_a_passage_keeps_its_lines(tmp_path):
    report = Report("a", "b", [Fact("note", "one\ntwo\x07")])
    read = write(tmp_path / "report.html", "query", report=report)
    assert "one\ntwo\\x07" in read.texts


def test_it_is_made_for_paper_and_for_either_light(tmp_path):
    source = write(tmp_path / "report.html", "query").source
    assert "size: A4" in source
    assert "@media screen and (prefers-color-scheme: dark)" in source
    assert "break-inside: avoid" in source
    assert [word for word in ("Name", "Signature", "Date") if f"<dt>{word}</dt><dd></dd>" not in source] == []


def luminance(color):
    """Give the relative luminance of a colour, WCAG 2.2."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_its_colours_are_told_apart_in_either_light():
    style = (html_file.FOLDER / "style.css").read_text()
    palettes = [dict(re.findall(r"--(\w+): (#\w{6})", one)) for one in re.findall(r":root {([^}]*)", style)]
    assert [len(palette) for palette in palettes] == [7, 7]
    for palette in palettes:
        for ink in ("ink", "faint", "accent", "good"):
            for paper in ("paper", "wash"):
                dark, light = sorted(luminance(palette[name]) for name in (ink, paper))
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)


def test_a_photo_that_is_gone_says_so(tmp_path):
    shown = ShownPhoto("gone.jpg", str(tmp_path / "gone.jpg"), LIMITS)
    cases = [Case("gone.jpg", [shown], [], "Nothing matched.")]
    report = Report("a", "b", [], cases)
    read = write(tmp_path / "report.html", "query", report=report, thumbnails=thumbnails_of([cases]))
    assert "This photo cannot be shown: no such file" in read.texts
    assert "Nothing matched." in read.texts
    assert not read.all("img")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("report.pdf", "reports are written as HTML: give the file the ending .html"),
        ("report", "reports are written as HTML"),
        ("none/report.html", "cannot write the report: no folder"),
        ("folder.html", "cannot write the report: is a folder"),
    ],
)
def test_a_place_that_is_none_is_refused(tmp_path, name, said):
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(ReportError, match=said):
        check_report_path(str(tmp_path / name))


def test_a_folder_is_there_or_can_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    check_report_folder(str(tmp_path))
    check_report_folder(f"{tmp_path}/new/")
    assert not (tmp_path / "new").exists()
    with pytest.raises(ReportError, match="is a file"):
        check_report_folder(f"{tmp_path}/file/")
    with pytest.raises(ReportError, match="no folder"):
        check_report_folder(f"{tmp_path}/none/new/")


def test_it_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("yesterday's")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ReportError, match=r"report\.html: cannot write the report: no space left on device"):
        write(path, "query")
    assert path.read_text() == "yesterday's"
    assert os.listdir(tmp_path) == ["report.html"]


def test_an_error_while_it_is_made_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "report.html", "query", thumbnails=lambda _: 1 / 0)
    assert os.listdir(tmp_path) == []


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    for check in (check_report_path, check_report_folder):
        with pytest.raises(MissingDependencyError, match=r"^jinja2 is not installed: pip install 'imgsim\[report\]'$"):
            check(str(tmp_path / "report.html"))


def test_the_pages_are_in_the_package():
    there = {path.name for path in html_file.FOLDER.iterdir()}
    assert {"base.html", "style.css", "query.html", "match.html", "duplicates.html", "evaluate.html"} <= there
