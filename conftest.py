"""Doctests of modules that need what is not installed are left out, and said to be: a base install has no torch."""

from importlib import import_module
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from imgsim.errors import MissingDependencyError

ROOT = Path(__file__).parent
hypothesis.settings.register_profile("imgsim", deadline=None)  # machines are busy: no test is timed
hypothesis.settings.load_profile("imgsim")
LEFT_OUT = pytest.StashKey[dict[str, list[str]]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with nothing left out."""
    config.stash[LEFT_OUT] = {}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out a module of imgsim whose import says what it lacks."""
    if collection_path.suffix != ".py" or ROOT / "imgsim" not in collection_path.parents:
        return None
    module = ".".join(collection_path.relative_to(ROOT).with_suffix("").parts)
    try:
        import_module(module.removesuffix(".__init__"))
    except MissingDependencyError as error:
        config.stash[LEFT_OUT].setdefault(str(error), []).append(module)
        return True
    return None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that gathers the results, where several run the tests."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 (a WorkerController of xdist)
    """Hear what a process left out; one that died said nothing."""
    node.config.stash[LEFT_OUT].update(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out and why."""
    for why, modules in config.stash[LEFT_OUT].items():
        terminalreporter.write_line(f"no doctests of {', '.join(modules)}: {why}")
