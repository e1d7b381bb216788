"""Ways to run the examples as a user would."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "examples" / "lost_and_found"


def run(*command, first_on_path="", **settings):
    """Run a command with this interpreter's scripts on the PATH; give its exit code, stdout and stderr."""
    folders = [str(first_on_path), sysconfig.get_path("scripts"), os.environ["PATH"]]
    environment = os.environ | {"PATH": os.pathsep.join(filter(None, folders))} | settings
    words = [*map(str, command)]
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def run_script(name, *arguments, **settings):
    return run("sh", SCRIPTS / name, *arguments, **settings)


def draw(folder):
    result = run(sys.executable, "-m", "examples.demo", folder)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    return folder
