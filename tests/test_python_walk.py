"""docs/python.md is run line by line, on the demo's photos; what needs an extra by itself, where that is here."""

import doctest
import re
from pathlib import Path

import pytest

from examples.demo import main as draw_demo

WALK = Path(__file__).resolve().parents[1] / "docs" / "python.md"
FIRST, *SECTIONS = re.split(r"^(?=## )", WALK.read_text(encoding="utf-8"), flags=re.MULTILINE)
EXTRAS = {"deep": "torch", "fetch": "httpx"}
NEEDY = {
    text: needed[1] for text in SECTIONS if (needed := re.search(r"^Needs the extra `(\w+)`\.", text, re.MULTILINE))
}


@pytest.fixture(autouse=True)
def desk(tmp_path, monkeypatch, one_torch_thread):
    pytest.importorskip("pandas")
    draw_demo(tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))


def run_lines(text):
    lines = doctest.DocTestParser().get_doctest(text, {}, WALK.name, str(WALK), 0)
    return doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(lines)


def test_the_walk_prints_what_it_shows():
    result = run_lines("".join([FIRST, *(text for text in SECTIONS if text not in NEEDY)]))
    assert result.attempted > 80
    assert result.failed == 0


@pytest.mark.parametrize("section", [pytest.param(text, id=extra) for text, extra in NEEDY.items()])
def test_so_does_what_needs_an_extra(section):
    pytest.importorskip(EXTRAS[NEEDY[section]], reason=f"the extra {NEEDY[section]} is not installed")
    result = run_lines(f"```python\n>>> import imgsim, pandas\n\n```\n{section}")
    assert result.attempted > 8
    assert result.failed == 0
