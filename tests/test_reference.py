"""docs/cli.md says what the commands' help says."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_reference_is_up_to_date():
    narrow = os.environ | {"COLUMNS": "40"}
    command = [sys.executable, "-m", "docs.reference"]
    generated = subprocess.run(command, cwd=ROOT, env=narrow, capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs" / "cli.md").read_text() == generated, "docs/cli.md is out of date: run `make docs`"
