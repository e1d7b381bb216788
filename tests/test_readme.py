"""The README does what it shows, on the demo's photos."""

from pathlib import Path

import pytest

from examples.demo import main as draw_demo
from tests.sessions import is_shown, run_step, steps_of

README = Path(__file__).resolve().parents[1] / "README.md"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    draw_demo(folder)
    return folder


def test_the_readme_does_what_it_shows(desk):
    steps = list(steps_of(README))
    assert len(steps) > 12
    for step in steps:
        printed, code = run_step(step, desk)
        if step.kind == "python":
            assert code == 0, printed
            assert len(printed.splitlines()) == 3
        else:
            assert is_shown(printed, step.shown), f"$ {step.command}\n{printed}"


def test_the_readme_names_the_commands_that_set_up():
    for command in ("make demo", "make test"):
        assert command in README.read_text("utf-8")
