"""docs/networks.md is run, in order, on the demo's photos; `...` matches anything."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

from examples.demo import main as draw_demo
from tests.test_readme import matches

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "networks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(console|python)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_page_does_what_it_shows(tmp_path):
    draw_demo(tmp_path)
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    shown = 0
    for kind, block in BLOCKS:
        steps = [block] if kind == "python" else re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
        for step in steps:
            command, _, expected = (step, "", "") if kind == "python" else step.partition("\n")
            result = subprocess.run(
                [sys.executable, "-c", command] if kind == "python" else ["bash", "-c", command],
                cwd=tmp_path,
                env={**os.environ, "PATH": path},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert kind == "console" or result.returncode == 0, result.stdout
            assert matches(result.stdout, expected), f"$ {command}\n{result.stdout}"
            shown += 1
    assert shown > 6
