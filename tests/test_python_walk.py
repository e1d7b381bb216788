"""docs/python.md is run line by line, on the demo's photos."""

import doctest
from pathlib import Path

import pytest

from examples.demo import main as draw_demo

WALK = Path(__file__).resolve().parents[1] / "docs" / "python.md"


def test_the_walk_prints_what_it_shows(tmp_path, monkeypatch):
    pytest.importorskip("pandas")
    draw_demo(tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")
    result = doctest.testfile(str(WALK), module_relative=False, optionflags=doctest.ELLIPSIS, encoding="utf-8")
    assert result.attempted > 40
    assert result.failed == 0
