"""What the file system tells of a file, as an index can keep it."""

import os
from types import SimpleNamespace

import pytest

from imgsim.file_state import FileState, identity_of


@pytest.mark.parametrize(
    ("told", "kept"),
    [(0, 0), (-1, -1), (2**63 - 1, 2**63 - 1), (2**63, 2**63 - 1), (2**80, 2**63 - 1), (-(2**63) - 1, -(2**63))],
)
def test_numbers_fit_64_bits(told, kept):
    assert FileState.of(SimpleNamespace(st_size=5, st_mtime_ns=told)) == (5, kept)
    assert FileState.of(SimpleNamespace(st_size=told, st_mtime_ns=5)) == (kept, 5)


def test_a_file_is_the_same_by_all_its_names(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"")
    os.link(tmp_path / "a", tmp_path / "hard")
    (tmp_path / "symbolic").symlink_to(tmp_path / "hard")
    a, hard, symbolic, b = (identity_of(str(tmp_path / name)) for name in ("a", "hard", "symbolic", "b"))
    assert a == hard == symbolic != b


def test_where_there_are_no_inodes_the_real_path_tells(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "symbolic").symlink_to(tmp_path / "a")
    monkeypatch.setattr(os, "stat", lambda _: SimpleNamespace(st_dev=0, st_ino=0))
    assert identity_of(str(tmp_path / "symbolic")) == str(tmp_path / "a")
