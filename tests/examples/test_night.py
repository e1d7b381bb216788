"""Nights of an office, as docs/days/night.md tells them and as the script does them."""

import shutil
import time

import pytest

from tests.examples.running import ROOT, SCRIPTS, run, run_script
from tests.sessions import is_shown, run_step, steps_of

TABLE = 'path,report,lost_on\n"Jo Park, office.jpg",R1,2026-11-20\n"Mina, playground.jpg",R2,2026-11-21\n'
TABLE += '"Mr Lee, library.jpg",R3,2026-11-24\n'


@pytest.fixture
def office(drawn, tmp_path):
    """The demo's photos, not indexed: three losses, and two kinds of things that were found."""
    for name in ("shelf", "claims"):
        shutil.copytree(drawn / name, tmp_path / name, ignore=shutil.ignore_patterns(".imgsim"))
    (tmp_path / "claims").rename(tmp_path / "lost")
    (tmp_path / "lost" / "Ms Kim, tram 12.jpg").unlink()
    for kind in ("mug", "teddy"):
        shutil.copytree(tmp_path / "shelf" / kind, tmp_path / "found", dirs_exist_ok=True)
    (tmp_path / "reports.csv").write_text(TABLE)
    shutil.copy(SCRIPTS / "overnight.sh", tmp_path)
    return tmp_path


def test_the_page_prints_what_it_shows(office):
    steps = list(steps_of(ROOT / "docs" / "days" / "night.md"))
    assert len(steps) > 10
    for step in steps:
        printed, code = run_step(step, office)
        assert code == 0, printed
        assert is_shown(printed, step.shown), f"$ {step.command}\n{printed}"


class TestOvernight:
    def night(self, office, *options):
        named = [office / name for name in ("lost", "reports.csv", "found", "pages")]
        return run_script("overnight.sh", *named, *options)

    def pages(self, office):
        return sorted(str(page.relative_to(office / "pages")) for page in office.glob("pages/*/*"))

    def test_options_of_match_go_through_and_a_night_without_news_has_no_pages(self, office):
        found = self.night(office, "--max-distance", "0.1", "-k", "1")
        assert (found.returncode, found.stderr) == (0, "")
        assert [line.split("\t")[:2] for line in found.stdout.splitlines()] == [
            ["Jo Park, office.jpg", "blue striped.jpg"]
        ]
        before = self.pages(office)
        assert [page.partition("/")[2] for page in before] == ["R1.html"]
        again = self.night(office, "--max-distance", "0.1", "-k", "1")
        assert (again.returncode, again.stdout, again.stderr) == (1, "", "")
        assert self.pages(office) == before

    def test_a_second_run_on_the_same_day_keeps_the_pages_of_the_first(self, office):
        assert self.night(office).returncode == 0
        first = {page: (office / "pages" / page).read_bytes() for page in self.pages(office)}
        shutil.copy(office / "shelf" / "scarf" / "mustard zigzag.jpg", office / "found")
        time.sleep(1)  # folders are named by the second
        assert self.night(office).returncode == 0
        assert len(self.pages(office)) > len(first)
        assert {page: (office / "pages" / page).read_bytes() for page in first} == first

    def test_pages_that_cannot_be_written_leave_the_news_for_another_night(self, office):
        (office / "pages").write_text("a file")
        refused = self.night(office)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "pages" in refused.stderr
        (office / "pages").unlink()
        assert len(self.night(office).stdout.splitlines()) == 9

    def test_a_folder_that_is_not_there(self, office):
        gone = run_script(
            "overnight.sh", office / "nowhere", office / "reports.csv", office / "found", office / "pages"
        )
        assert (gone.returncode, gone.stdout) == (2, "")
        assert gone.stderr.count("\n") == 1
        assert run("imgsim", "pairs", office / "found").returncode == 2
