"""docs/networks.md does what it shows, on the demo's photos."""

from pathlib import Path

from examples.demo import main as draw_demo
from tests.sessions import is_shown, run_step, steps_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "networks.md"


def test_the_page_does_what_it_shows(tmp_path):
    draw_demo(tmp_path)
    steps = list(steps_of(PAGE))
    assert len(steps) > 6
    for step in steps:
        printed, code = run_step(step, tmp_path)
        assert step.kind == "console" or code == 0, printed
        assert is_shown(printed, step.shown), f"$ {step.command}\n{printed}"
