"""The README's terminal sessions and Python blocks are run, in order, on the demo's photos; `...` matches anything."""

import fnmatch
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from examples.demo import main as draw_demo

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(console|python)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    draw_demo(folder)
    return folder


def sessions():
    """Split a console block into commands and what each printed."""
    for kind, block in BLOCKS:
        if kind == "python":
            yield kind, block, ""
            continue
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = step.partition("\n")
            yield kind, command, expected


def matches(printed, expected):
    pattern = "...".join(re.sub(r"([\[*?])", r"[\1]", piece) for piece in expected.split("...")).replace("...", "*")
    return fnmatch.fnmatchcase(printed, pattern)


def test_the_readme_does_what_it_shows(desk):
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    steps = list(sessions())
    assert len(steps) > 12
    for kind, command, expected in steps:
        arguments = ["bash", "-c", command] if kind == "console" else [sys.executable, "-c", command]
        result = subprocess.run(
            arguments,
            cwd=desk,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if kind == "python":
            assert result.returncode == 0, result.stdout
            assert len(result.stdout.splitlines()) == 3
        else:
            assert matches(result.stdout, expected), f"$ {command}\n{result.stdout}"


def test_the_readme_names_the_commands_that_set_up():
    for command in ("make demo", "make test"):
        assert command in README
