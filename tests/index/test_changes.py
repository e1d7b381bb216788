"""The diff between a folder and its index."""

import hashlib

from imgsim.images.find import Found, FoundImage
from imgsim.index.changes import Rename, find_changes
from imgsim.index.store import Failure, Known


def digest(content):
    return hashlib.blake2b(content, digest_size=16).digest()


def found(*images, unreadable=()):
    return Found([FoundImage(*image) for image in images], 0, list(unreadable))


def test_size_and_time_decide_without_reading():
    changes = find_changes("/nowhere", found(("a", 5, 1)), {"a": Known(5, 1, b"")}, {})
    assert [image.path for image in changes.unchanged] == ["a"]


def test_a_touched_file_is_told_from_a_changed_one_by_content(tmp_path):
    (tmp_path / "a").write_bytes(b"same!")
    (tmp_path / "b").write_bytes(b"other")
    known = {"a": Known(5, 1, digest(b"same!")), "b": Known(5, 1, digest(b"same!")), "c": Known(5, 1, b"")}
    changes = find_changes(str(tmp_path), found(("a", 5, 2), ("b", 5, 2), ("c", 6, 2)), known, {})
    assert [image.path for image in changes.touched] == ["a"]
    assert [image.path for image in changes.changed] == ["b", "c"]


def test_a_missing_photo_is_recognised_elsewhere_by_content(tmp_path):
    (tmp_path / "new").write_bytes(b"same!")
    (tmp_path / "other").write_bytes(b"other")
    images = found(("new", 5, 9), ("other", 5, 9))
    changes = find_changes(str(tmp_path), images, {"old": Known(5, 1, digest(b"same!"))}, {})
    assert changes.renamed == [Rename("old", images.images[0])]
    assert changes.added == [images.images[1]]
    assert changes.missing == set()


def test_a_copy_is_not_a_rename(tmp_path):
    (tmp_path / "copy").write_bytes(b"same!")
    known = {"a": Known(5, 1, digest(b"same!"))}
    changes = find_changes(str(tmp_path), found(("a", 5, 1), ("copy", 5, 9)), known, {})
    assert [image.path for image in changes.added] == ["copy"]
    assert changes.renamed == []


def test_two_missing_copies_are_found_twice(tmp_path):
    for name in ("x", "y"):
        (tmp_path / name).write_bytes(b"same!")
    known = {name: Known(5, 1, digest(b"same!")) for name in ("a", "b")}
    changes = find_changes(str(tmp_path), found(("x", 5, 9), ("y", 5, 9)), known, {})
    assert {(rename.old, rename.image.path) for rename in changes.renamed} == {("a", "x"), ("b", "y")}
    assert changes.missing == set()


def test_failed_files_wait_until_they_change():
    ledger = {"a": Failure("a", 5, 1, "empty"), "b": Failure("b", 5, 1, "empty")}
    changes = find_changes("/nowhere", found(("a", 5, 1), ("b", 6, 1)), {}, ledger)
    assert changes.still_failing == ["a"]
    assert [image.path for image in changes.added] == ["b"]


def test_what_an_unreadable_folder_holds_is_not_missing():
    known = {"in/a": Known(5, 1, b""), "inn/b": Known(5, 1, b""), "in/sub/c": Known(5, 1, b"")}
    changes = find_changes("/nowhere", found(unreadable=[("in", "permission denied")]), known, {})
    assert changes.missing == {"inn/b"}


def test_a_list_of_files_says_nothing_of_the_others():
    changes = find_changes("/nowhere", found(), {"a": Known(5, 1, b"")}, {}, complete=False)
    assert changes.missing == set()
