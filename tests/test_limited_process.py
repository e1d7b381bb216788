"""Work in a process of its own gives an answer, an error, or a LimitError, and leaves no process behind."""

import multiprocessing
import os
import subprocess
import sys
import time

import pytest

from imgsim.errors import ImgsimError, WeightsError
from imgsim.limited_process import LimitError, run_limited


def limited(work, *arguments, seconds=60.0, megabytes=1000.0):
    try:
        return run_limited(work, *arguments, seconds=seconds, megabytes=megabytes)
    finally:
        assert multiprocessing.active_children() == []


def test_an_answer_comes_back_from_another_process():
    assert limited(divmod, 7, 2) == (3, 1)
    assert limited(os.getpid) != os.getpid()


def test_a_script_without_a_guard_is_not_run_again(tmp_path):
    script = tmp_path / "script.py"
    told = "print('begun')\nfrom imgsim.limited_process import run_limited\n"
    script.write_text(told + "print(run_limited(divmod, 7, 2, seconds=60, megabytes=1000), __name__)\n")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=100, check=False)
    assert (done.stdout, done.returncode) == ("begun\n(3, 1) __main__\n", 0), done.stderr


def refuse():
    raise WeightsError("no", remedy="some", fact=1)


def test_an_error_comes_back_as_it_was():
    with pytest.raises(WeightsError, match="^no$") as caught:
        limited(refuse)
    assert (caught.value.remedy, caught.value.facts) == ("some", {"fact": 1})
    with pytest.raises(ValueError, match="invalid literal"):
        limited(int, "x")


def test_what_takes_too_long_is_ended():
    start = time.monotonic()
    with pytest.raises(LimitError, match=r"^takes more than 2 s$"):
        limited(time.sleep, 600, seconds=2)
    assert time.monotonic() - start < 60


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit it so")
def test_what_takes_too_much_memory_is_ended():
    assert len(limited(bytes, 100_000_000)) == 100_000_000
    with pytest.raises(LimitError, match=r"^needs more than 1,000 MB of memory$"):
        limited(bytearray, 2_000_000_000)


def test_a_crash_is_told(capfd):
    with pytest.raises(LimitError, match=r"^crashed the process that looked at it \(exit code 3\)$"):
        limited(os._exit, 3)
    with pytest.raises(ImgsimError, match=r"exit code -6"):
        limited(os.abort)
    assert capfd.readouterr() == ("", "")


def test_what_it_writes_is_nobodys_output(capfd):
    limited(os.write, 1, b"loud")
    limited(os.write, 2, b"loud")
    assert capfd.readouterr() == ("", "")
