"""Which files of a folder are pictures, under which names, in which order."""

import os
import socket
import subprocess
import sys
import unicodedata
from types import SimpleNamespace

import pytest

from imgsim.images.find import Found, FoundImage, find_images, list_images
from imgsim.images.formats import EXTENSIONS, FORMATS, sniff

GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


def _write(root, *names, content=GIF):
    for name in names:
        path = os.path.join(os.fsencode(root), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


def _paths(found):
    return [image.path for image in found.images]


def test_what_the_file_system_tells_of_a_file_is_told(tmp_path, monkeypatch):
    _write(tmp_path, "a.gif")
    status = os.stat(tmp_path / "a.gif")
    told = ("a.gif", len(GIF), status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    for found in (find_images(tmp_path), list_images(tmp_path, [str(tmp_path / "a.gif")])):
        assert found.images == [told]
    large = SimpleNamespace(st_size=1, st_mtime_ns=2, st_ctime_ns=3, st_ino=2**64 - 5)
    assert FoundImage.of("a.gif", large).inode == 2**63 - 5  # as large as a store keeps
    with monkeypatch.context() as patched:
        patched.setattr("imgsim.images.find.os.name", "nt")  # where it would be the time of its making
        assert FoundImage.of("a.gif", status)[3:] == (0, status.st_ino)


def test_sorted_by_path_bytes_with_size_and_time(tmp_path):
    _write(tmp_path, "b.gif", "a/z.gif", "a.gif", "a-b/c.gif", "B.gif", "é.gif")
    os.utime(tmp_path / "b.gif", ns=(1, 1_234_567_890_123_456_789))
    found = find_images(tmp_path)
    assert _paths(found) == ["B.gif", "a-b/c.gif", "a.gif", "a/z.gif", "b.gif", "é.gif"]
    assert found.images[4][1:3] == (len(GIF), 1_234_567_890_123_456_789)
    assert (found.passed_over, found.unreadable) == (0, [])


def test_candidate_by_name_or_by_content(tmp_path):
    _write(tmp_path, "text.JPG", "empty.heic", content=b"")
    _write(tmp_path, "picture.dat", "picture")
    _write(tmp_path, "notes.txt", "BMW.txt", content=b"BMW and P5 are no pictures")
    found = find_images(tmp_path)
    assert _paths(found) == ["empty.heic", "picture", "picture.dat", "text.JPG"]
    assert found.passed_over == 2


def test_hidden_files_and_folders_are_skipped(tmp_path):
    _write(tmp_path, ".hidden.gif", ".imgsim/thumb.gif", "a/.b/c.gif", "a/d.gif")
    found = find_images(tmp_path)
    assert (_paths(found), found.passed_over) == (["a/d.gif"], 0)


def test_links_are_followed_and_loops_cut(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    _write(root, "a/x.gif")
    _write(outside, "y.gif")
    (root / "a" / "up").symlink_to(root)
    (root / "self").symlink_to(root / "self")
    (root / "out").symlink_to(outside)
    (root / "file.gif").symlink_to(outside / "y.gif")
    (outside / "back").symlink_to(root / "a")
    found = find_images(root)
    assert _paths(found) == ["a/x.gif", "file.gif"]
    assert found.links == ["a/up", "out/back", "out/y.gif"]


def test_link_to_nothing_is_told_when_it_is_named_as_a_picture(tmp_path):
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    found = find_images(tmp_path)
    assert found == Found([], 1, [("gone.jpg", "a link to nothing")], [])


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_of_any_bytes(tmp_path):
    names = [b"caf\xe9.gif", b"new\nline.gif", b"tab\t\xff/\xfe.gif", "지갑.gif".encode()]
    _write(tmp_path, *names)
    found = find_images(tmp_path)
    assert [os.fsencode(path) for path in _paths(found)] == sorted(names)
    given = [os.path.join(os.fspath(tmp_path), os.fsdecode(name)) for name in names]
    assert list_images(tmp_path, given) == found


def test_special_files_are_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket.png"))
        found = find_images(tmp_path)
        assert found == Found([], 2, [], [])
        assert list_images(tmp_path, [str(tmp_path / "pipe.jpg")]) == Found([], 1, [], [])


def test_unreadable_folder_is_told_and_the_rest_found(tmp_path, monkeypatch):
    _write(tmp_path, "a/x.gif", "b/y.gif")
    scandir = os.scandir

    def refusing(path):
        if os.path.basename(os.path.normpath(path)) == "a":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = find_images(tmp_path)
    assert _paths(found) == ["b/y.gif"]
    assert found.unreadable == [("a", "permission denied")]


def test_root_that_cannot_be_listed_raises(tmp_path):
    with pytest.raises(FileNotFoundError):
        find_images(tmp_path / "absent")
    _write(tmp_path, "file.gif")
    with pytest.raises(NotADirectoryError):
        find_images(tmp_path / "file.gif")


def test_very_deep_folders(tmp_path):
    deep = "/".join(["d"] * 600)
    os.makedirs(tmp_path / deep)
    _write(tmp_path, deep + "/x.gif")
    assert _paths(find_images(tmp_path)) == [deep + "/x.gif"]


PATTERNS = [
    ({"include": ["*.gif"]}, ["a/b/2.gif", "a/x.gif", "x.gif"]),
    ({"include": ["*.GIF"]}, []),
    ({"include": ["x.*"]}, ["a/x.gif", "x.gif", "x.png"]),
    ({"include": ["/x.*"]}, ["x.gif", "x.png"]),
    ({"include": ["./x.gif"]}, ["x.gif"]),
    ({"include": ["b"]}, ["a/b/2.gif", "a/b/3.png"]),
    ({"include": ["b/"]}, ["a/b/2.gif", "a/b/3.png"]),
    ({"include": ["a/*.gif"]}, ["a/b/2.gif", "a/x.gif"]),
    ({"include": ["x.gif/"]}, []),
    ({"exclude": ["a"]}, ["x.gif", "x.png"]),
    ({"exclude": ["a/b"]}, ["a/x.gif", "x.gif", "x.png"]),
    ({"exclude": ["b/", "*.png"]}, ["a/x.gif", "x.gif"]),
    ({"include": ["a/"], "exclude": ["?.png"]}, ["a/b/2.gif", "a/x.gif"]),
    ({"include": ["[!x]*"], "exclude": ["/a/x*"]}, ["a/b/2.gif", "a/b/3.png"]),
]


@pytest.mark.parametrize(("patterns", "expected"), PATTERNS)
def test_patterns(tmp_path, patterns, expected):
    _write(tmp_path, "a/b/2.gif", "a/b/3.png", "a/x.gif", "x.gif", "x.png", ".h/x.gif")
    found = find_images(tmp_path, **patterns)
    assert (_paths(found), found.passed_over) == (expected, 0)


def test_what_is_left_out_is_not_passed_over(tmp_path):
    _write(tmp_path, "a.txt", "b.log", content=b"text")
    assert find_images(tmp_path, exclude=["*.log"]).passed_over == 1
    assert find_images(tmp_path, include=["*.gif"]).passed_over == 0


def test_listed_paths(tmp_path, monkeypatch):
    root = tmp_path / "root"
    _write(root, "a/x.gif", "y.gif", ".h.gif", "z.gif")
    _write(root, "notes.txt", content=b"text")
    _write(tmp_path, "other.gif", "root-twin/x.gif")
    (tmp_path / "link").symlink_to(root)
    monkeypatch.chdir(root / "a")
    given = ["x.gif", "../y.gif", str(root / "a" / "x.gif"), str(tmp_path / "link" / "z.gif"), "../notes.txt"]
    found = list_images(root, given)
    assert _paths(found) == ["a/x.gif", "y.gif", "z.gif"]
    assert (found.passed_over, found.unreadable) == (1, [])
    bad = ["absent.gif", "../../other.gif", str(tmp_path / "root-twin/x.gif"), "..", str(root / "a"), "../.h.gif", ""]
    reasons = dict(list_images(root, bad).unreadable)
    assert list(reasons) == bad
    assert list(reasons.values()) == [
        "no such file",
        "outside the indexed folder",
        "outside the indexed folder",
        "outside the indexed folder",
        "is a folder",
        "hidden: names that begin with a dot are skipped",
        "not a path",
    ]


def test_a_link_listed_by_name_keeps_its_name(tmp_path):
    root = tmp_path / "root"
    _write(tmp_path, "y.gif")
    root.mkdir()
    (root / "link.gif").symlink_to(tmp_path / "y.gif")
    assert list_images(root, [str(root / "link.gif")]) == find_images(root)
    assert _paths(find_images(root)) == ["link.gif"]


HEADS = [
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
    (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "WEBP"),
    (b"RIFF\n\x00\x00\x00WEBPVP8 ", "WEBP"),
    (b"RIFF\x24\x00\x00\x00WAVEfmt ", None),
    (b"II*\0\x08\0\0\0", "TIFF"),
    (b"MM\0*\0\0\0\x08", "TIFF"),
    (b"II+\0\x08\0\0\0", "TIFF"),
    (b"IInstructions", None),
    (b"BM" + b"\0" * 12 + b"(\0\0\0", "BMP"),
    (b"BMW drivers are people too, so there", None),
    (b"P5\n# made by hand\n4 4\n255\n", "PPM"),
    (b"P6 640 480 255 ", "PPM"),
    (b"P5 is the fifth item", None),
    (b"P50 1 2 3", None),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xffO\xffQ\0/", "JPEG2000"),
    (b"\0\0\0\x1cftypavif\0\0\0\0mif1avif", "AVIF"),
    (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIF"),
    (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIF"),
    (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", None),
    (b"8BPS\0\x01", None),
    (b"", None),
]


@pytest.mark.parametrize(("head", "expected"), HEADS)
def test_signatures(head, expected):
    assert sniff(head) == expected


def test_every_extension_belongs_to_one_format():
    assert len(EXTENSIONS) == len(set(EXTENSIONS))
    assert all(extension == extension.lower() and extension[0] == "." for extension in EXTENSIONS)
    assert len({one.name for one in FORMATS}) == len(FORMATS)


def test_finding_imports_no_decoder():
    script = "import sys, imgsim.images.find; print({'PIL', 'numpy', 'cv2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def _reversed(monkeypatch):
    """List folders the other way round."""
    scandir = os.scandir

    class Reversed:
        def __init__(self, path):
            with scandir(path) as entries:
                self._entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __enter__(self):
            return iter(self._entries)

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(os, "scandir", Reversed)


def test_folders_that_link_to_each_other_are_visited_once_in_any_order(tmp_path, monkeypatch):
    names = [f"{number}" for number in range(12)]
    for name in names:
        _write(tmp_path, f"{name}/{name}.gif", f"{name}/b{name}.gif")
        for other in names:
            (tmp_path / name / f"to {other}").symlink_to(tmp_path / other)
    listed = []
    scandir = os.scandir
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
        found = find_images(tmp_path)
    assert len(listed) == 13
    assert len(found.images) == 24
    assert all("to" not in path for path in _paths(found))
    assert len(found.links) == 144
    _reversed(monkeypatch)
    assert find_images(tmp_path) == found


def test_a_name_that_no_link_leads_to_is_preferred_then_the_first_in_any_order(tmp_path, monkeypatch):
    root, outside = tmp_path / "root", tmp_path / "outside"
    _write(root, "z/x.gif", "hard/b.gif")
    _write(outside, "far.gif")
    (root / "a").symlink_to(root / "z")
    (root / "a.gif").symlink_to(root / "z" / "x.gif")
    for name in ("a", "c"):
        os.link(root / "hard" / "b.gif", root / "hard" / f"{name}.gif")
    (root / "q").symlink_to(outside)
    (root / "p").symlink_to(outside)
    found = find_images(root)
    assert _paths(found) == ["hard/a.gif", "p/far.gif", "z/x.gif"]
    assert found.links == ["a", "a.gif", "hard/b.gif", "hard/c.gif", "q"]
    assert (
        list_images(root, [str(root / path) for path in (*_paths(found), "a.gif", "hard/c.gif")]).images == found.images
    )
    _reversed(monkeypatch)
    assert find_images(root) == found


def test_a_folder_that_is_included_by_a_link_alone_is_looked_through_again(tmp_path):
    _write(tmp_path, "z/x.gif", "z/deep/y.png", "z/x.png")
    (tmp_path / "a").symlink_to(tmp_path / "z")
    assert _paths(find_images(tmp_path, include=["a", "x.png"])) == ["a/deep/y.png", "a/x.gif", "z/x.png"]
    assert _paths(find_images(tmp_path, exclude=["z"])) == ["a/deep/y.png", "a/x.gif", "a/x.png"]


def _changed(status, **changes):
    """Give a file's status with some of it changed."""
    return SimpleNamespace(**{name: getattr(status, name) for name in dir(status) if name.startswith("st_")} | changes)


class _WindowsEntry:
    """A folder's entry as Windows has it: its status names no device and no inode."""

    def __init__(self, entry):
        self._entry, self.name, self.path = entry, entry.name, entry.path
        self.is_dir, self.is_file, self.is_symlink = entry.is_dir, entry.is_file, entry.is_symlink

    def stat(self):
        return _changed(self._entry.stat(), st_ino=0, st_dev=0, st_nlink=0)


@pytest.mark.parametrize("inodes", [True, False])
def test_folders_are_told_apart_where_entries_name_no_inode(tmp_path, monkeypatch, inodes):
    _write(tmp_path, "a/b/c/x.gif", "a/y.gif", "d/e/z.gif")
    (tmp_path / "d" / "up").symlink_to(tmp_path / "a")
    (tmp_path / "d" / "y.gif").symlink_to(tmp_path / "a" / "y.gif")
    scandir, status = os.scandir, os.stat

    class Scan:
        def __init__(self, path):
            self._entries = scandir(path)

        def __enter__(self):
            return map(_WindowsEntry, self._entries)

        def __exit__(self, *_):
            self._entries.close()

    monkeypatch.setattr(os, "scandir", Scan)
    if not inodes:  # as some file systems have none at all
        monkeypatch.setattr(os, "stat", lambda path, **options: _changed(status(path, **options), st_ino=0))
    found = find_images(tmp_path)
    assert _paths(found) == ["a/b/c/x.gif", "a/y.gif", "d/e/z.gif"]
    assert found.links == ["d/up", "d/y.gif"]


def test_patterns_and_names_are_compared_composed(tmp_path):
    name = unicodedata.normalize("NFD", "schön")
    _write(tmp_path, f"{name}.gif", f"{name}/x.gif", "y.gif")
    assert _paths(find_images(tmp_path, include=["schön*"])) == [f"{name}.gif", f"{name}/x.gif"]
    assert _paths(find_images(tmp_path, exclude=["schön/", unicodedata.normalize("NFC", name) + ".gif"])) == ["y.gif"]
