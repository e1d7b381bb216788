"""What `make cases` runs: every script of a folder, a line and a count each."""

import subprocess
from pathlib import Path

import pytest

RUN_CASES = Path(__file__).with_name("cases.sh")


def cases(folder):
    result = subprocess.run(["sh", RUN_CASES, folder], capture_output=True, text=True, check=False)
    return result.returncode, result.stdout


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a quick one.sh").write_text("exit 0")
    (tmp_path / "notes.txt").write_text("exit 1")
    return tmp_path


def test_all_are_right(folder):
    assert cases(folder) == (0, "right  a quick one\n1 of 1 cases right\n")


def test_one_is_wrong_and_the_rest_are_run(folder):
    (folder / "a first.sh").write_text("echo made; echo 'WRONG: no answer' >&2; exit 3")
    assert cases(folder) == (1, "WRONG  a first: WRONG: no answer\nright  a quick one\n1 of 2 cases right\n")


def test_the_folder_is_absent(tmp_path):
    code, said = cases(tmp_path / "cases")
    assert (code, said) == (0, f"no {tmp_path}/cases beside this checkout: no cases run\n")
