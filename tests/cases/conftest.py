"""The command line in this process, an index to damage, and a model cache of each test's own."""

from typing import NamedTuple

import pytest
from click.testing import CliRunner

from imgsim.cli.group import imgsim


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str
    uncaught: str

    @property
    def is_explained(self):
        """Whether it ended as a shell's user should see it: an exit code, no traceback, no `Aborted!`."""
        return not self.uncaught and "Aborted!" not in self.err


@pytest.fixture
def run():
    """Run a command: ``run("query", "a.png")``; an exception that nobody caught is named, not raised."""

    def invoke(*arguments):
        result = CliRunner().invoke(imgsim, [str(argument) for argument in arguments])
        uncaught = "" if isinstance(result.exception, SystemExit | None) else repr(result.exception)[:90]
        return Ran(result.exit_code, result.stdout, result.stderr, uncaught)

    return invoke


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder that IMGSIM_MODELS names, empty."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("IMGSIM_MODELS", str(folder))
    monkeypatch.delenv("IMGSIM_DEVICE", raising=False)
    return folder
