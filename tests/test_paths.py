"""Paths as keys, on every system."""

import ntpath
import os
import unicodedata
from types import SimpleNamespace

import pytest

from imgsim import paths
from imgsim.paths import composed, key_within, of_file_url, posix, seen_from_here

WINDOWS = [
    (r"C:\photos", r"C:\photos\a\b.jpg", "a/b.jpg"),
    (r"C:\photos", r"c:\Photos\A\B.JPG", "A/B.JPG"),
    ("C:\\", r"C:\a.jpg", "a.jpg"),
    (r"C:\photos", r"D:\photos\a.jpg", None),
    (r"C:\photos", r"C:\photos-twin\a.jpg", None),
    (r"\\server\share\photos", r"\\server\share\photos\a\b.jpg", "a/b.jpg"),
    (r"\\server\share", r"\\server\share\b.jpg", "b.jpg"),
    (r"\\server\share\photos", r"\\server\other\photos\b.jpg", None),
    (r"\\server\share", r"C:\b.jpg", None),
]


@pytest.mark.parametrize(("folder", "path", "key"), WINDOWS)
def test_keys_on_windows(monkeypatch, folder, path, key):
    monkeypatch.setattr(paths, "os", SimpleNamespace(path=ntpath, sep="\\"))
    assert key_within(folder, path) == key


@pytest.mark.parametrize(
    ("folder", "path", "key"),
    [
        ("/photos", "/photos/a/b.jpg", "a/b.jpg"),
        ("/", "/a.jpg", "a.jpg"),
        ("/photos", "/photos", None),
        ("/photos", "/photos-twin/a.jpg", None),
        ("/photos", "/a.jpg", None),
        ("/photos", "/photos/..a/b.jpg", "..a/b.jpg"),
        ("/photos", r"/photos/a\b.jpg", r"a\b.jpg"),
    ],
)
def test_keys_here(folder, path, key):
    assert key_within(folder, path) == key


def test_folders_are_seen_from_here_or_whole_on_another_drive(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert seen_from_here(str(tmp_path / "a")) == "a"
    assert seen_from_here(str(tmp_path)) == "."
    monkeypatch.setattr(paths, "os", SimpleNamespace(path=ntpath, sep="\\"))
    assert seen_from_here(r"D:\photos") == r"D:\photos"
    assert seen_from_here(r"\\server\share\photos") == r"\\server\share\photos"


@pytest.mark.parametrize(
    ("rest", "here", "windows"),
    [
        ("/photos", "/photos", "/photos"),
        ("localhost/photos", "/photos", "/photos"),
        ("/C:/photos", "/C:/photos", "C:/photos"),
        ("localhost/C:/photos", "/C:/photos", "C:/photos"),
        ("server/share/photos", "server/share/photos", "//server/share/photos"),
        ("", "", "//"),
    ],
)
def test_file_urls(monkeypatch, rest, here, windows):
    assert of_file_url(rest) == here
    monkeypatch.setattr(paths, "os", SimpleNamespace(path=ntpath, sep="\\"))
    assert of_file_url(rest) == windows


def test_slashes(monkeypatch):
    assert posix(r"a\b") == (r"a\b" if os.sep == "/" else "a/b")
    monkeypatch.setattr(paths, "os", SimpleNamespace(path=ntpath, sep="\\"))
    assert posix(r"a\b") == "a/b"


def test_one_form():
    assert composed(unicodedata.normalize("NFD", "schön")) == "schön"
    assert composed("a\udcff") == "a\udcff"  # a stray byte of a name
