"""The desk's scripts, run as a clerk or cron runs them."""

import os
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from imgsim.index.sqlite.sqlite_store import SqliteStore
from tests.examples.running import ROOT, SCRIPTS, run, run_script

NAMES = sorted(path.name for path in SCRIPTS.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_is_a_script_that_says_how_to_call_it(name):
    script = SCRIPTS / name
    assert os.access(script, os.X_OK)
    assert "\nset -eu\n" in script.read_text()
    result = run(script)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"usage: {name} ")


def test_readme_names_every_script():
    assert sorted(set(re.findall(r"`(\w+\.sh)`", (ROOT / "examples" / "README.md").read_text()))) == NAMES


class TestIndexShelf:
    def test_indexes(self, desk):
        result = run_script("index_shelf.sh", desk / "shelf", "-x", "histogram")
        assert (result.returncode, result.stdout) == (0, "")
        assert "8 added" in result.stderr
        assert "extractor: histogram" in run("imgsim", "info", "--index", desk / "shelf").stdout

    def test_lists_failures(self, desk):
        (desk / "shelf" / "torn\nphoto.jpg").write_text("no photo")
        result = run_script("index_shelf.sh", desk / "shelf")
        assert result.returncode == 1
        title, *lines = result.stdout.splitlines()
        assert title == "These cannot be read; take them again:"
        assert [line.split("\t")[0] for line in lines] == ["torn\\nphoto.jpg"]

    def test_no_shelf(self, tmp_path):
        result = run_script("index_shelf.sh", tmp_path / "none")
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.count("\n") == 1


class TestAnswerClaims:
    def test_report(self, drawn, tmp_path):
        result = run_script("answer_claims.sh", drawn / "shelf", drawn / "claims", tmp_path / "pictures")
        assert (result.returncode, result.stderr) == (0, "")
        *claims, summary = result.stdout.rstrip("\n").split("\n\n")
        assert summary == "claims: 4 (with matches: 4, without: 0, not answered: 0)"
        titles = [claim.splitlines()[0] for claim in claims]
        assert titles == sorted(path.name for path in (drawn / "claims").iterdir())
        firsts = [re.fullmatch(r"   1    (\d\.\d{3})  (.+)", claim.splitlines()[1]) for claim in claims]
        assert [first[2] for first in firsts] == [
            "mug/blue striped.jpg",
            "teddy/grey.jpg",
            "scarf/mustard zigzag.jpg",
            "umbrella/red and white.jpg",
        ]
        assert all(len(claim.splitlines()) == 5 for claim in claims)
        for claim, title in zip(claims, titles, strict=True):
            picture = tmp_path / "pictures" / f"{title}.png"
            assert claim.splitlines()[-1] == f"  picture: {picture}"
            assert picture.read_bytes().startswith(b"\x89PNG")

    def test_claims_that_match_nothing_or_are_no_photos(self, drawn, tmp_path):
        claims = tmp_path / "claims"
        claims.mkdir()
        shutil.copy(drawn / "claims" / "Mina, playground.jpg", claims / "a\nb.jpg")
        shutil.copy(drawn / "shelf" / "wallet" / "red.jpg", claims / "exact.jpg")
        (claims / "note.jpg").write_text("It was blue.")
        limit = ("--max-distance", "0.01")
        result = run_script("answer_claims.sh", drawn / "shelf", claims, tmp_path / "pictures", *limit)
        assert result.returncode == 2
        nothing, found, unread, summary = result.stdout.rstrip("\n").split("\n\n")
        assert nothing == "a b.jpg\n  nothing on the shelf looks like it"
        assert found.splitlines()[:2] == ["exact.jpg", "   1    0.000  wallet/red.jpg"]
        assert unread.startswith(f"note.jpg\n  imgsim: {claims}/note.jpg: ")
        assert summary == "claims: 3 (with matches: 1, without: 1, not answered: 1)"
        assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["exact.jpg.png"]

    def test_nothing_found_at_all(self, drawn, tmp_path):
        shutil.copy(drawn / "claims" / "Mina, playground.jpg", tmp_path)
        limit = ("--max-distance", "0.01")
        result = run_script("answer_claims.sh", drawn / "shelf", tmp_path, tmp_path / "pictures", *limit)
        assert result.returncode == 1
        assert result.stdout.endswith("claims: 1 (with matches: 0, without: 1, not answered: 0)\n")

    def test_no_index(self, drawn, tmp_path):
        result = run_script("answer_claims.sh", tmp_path, drawn / "claims", tmp_path / "pictures")
        assert (result.returncode, result.stdout) == (2, "")
        assert "no index here" in result.stderr


