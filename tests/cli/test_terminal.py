"""On a terminal the names of files are shown, not obeyed; in a pipe they are the bytes that they are."""

import csv
import io
import os
import pty
import re
import subprocess

import pytest

from imgsim.index.update import update_index
from tests.cli.conftest import IMGSIM
from tests.photos import draw_photo

EVIL = b"evil\x1b]0;OWNED\x07\x1b[2J\r\x9b.png"


@pytest.fixture
def folder(make_photos, monkeypatch):
    """An index of three photos, one of them named by whoever wishes no good."""
    folder = make_photos(3, folder="shelf")
    os.rename(folder / "2.png", os.fsencode(folder) + b"/" + EVIL)
    (folder / os.fsdecode(b"bad\x1b[2J.jpg")).write_bytes(b"no photo")
    update_index(folder, extractors=["phash"])
    monkeypatch.chdir(folder.parent)
    return folder


def on_a_terminal(*arguments):
    """Run a command whose output and complaints go to a terminal; give what that got."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*IMGSIM, *arguments], stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    got = b""
    try:
        while more := os.read(ours, 65536):
            got += more
    except OSError:  # how a terminal says that nobody writes any more
        pass
    os.close(ours)
    process.wait()
    return got


PHOTO = b"shelf/" + EVIL
COMMANDS = {
    "query": ["query", "shelf/0.png", "--index", "shelf"],
    "query by it": ["query", PHOTO, "--index", "shelf", "--format", "tsv"],
    "paths": ["list", "shelf"],
    "NUL": ["list", "shelf", "-0"],
    "csv": ["list", "shelf", "--format", "csv"],
    "table": ["list", "shelf", "--format", "table"],
    "failures": ["failures", "shelf"],
    "label": ["color", "label", PHOTO],
    "stats": ["stats", PHOTO],
    "distances": ["distances", PHOTO, "shelf/0.png", "-x", "phash"],
    "usage": ["index", "shelf", "--files-from", b"no" + EVIL],
    "index": ["index", "shelf", "--retry-failed"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_name_is_not_obeyed(folder, name):
    got = on_a_terminal(*COMMANDS[name])
    assert b"\x1b]0;" not in got
    assert b"\x1b[2J" not in got
    assert b"\x9b" not in got
    assert b"[2J\r" not in got
    assert b"\\x1b" in got


def test_show_draws_and_does_not_obey(folder):
    got = on_a_terminal("show", "shelf/0.png", "--matches", "--index", "shelf", "--columns", "8")
    assert b"\x1b[38;2;" in got
    assert b"\x1b[2J" not in got


def test_a_pipe_gets_the_bytes(folder):
    listed = subprocess.run([*IMGSIM, "list", "shelf", "-0"], capture_output=True, check=True).stdout
    assert PHOTO in listed.split(b"\0")


def test_a_carriage_return_comes_back_from_csv(make_photos):
    names = ["a.png", "cr\rname.png", "new\nline.png", 'quo"te.png']
    folder = make_photos(*names, folder="odd")
    update_index(folder, extractors=["phash"])
    written = subprocess.run([*IMGSIM, "list", str(folder), "--format", "csv"], capture_output=True, check=True).stdout
    rows = list(csv.DictReader(io.StringIO(written.decode(), newline="")))
    assert [row["path"] for row in rows] == names
    assert {row["width"] for row in rows} == {rows[0]["width"]}


def lines_at(monkeypatch, columns, *arguments):
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", on_a_terminal(*arguments).decode())
    return [line.rstrip() for line in shown[shown.index("extractor ") :].split("\n")]  # progress is drawn before


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """A folder of two classes."""
    for number in range(8):
        draw_photo(tmp_path / "shelf" / "ab"[number % 2] / f"{number}.png", number)
    monkeypatch.chdir(tmp_path)
    return ("evaluate", "shelf", "-x", "phash", "-x", "histogram")


def test_no_figure_is_broken_at_80_columns(judged, monkeypatch):
    lines = lines_at(monkeypatch, 80, *judged)
    headers = [line.split() for line in lines if line.startswith("extractor")]
    assert headers[0][:4] == ["extractor", "metric", "n", "recall@1"]
    assert headers[1][-1] == "compared"
    assert sum(bool(re.match(r"(phash|histogram) .*\d\.\d\d ±\d?\.\d\d", line)) for line in lines) == 4
    assert max(map(len, lines)) <= 80
    assert lines[-2:] == ["What each figure means: docs/evaluation.md", ""]


def test_one_wide_table_is_written_on_request(judged, monkeypatch):
    lines = lines_at(monkeypatch, 80, *judged, "--wide", "--retrieval-only")
    (header,) = [line for line in lines if line.startswith("extractor")]
    assert header.split()[-1] == "compared"
    assert any(re.search(r"0\.\d\d\.\.\d\.\d\d", line) for line in lines)
    assert "docs/evaluation.md" not in "".join(lines_at(monkeypatch, 80, *judged, "--retrieval-only", "-q"))


def test_a_pipe_gets_one_table_whatever_the_terminal(judged, monkeypatch):
    written = []
    for columns, wide in (("40", ["--wide"]), ("200", [])):
        monkeypatch.setenv("COLUMNS", columns)
        done = subprocess.run([*IMGSIM, *judged, "--retrieval-only", *wide], capture_output=True, check=True)
        assert b"docs/evaluation.md" not in done.stderr
        written.append(done.stdout)
    assert len(set(written)) == 1
    assert written[0].decode().splitlines()[0].split()[-1] == "compared"


@pytest.mark.parametrize("command", ["evaluate", "recommend"])
def test_only_a_table_is_wide(judged, run, command):
    refused = run(command, "shelf", "-x", "phash", "--format", "json", "--wide")
    assert refused.code == 2
    assert "--wide is for a table, and --format json is none: give one of them" in refused.err


def test_a_recommendation_is_not_broken_at_80_columns_either(judged, monkeypatch):
    lines = lines_at(monkeypatch, 80, "recommend", "shelf", "-x", "phash", "-x", "histogram", "--time", "5s")
    titles = [title for line in lines if line.startswith("extractor") for title in line.split()]
    assert [title for title in titles if title not in ("extractor", "metric")][-3:] == ["photos", "ms", "bytes"]
    assert max(map(len, lines)) <= 80
