"""On a terminal the names of files are shown, not obeyed; in a pipe they are the bytes that they are."""

import csv
import io
import os
import pty
import subprocess

import pytest

from imgsim.index.update import update_index
from tests.cli.conftest import IMGSIM

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
