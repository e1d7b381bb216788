"""The days that docs/days/ tells, each on the demo's photos: whatever a page shows is what is printed."""

import pytest

from tests.examples.running import ROOT, draw
from tests.sessions import is_shown, run_step, steps_of

WITH_NIGHTS = ("clerk", "night")  # in tests of their own
PAGES = sorted(path.stem for path in (ROOT / "docs" / "days").glob("*.md") if path.stem not in WITH_NIGHTS)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_prints_what_it_shows(name, tmp_path):
    folder = draw(tmp_path / "desk")
    steps = list(steps_of(ROOT / "docs" / "days" / f"{name}.md"))
    assert len(steps) > 5
    for step in steps:
        printed, code = run_step(step, folder)
        if step.kind == "python":
            assert code == 0, printed
        else:
            assert is_shown(printed, step.shown), f"$ {step.command}\n{printed}"
