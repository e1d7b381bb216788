"""A clerk's day, as docs/days/clerk.md tells it and as the script does it."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from tests.examples.running import ROOT, run, run_script
from tests.sessions import is_shown, run_step, steps_of

DAY = 86400 * 10**9
YESTERDAY = ["shelf/umbrella/red and white.jpg", "shelf/scarf/mustard zigzag.jpg", "shelf/wallet/red.jpg"]


def let_a_day_go_by(*folders):
    for folder in folders:
        with closing(sqlite3.connect(folder / ".imgsim" / "index.sqlite")) as database, database:
            database.execute("UPDATE images SET added_ns = added_ns - ?", (DAY,))


@pytest.fixture
def office(drawn, tmp_path):
    """The demo's photos, not indexed, and some of them in `found`."""
    for name in ("shelf", "claims"):
        shutil.copytree(drawn / name, tmp_path / name, ignore=shutil.ignore_patterns(".imgsim"))
    for kind in ("mug", "teddy", "cap"):
        shutil.copytree(tmp_path / "shelf" / kind, tmp_path / "found" / kind)
    return tmp_path


def test_the_page_prints_what_it_shows(office):
    steps = list(steps_of(ROOT / "docs" / "days" / "clerk.md"))
    assert [step.kind for step in steps].count("night") == 2
    for step in steps:
        if step.kind == "night":
            let_a_day_go_by(office / "found", office / "claims")
            continue
        printed, code = run_step(step, office)
        assert code == 0, printed
        assert is_shown(printed, step.shown), f"$ {step.command}\n{printed}"


class TestYesterdaysFinds:
    @pytest.fixture
    def morning(self, office):
        """An office whose finds are of the day before yesterday, but for three."""
        assert run_script("index_shelf.sh", office / "found", "-x", "classic").returncode == 0
        assert run_script("index_shelf.sh", office / "claims", "-x", "classic").returncode == 0
        let_a_day_go_by(office / "found", office / "claims")
        for name in YESTERDAY:
            shutil.copy(office / name, office / "found")
        assert run_script("index_shelf.sh", office / "found").returncode == 0
        let_a_day_go_by(office / "found", office / "claims")
        return office

    def script(self, office, *options, **settings):
        return run_script("yesterdays_finds.sh", office / "found", office / "claims", *options, **settings)

    def pairs(self, result):
        rows = [line.split("\t") for line in result.stdout.splitlines()]
        return {row[0].rpartition("/")[2]: row[2] for row in rows if row[1] == "1"}

    def test_it_lists_the_nearest_open_claims(self, morning):
        shutil.copy(morning / "shelf" / "umbrella" / "black.jpg", morning / "found")  # came today
        run("imgsim", "set", "--index", morning / "claims", morning / "claims" / "Ms Kim, tram 12.jpg", "returned=true")
        result = self.script(morning)
        assert (result.returncode, result.stderr) == (0, "")
        assert sorted(self.pairs(result)) == ["mustard zigzag.jpg", "red and white.jpg", "red.jpg"]
        assert self.pairs(result)["mustard zigzag.jpg"] == "Mr Lee, library.jpg"
        assert "Ms Kim, tram 12.jpg" not in result.stdout
        assert len(result.stdout.splitlines()) == 9

    def test_on_the_first_day_all_claims_are_open_and_a_note_says_why(self, morning):
        result = self.script(morning, "-k", "1")
        assert self.pairs(result)["red and white.jpg"] == "Ms Kim, tram 12.jpg"
        assert result.returncode == 0
        assert result.stderr.count("\n") == 1
        assert "no photo has an attribute returned yet" in result.stderr

    def test_other_days(self, morning):
        several = self.script(morning, "-k", "1", SINCE="today - 7 days")
        assert len(several.stdout.splitlines()) == 15
        today = self.script(morning, SINCE="today")
        assert (today.returncode, today.stdout) == (1, "")

    def test_what_cannot_be_done_is_one_line(self, morning):
        unknown = self.script(morning, SINCE="2026-02-30")
        assert (unknown.returncode, unknown.stdout) == (2, "")
        assert "2026-02 has 28 days" in unknown.stderr
        gone = run_script("yesterdays_finds.sh", morning / "found", morning / "nowhere")
        assert (gone.returncode, gone.stdout) == (2, "")
        assert gone.stderr.count("\n") == 1