class TestNightly:
    def test_is_silent_unless_a_photo_newly_fails(self, desk):
        shelf = desk / "shelf"
        silence = (0, "", "")
        nights = []
        for night in range(3):
            if night == 1:
                (shelf / "torn.jpg").write_text("no photo")
            result = run_script("nightly.sh", shelf)
            nights.append((result.returncode, result.stdout, result.stderr))
        first, (code, report, errors), third = nights
        assert first == third == silence
        assert (code, errors) == (1, "")
        title, line = report.splitlines()
        assert title == f"New on {shelf}, but cannot be read:"
        assert line.startswith("torn.jpg\t")
        assert "photos: 8\n" in run("imgsim", "info", "--index", shelf).stdout

    def test_gives_up_on_a_locked_index(self, desk):
        shelf = desk / "shelf"
        run_script("index_shelf.sh", shelf)
        writer = SqliteStore.open_writer(str(shelf / ".imgsim"), str(shelf))
        try:
            result = run_script("nightly.sh", shelf, TRIES="2", WAIT="0")
        finally:
            writer.close()
        assert (result.returncode, result.stdout) == (2, "")
        assert "another process is writing this index" in result.stderr
        assert result.stderr.count("\n") == 1

    def test_waits_for_whoever_is_indexing(self, desk, tmp_path):
        shelf = desk / "shelf"
        run_script("index_shelf.sh", shelf)
        (shelf / "mug" / "red dotted.jpg").unlink()
        # In place of sleep: says for how long, and returns when the other indexer is gone.
        slept, free = tmp_path / "slept", tmp_path / "free"
        sleep = tmp_path / "bin" / "sleep"
        sleep.parent.mkdir()
        sleep.write_text(f"#!/bin/sh\necho $1 >>'{slept}'\nuntil [ -e '{free}' ]; do /bin/sleep 0.05; done\n")
        sleep.chmod(0o755)
        with ThreadPoolExecutor() as pool:
            writer = SqliteStore.open_writer(str(shelf / ".imgsim"), str(shelf))
            try:
                nightly = pool.submit(run_script, "nightly.sh", shelf, first_on_path=sleep.parent)
                while not slept.exists() and not nightly.done():
                    time.sleep(0.05)
            finally:
                writer.close()
                free.touch()
        result = nightly.result()
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert slept.read_text() == "600\n"
        assert "photos: 7\n" in run("imgsim", "info", "--index", shelf).stdout

    def test_no_shelf(self, tmp_path):
        result = run_script("nightly.sh", tmp_path / "none", TRIES="1")
        assert (result.returncode, result.stdout) == (2, "")
        assert "no such folder" in result.stderr


class TestCopyMatches:
    def test_copies_what_looks_alike(self, drawn, tmp_path):
        result = run_script("copy_matches.sh", drawn / "claims", drawn / "shelf", tmp_path / "copies", "-k", "1")
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        copied = {str(path.relative_to(tmp_path / "copies")) for path in tmp_path.rglob("*.jpg")}
        assert copied == {
            "mug/blue striped.jpg",
            "scarf/mustard zigzag.jpg",
            "teddy/grey.jpg",
            "umbrella/red and white.jpg",
        }

    def test_names_with_newlines_travel(self, desk, tmp_path):
        original = desk / "shelf" / "teddy" / "grey.jpg"
        odd = original.rename(original.with_name("-grey\nbear 'x'.jpg"))
        run_script("index_shelf.sh", desk / "shelf")
        photos = tmp_path / "a\nb"
        photos.mkdir()
        shutil.copy(odd, photos / "new\nline.jpg")
        target = tmp_path / "our copies"
        result = run_script("copy_matches.sh", photos, desk / "shelf", target, "-k", "1")
        assert (result.returncode, result.stderr) == (0, "")
        assert [path.relative_to(target) for path in target.rglob("*.jpg")] == [odd.relative_to(desk / "shelf")]

    def test_nothing_matches(self, drawn, tmp_path):
        limit = ("--max-distance", "0.01")
        result = run_script("copy_matches.sh", drawn / "claims", drawn / "shelf", tmp_path / "copies", *limit)
        assert (result.returncode, result.stdout, result.stderr) == (1, "", "")
        assert list((tmp_path / "copies").iterdir()) == []

    def test_no_photos(self, drawn, tmp_path):
        (tmp_path / "photos").mkdir()
        result = run_script("copy_matches.sh", tmp_path / "photos", drawn / "shelf", tmp_path / "copies")
        assert (result.returncode, result.stderr) == (1, "")

    def test_an_unreadable_photo_does_not_stop_the_others(self, drawn, tmp_path):
        photos = tmp_path / "photos"
        shutil.copytree(drawn / "claims", photos)
        (photos / "broken.jpg").write_text("no photo")
        result = run_script("copy_matches.sh", photos, drawn / "shelf", tmp_path / "copies", "-k", "1")
        assert result.returncode == 2
        assert result.stderr.startswith("imgsim: ")
        assert len(list((tmp_path / "copies").rglob("*.jpg"))) == 4

    @pytest.mark.parametrize("missing", ["photos", "shelf"])
    def test_a_folder_that_is_not_there(self, drawn, tmp_path, missing):
        folders = {"photos": drawn / "claims", "shelf": drawn / "shelf"} | {missing: tmp_path / "none"}
        result = run_script("copy_matches.sh", folders["photos"], folders["shelf"], tmp_path / "copies")
        assert (result.returncode, result.stdout) == (2, "")
        assert str(tmp_path / "none") in result.stderr
