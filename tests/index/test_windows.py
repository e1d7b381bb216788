"""What an index does with paths of Windows, simulated: its keys are posix everywhere."""

import ctypes
import ntpath
import os
from types import SimpleNamespace

import pytest

from imgsim import paths
from imgsim.errors import ImgsimError, IndexNotFoundError
from imgsim.images import find
from imgsim.images.file_patterns import comes_by, compile_patterns
from imgsim.index import photo_lookup, query_rows
from imgsim.index.location import folder_of
from imgsim.index.photo_lookup import PhotoLookup
from imgsim.index.sqlite import filesystem

WINDOWS = SimpleNamespace(path=ntpath, sep="\\", stat=os.stat, fspath=os.fspath)
KNOWN = {"a/b.jpg": "key of b", "c.jpg": "key of c"}
STORE = SimpleNamespace(root=r"C:\photos", photo_key=KNOWN.get, known=lambda: KNOWN, hidden=list)


@pytest.fixture(autouse=True)
def windows(monkeypatch):
    for module in (paths, photo_lookup, query_rows, find):
        monkeypatch.setattr(module, "os", WINDOWS)


@pytest.mark.parametrize(
    ("photo", "path"),
    [
        (r"C:\photos\a\b.jpg", "a/b.jpg"),
        (r"c:\Photos\a\b.jpg", "a/b.jpg"),
        ("C:/photos/c.jpg", "c.jpg"),
        ("a/b.jpg", "a/b.jpg"),
    ],
)
def test_a_photo_is_found_by_its_path(photo, path):
    assert PhotoLookup(STORE).find(photo) == KNOWN[path]


@pytest.mark.parametrize("photo", [r"D:\photos\c.jpg", r"\\server\photos\c.jpg", r"C:\photos-twin\c.jpg"])
def test_photos_elsewhere_are_none_of_the_index(photo):
    with pytest.raises(ImgsimError, match="no such file"):
        PhotoLookup(STORE).find(photo)


def test_a_query_is_left_out_by_its_path():
    files = [r"C:\photos\a\b.jpg", r"D:\photos\c.jpg", r"\\server\share\c.jpg"]
    assert query_rows.keys_of(STORE, files) == {"key of b"}


def test_listed_files_have_posix_names():
    assert find._relative(r"C:\photos", r"C:\photos\a\b.jpg") == "a/b.jpg"
    assert find._relative(r"\\server\photos", r"\\server\photos\a\b.jpg") == "a/b.jpg"
    for elsewhere in (r"D:\photos\b.jpg", r"C:\b.jpg", r"\\server\photos\b.jpg"):
        with pytest.raises(ValueError, match="outside the indexed folder"):
            find._relative(r"C:\photos", elsewhere)
    with pytest.raises(ValueError, match="hidden"):
        find._relative(r"C:\photos", r"C:\photos\.private\b.jpg")


def test_patterns_may_be_written_with_backslashes():
    matches = compile_patterns(["private\\", r"a\*.jpg"])
    assert matches("in/private/", "private/")
    assert matches("a/b.jpg", "b.jpg")
    assert not matches("private", "private")
    assert comes_by([r".\a"], [r"a\*.png"])("a/b.jpg")
    assert not comes_by([], [r"a\*.png"])("a/b.png")


@pytest.mark.parametrize(
    ("place", "folder"),
    [
        (r"C:\photos", r"C:\photos"),
        ("C://photos", "C://photos"),
        ("file:///C:/photos/found%20things", "C:/photos/found things"),
        ("file://server/share/photos", "//server/share/photos"),
    ],
)
def test_a_drive_is_no_engine(place, folder):
    assert folder_of(place) == folder
    with pytest.raises(IndexNotFoundError, match="no engine for s3"):
        folder_of("s3://bucket")


@pytest.mark.parametrize(
    ("folder", "remote"),
    [
        (r"\\server\share\x", True),
        (r"C:\x", False),
        (r"Z:\x", True),
        (r"\\?\C:\x", False),
        (r"\\?\UNC\server\share\x", True),
    ],
)
def test_shares_have_no_write_ahead_log(monkeypatch, folder, remote):
    kinds = {"C:\\": 3, "Z:\\": 4}
    kernel32 = SimpleNamespace(GetDriveTypeW=kinds.__getitem__)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel32), raising=False)
    monkeypatch.setattr(filesystem, "os", SimpleNamespace(path=ntpath, name="nt"))
    assert filesystem.is_network_share(folder) is remote
