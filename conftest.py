"""Doctests of modules that need what is not installed are left out, and said to be: a base install has no torch."""

from importlib import import_module
from pathlib import Path

import pytest

from imgsim.errors import MissingDependencyError

ROOT = Path(__file__).parent
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


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Say what was left out and why."""
    return [f"no doctests of {', '.join(modules)}: {why}" for why, modules in config.stash[LEFT_OUT].items()]
