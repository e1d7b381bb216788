"""The everyday runs where Python lacks what only POSIX has, as on Windows: simulated, by taking it away."""

import subprocess
import sys

import pytest

WITHOUT = """
import concurrent.futures.process, multiprocessing, os, signal, subprocess, sys
for module in ("fcntl", "resource", "termios", "pwd", "grp"):
    sys.modules[module] = None
for name in ("register_at_fork", "sched_getaffinity"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("pthread_sigmask", "pthread_kill", "SIGHUP"):
    if hasattr(signal, name):
        delattr(signal, name)
from imgsim import side_process
side_process.AVAILABLE = False
from imgsim.cli.main import main
main()
"""


@pytest.fixture
def imgsim():
    def call(*words):
        command = [sys.executable, "-c", WITHOUT, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout, done.stderr

    return call


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_folder_is_indexed_described_and_asked(imgsim, make_photos, jobs):
    folder = make_photos(6)
    (folder / "torn.png").write_text("no photo")
    code, _, said = imgsim("index", folder, "-x", "phash", "-x", "efficientnet_lite0", "--colors", "--jobs", jobs)
    assert (code, said.splitlines()[0]) == (0, "skipped torn.png: not a picture that imgsim reads")
    assert "6 added, 0 unchanged, 1 failed" in said
    assert imgsim("set", folder / "1.png", "place=hall")[0] == 0
    code, found, said = imgsim("query", folder / "0.png", "--where", "place = 'hall'", "--grid", folder / "answer.png")
    assert (code, said) == (0, f"drew {folder}/answer.png\n")
    assert found.split("\t")[1:3] == ["1", "1.png"]
    code, _, said = imgsim("index", folder)
    assert code == 0
    assert "0 added, 6 unchanged" in said
