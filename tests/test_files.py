"""Files that are written whole or not at all, and what killed processes leave."""

import os
import subprocess
import sys
import time

import pytest

from imgsim.files import OLD, held, is_abandoned, open_part, remove_old_parts, write_whole

KILLED = """
import os, signal, sys
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from imgsim.files import write_whole
write_whole(sys.argv[1], b"half")
"""


def age(path, seconds=OLD + 60):
    os.utime(path, (time.time() - seconds,) * 2)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_for_all_to_read(tmp_path):
    write_whole(str(tmp_path / "new" / "a.bin"), b"whole")
    assert (tmp_path / "new" / "a.bin").read_bytes() == b"whole"
    assert (tmp_path / "new" / "a.bin").stat().st_mode & 0o777 == 0o644
    assert names(tmp_path / "new") == ["a.bin"]


def test_an_interrupt_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(str(tmp_path / "a.bin"), b"whole")
    assert names(tmp_path) == []


def test_what_a_killed_process_left_is_removed_after_a_day(tmp_path):
    target = tmp_path / "a.bin"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(target)], check=False)
    assert killed.returncode == -9
    (part,) = tmp_path.iterdir()
    write_whole(str(target), b"whole")
    assert names(tmp_path) == ["a.bin", part.name]  # it may be in work
    age(part, OLD - 60)
    write_whole(str(target), b"whole")
    assert part.exists()
    age(part)
    write_whole(str(target), b"whole")
    assert names(tmp_path) == ["a.bin"]


def test_only_our_own_parts_are_removed(tmp_path):
    descriptor, ours = open_part(str(tmp_path), ".safetensors")
    os.close(descriptor)
    kept = ["film.part", "imgsim-notes.part.txt.part", "imgsim-x.part", "tmpabcdefgh.part", "model.onnx"]
    for name in kept:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "imgsim-12345678.part").mkdir()
    for path in tmp_path.iterdir():
        age(path)
    assert os.path.exists(ours)
    remove_old_parts(str(tmp_path))
    assert names(tmp_path) == sorted([*kept, "imgsim-12345678.part"])
    remove_old_parts(str(tmp_path / "missing"))


HOLDING = """
import sys, time
from imgsim.files import held
with held(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_is_abandoned_when_the_process_that_held_it_is_no_more(tmp_path):
    holding = subprocess.Popen([sys.executable, "-c", HOLDING, tmp_path], stdout=subprocess.PIPE)
    holding.stdout.readline()
    os.utime(tmp_path, (0, 0))
    assert not is_abandoned(tmp_path)
    holding.kill()
    holding.communicate()
    assert is_abandoned(tmp_path)
    os.utime(tmp_path)  # just made: whoever made it may be about to hold it
    assert not is_abandoned(tmp_path)


@pytest.mark.parametrize("error", [ImportError, OSError])
def test_without_locks_the_age_of_all_that_is_in_it_tells(tmp_path, monkeypatch, error):
    def none(*_):
        raise error

    monkeypatch.setattr("fcntl.flock", none)
    (tmp_path / "lock").touch()
    os.utime(tmp_path, (0, 0))
    assert not is_abandoned(tmp_path)
    os.utime(tmp_path / "lock", (0, 0))
    assert is_abandoned(tmp_path)


def test_a_link_in_place_of_a_lock_is_not_followed(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="lock"):
        is_abandoned(folder)
    with pytest.raises(FileExistsError), held(folder):
        pass
    assert not (tmp_path / "elsewhere").exists()
