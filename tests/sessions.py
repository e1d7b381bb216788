"""Terminal sessions and Python blocks in pages, run in order; `...` in what they show matches anything."""

import fnmatch
import os
import re
import subprocess
import sys
import sysconfig
from itertools import takewhile
from typing import NamedTuple

CONTINUED = "> "  # as the shell asks for more of a command
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```|^<!-- a day later -->$", re.DOTALL | re.MULTILINE)


class Step(NamedTuple):
    """A command of the shell, a block of Python, or a day that goes by, and what the page shows of its output."""

    kind: str
    command: str
    shown: str


def steps_of(page):
    """Split a page's blocks into steps."""
    for kind, block in BLOCK.findall(page.read_text("utf-8")):
        if not kind:
            yield Step("night", "", "")
        elif kind == "python":
            yield Step(kind, block, "")
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *lines = step.split("\n")
            more = list(takewhile(lambda line: line.startswith(CONTINUED), lines))
            command = [first, *(line.removeprefix(CONTINUED) for line in more)]
            yield Step(kind, "\n".join(command), "\n".join(lines[len(more) :]))


def run_step(step, folder, **settings):
    """Give the output of a step, both streams, and its exit code."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    words = ["bash", "-c", step.command] if step.kind == "console" else [sys.executable, "-c", step.command]
    environment = {**os.environ, "PATH": path, **settings}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(words, cwd=folder, env=environment, text=True, check=False, **streams)
    return done.stdout, done.returncode


def is_shown(printed, shown):
    """Tell whether what was printed is what a page shows."""
    pattern = "...".join(re.sub(r"([\[*?])", r"[\1]", piece) for piece in shown.split("...")).replace("...", "*")
    return fnmatch.fnmatchcase(printed, pattern)
