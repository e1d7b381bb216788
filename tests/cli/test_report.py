"""`--report` of `query`, `match`, `duplicates` and `evaluate`."""

import base64
import json
import os
import sys
from itertools import pairwise

import numpy as np
import PIL.Image
import pytest

pytest.importorskip("jinja2", reason="the extra report is not installed")

from imgsim.index.index import open_index
from imgsim.index.update import update_index
from imgsim.reports import evaluation_plots
from imgsim.reports.curves import plot_recall_at_k
from imgsim.reports.evaluation_plots import EvaluationPlot
from tests.pages import Page, check_alone
from tests.photos import draw_photo

EXTRACTOR = "histogram:bins=4"
MARKUP = "<script>alert('1')</script>.png"


def describe(folder, described):
    with open_index(folder) as index, index.writing() as writer:
        for name, assignments in described.items():
            writer.edit([name], assignments)


@pytest.fixture
def office(tmp_path, monkeypatch):
    """Two lost things, the first on two photos, and three found ones, one of them with a name that is markup."""
    for seed, name in enumerate(("l0.png", "l0 back.png", "l1.png")):
        draw_photo(tmp_path / "lost" / name, seed)
    for seed, name in enumerate(("f0.png", MARKUP.replace("/", "_"), "f2.png")):
        draw_photo(tmp_path / "found" / name, seed)
    for folder in ("lost", "found"):
        update_index(tmp_path / folder, extractors=[EXTRACTOR])
    thing = ["report=R1", "kind=bag", 'note=with "quotes" & <b>']
    describe(tmp_path / "lost", {"l0.png": thing, "l0 back.png": thing, "l1.png": ["report=R/2", "kind=hat"]})
    describe(tmp_path / "found", {"f0.png": ["kind=bag", "place=Harbour"], "f2.png": ["kind=hat"]})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def distances(page):
    return [text for before, text in pairwise(page.texts) if before == "distance"]


class TestQuery:
    def test_it_shows_what_was_asked_beside_what_was_found(self, run, office):
        result = run("query", "lost/l0.png", "lost/l1.png", "--index", "found", "-k", 2, "--report", "r.html")
        assert (result.code, result.err) == (0, "wrote r.html\n")
        page = Page(office / "r.html")
        check_alone(page)
        rows = [line.split("\t") for line in result.out.splitlines()]
        assert page.alts == [
            alt
            for name in ("lost/l0.png", "lost/l1.png")
            for alt in (f"Query: {name}", *(f"Candidate: {row[2]}" for row in rows if row[0] == name))
        ]
        assert [f"{float(row[3]):.4f}" for row in rows] == distances(page)[-4:]
        assert all(image.size == (48, 36) for image in page.images)
        assert {"found", "Harbour", "histogram:bins=4,grid=1,space=rgb (version 1) by hellinger"} <= set(page.texts)
        assert str(office) not in page.source

    def test_what_to_show_can_be_chosen(self, run, office):
        run("query", "lost/l0.png", "--index", "found", "--show", "kind,width", "--report", "r.html")
        page = Page(office / "r.html")
        assert {"bag", "width", "48"} <= set(page.texts)
        assert "Harbour" not in page.texts

    def test_measured_colours_are_swatches(self, run, office):
        draw = np.full((40, 40, 3), (200, 20, 30), np.uint8)
        (office / "red").mkdir()
        PIL.Image.fromarray(draw).save(office / "red" / "a.png")
        run("index", "red", "-x", EXTRACTOR, "--colors")
        run("query", "lost/l0.png", "--index", "red", "--report", "r.html")
        page = Page(office / "r.html")
        assert {"class": "swatch", "style": "background:#c8141e", "aria-hidden": "true"} in page.all("span")
        assert "red 100 %" in page.texts
        assert "palette" not in page.texts

    def test_a_colour_that_was_typed_is_no_style(self, run, office):
        typed = {"path": "f0.png", "palette": [{"hex": "red;--x:url(a)", "name": "teal", "share": 1}]}
        (office / "typed.jsonl").write_text(json.dumps(typed))
        assert run("index", "found", "--attributes", "typed.jsonl").code == 0
        assert run("query", "lost/l0.png", "--index", "found", "--report", "r.html").code == 0
        page = Page(office / "r.html")
        check_alone(page)
        assert not [one for one in page.all("span") if one.get("class") == "swatch"]

    def test_a_photo_that_is_gone_has_a_place_that_says_so(self, run, office):
        os.remove(office / "found" / "f0.png")
        result = run("query", "lost/l0.png", "--index", "found", "--report", "r.html")
        assert result.code == 0
        page = Page(office / "r.html")
        assert "This photo cannot be shown: no such file" in page.texts
        assert "f0.png" in page.texts
        assert len(page.images) == 3

    def test_nothing_near_enough_is_said(self, run, office):
        found = run("query", "lost/l1.png", "--index", "found", "--max-distance", 0, "--where", "kind = 'bag'",
                    "--report", "r.html")  # fmt: skip
        assert found.code == 1
        text = Page(office / "r.html").text
        assert "Nothing within 0: the nearest is at" in text
        assert "kind = 'bag'" in text

    def test_a_colour_and_a_picture_from_stdin(self, run, office):
        photo = (office / "lost" / "l0.png").read_bytes()
        assert run("query", "-", "--index", "found", "--report", "r.html", stdin=photo).code == 0
        page = Page(office / "r.html")
        assert page.alts[0] == "Query: standard input"
        run("index", "found", "--colors")
        with open_index("found") as index:
            color = index.photo("f0.png").attributes["color"]
        assert run("query", "--color", color, "--index", "found", "--report", "r.html").code == 0
        page = Page(office / "r.html")
        assert page.alts
        assert all(alt.startswith("Candidate: ") for alt in page.alts)

    def test_markup_in_names_is_text(self, run, office):
        run("query", "lost/l0.png", "--index", "found", "--report", "r.html")
        page = Page(office / "r.html")
        check_alone(page)
        assert f"Candidate: {MARKUP.replace('/', '_')}" in page.alts

    @pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode here")
    def test_names_of_any_bytes(self, run, office):
        name = b"\xff\n\x1b[31m\xe2\x80\xae.png"
        os.rename(office / "found" / "f2.png", os.fsencode(office / "found") + b"/" + name)
        update_index(office / "found")
        assert run("query", "lost/l0.png", "--index", "found", "--report", "r.html").code == 0
        page = Page(office / "r.html")
        assert r"Candidate: \udcff\n\x1b[31m\u202e.png" in page.alts


class TestMatch:
    ASKED = ("match", "lost", "found", "--thing", "report", "-k", 2)

    def test_each_lost_thing_stands_beside_the_found_ones(self, run, office):
        on = "not has found.kind or found.kind = lost.kind and found.path != lost.path"
        result = run(*self.ASKED, "--assign", "--on", on, "--report", "r.html")
        assert (result.code, result.err) == (0, "wrote r.html\n")
        page = Page(office / "r.html")
        check_alone(page)
        assert page.alts.count("Lost: l0.png") == 1
        assert {"R1", "R/2", "assigned", "each is the other's closest", 'with "quotes" & <b>', on} <= set(page.texts)
        assert {"found.kind = lost.kind", "found.path != lost.path", "found.kind is missing"} <= set(page.texts)
        rows = [line.split("\t") for line in result.out.splitlines()]
        assert distances(page)[-len(rows) :] == [f"{float(row[3]):.4f}" for row in rows]

    def test_the_closest_photo_of_several_is_named(self, run, office):
        run(*self.ASKED, "--report", "r.html")
        texts = Page(office / "r.html").texts
        named = [after for before, after in pairwise(texts) if before == "Closest to"]
        assert named == ["l0 back.png", "l0.png"]

    @pytest.mark.parametrize("name", ["claims/", "there"])
    def test_a_folder_gets_a_file_for_each_thing(self, run, office, name):
        (office / "there").mkdir()
        result = run(*self.ASKED, "--report", name)
        assert (result.code, result.err) == (0, f"wrote 2 reports into {name}\n")
        first, second = sorted(os.listdir(office / name))
        assert second == "R1.html"
        assert first.startswith("R-2-")
        assert Page(office / name / "R1.html").text.startswith("Lost: R1")
        assert "R/2" not in Page(office / name / "R1.html").text

    def test_what_to_show_can_be_chosen(self, run, office):
        run(*self.ASKED, "--show", "found.place", "--report", "r.html")
        texts = Page(office / "r.html").texts
        assert "Harbour" in texts
        assert "kind" not in texts

    def test_nothing_found_is_a_report_too(self, run, office):
        (office / "r.html").write_text("yesterday's")
        assert run(*self.ASKED, "--on", "found.kind = 'umbrella'", "--report", "r.html").code == 1
        assert "No found photo fits a lost one." in Page(office / "r.html").texts

    def test_nothing_found_makes_no_folder(self, run, office):
        result = run(*self.ASKED, "--on", "found.kind = 'umbrella'", "--report", "claims/", "-q")
        assert (result.code, result.err) == (1, "")
        assert not (office / "claims").exists()

    def test_what_is_new_is_reported_once_and_is_said_only_after_the_report(self, run, office, monkeypatch):
        asked = ("match", "lost", "found", "--thing", "report", "--new", "--report", "r.html")
        with monkeypatch.context() as full:
            full.setattr("imgsim.files.os.replace", lambda *_: os.stat("/nowhere"))
            assert run(*asked).code == 2
        assert run(*asked).code == 0
        page = Page(office / "r.html")
        assert {"R1", "Only pairs that were not said before"} <= set(page.texts)
        assert run(*asked).code == 1
        assert "Nothing new: no other found photo fits a lost one." in Page(office / "r.html").texts

    def test_what_is_out_of_sight_is_no_reason_to_keep_yesterdays(self, run, office):
        (office / "r.html").write_text("yesterday's")
        run("hide", "--index", "found", "has photo.path")
        result = run(*self.ASKED, "--report", "r.html")
        assert result.code == 1
        assert "No found photo fits a lost one." in Page(office / "r.html").texts
        assert run(*self.ASKED, "--all", "--report", "r.html").code == 0
        assert "Photos that are out of sight, too" in Page(office / "r.html").texts


class TestDuplicates:
    def test_groups_say_which_to_keep(self, run, office):
        with PIL.Image.open(office / "found" / "f0.png") as photo:
            photo.resize((24, 18)).save(office / "found" / "small.png")
        result = run("duplicates", "found", "--report", "r.html", "-q")
        assert result.code == 0
        page = Page(office / "r.html")
        check_alone(page)
        assert page.alts == ["To keep: f0.png", "May go: small.png"]
        assert {"kept", "may go", "1 group of copies, 1 photo may go", "largest", "6b"} <= set(page.texts)

    def test_none_is_said(self, run, office):
        assert run("duplicates", "found", "--exact", "--report", "r.html").code == 1
        assert {"No duplicates.", "the files' bytes"} <= set(Page(office / "r.html").texts)


@pytest.fixture
def classes(tmp_path, monkeypatch):
    """Two folders of five photos, each of one colour."""
    rng = np.random.default_rng(0)
    for name, color in (("red", (200, 60, 60)), ("blue", (60, 60, 200))):
        for place in range(5):
            photo = rng.normal(color, 20, (16, 16, 3)).clip(0, 255).astype(np.uint8)
            (tmp_path / "photos" / name).mkdir(parents=True, exist_ok=True)
            PIL.Image.fromarray(photo).save(tmp_path / "photos" / name / f"{place}.png")
    update_index(tmp_path / "photos", extractors=[EXTRACTOR])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def drawn(monkeypatch):
    """Draw one picture in place of all that an evaluation has, which take long."""
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")

    def draw(folder, kind, *_, **__):
        path = os.path.join(folder, f"recall.{kind}")
        plot_recall_at_k({"lbp": [0.5, 1.0]}, path)
        yield EvaluationPlot(path, "How much is found")

    monkeypatch.setattr(evaluation_plots, "draw_evaluation", draw)


class TestEvaluate:
    def test_its_table_and_its_pictures(self, run, classes, drawn):
        result = run("evaluate", "photos", "--retrieval-only", "--report", "r.html")
        assert (result.code, result.err) == (0, "wrote r.html\n")
        page = Page(classes / "r.html")
        check_alone(page)
        assert [image.format for image in page.images] == ["PNG"]
        assert page.alts == ["How much is found"]
        assert {"histogram:bins=4,grid=1,space=rgb", "recall@1", "folders", "10", "1.000\n0.72..1.00"} <= set(
            page.texts
        )
        assert {title["scope"] for title in page.all("th")} == {"col", "row"}
        assert sorted(os.listdir(classes)) == ["photos", "r.html"]

    def test_pictures_that_are_drawn_anyway_are_taken(self, run, classes, drawn):
        asked = ("evaluate", "photos", "--retrieval-only", "--plots", "plots", "--plot-format", "svg")
        assert run(*asked, "--report", "r.html").code == 0
        (image,) = Page(classes / "r.html").all("img")
        kind, _, data = image["src"].partition(",")
        assert kind == "data:image/svg+xml;base64"
        assert base64.b64decode(data) == (classes / "plots" / "recall.svg").read_bytes()

    def test_the_grid_is_among_them(self, run, classes, drawn):
        assert run("evaluate", "photos", "--retrieval-only", "--grid", "g.png", "--report", "r.html").code == 0
        page = Page(classes / "r.html")
        assert page.alts[0] == "How much is found"
        assert page.alts[1].startswith("Some photos, drawn by chance, each beside")
        assert base64.b64decode(page.all("img")[1]["src"].partition(",")[2]) == (classes / "g.png").read_bytes()

    def test_without_the_plots_it_says_what_is_lacking(self, run, classes, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
        assert run("evaluate", "photos", "--retrieval-only", "--report", "r.html").code == 0
        page = Page(classes / "r.html")
        assert "No plots: matplotlib is not installed: pip install 'imgsim[plots]'" in page.texts
        assert "recall@1" in page.texts

    def test_scores_have_a_table_alone(self, run, classes):
        described = {
            f"{name}/{place}.png": [f"price={place + 10 * (name == 'red')}"]
            for name in ("red", "blue")
            for place in range(5)
        }
        describe(classes / "photos", described)
        assert run("evaluate", "photos", "--scores", "attribute:price", "-k", 3, "--report", "r.html").code == 0
        assert {"Spearman", "Pictures are drawn of classes, not of scores."} <= set(Page(classes / "r.html").texts)
        asked = ("evaluate", "photos", "--scores", "attribute:price", "-k", 3, "--grid", "g.png")
        assert run(*asked, "--report", "r.html").code == 0
        page = Page(classes / "r.html")
        assert len(page.alts) == 1
        assert "Pictures are drawn of classes, not of scores." not in page.texts


COMMANDS = {
    "query": ("query", "lost/l0.png", "--index", "found"),
    "match": ("match", "lost", "found"),
    "duplicates": ("duplicates", "found", "--exact"),
    "evaluate": ("evaluate", "lost", "--scores", "attribute:number", "-k", 1),
}


@pytest.mark.parametrize("command", COMMANDS)
class TestRefused:
    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("none/r.html", "none/r.html: cannot write the report: no folder"),
            ("r.png", "r.png: reports are written as HTML: give the file the ending .html"),
        ],
    )
    def test_a_place_that_is_none_is_told_before_the_search(self, run, office, command, name, said):
        result = run(*COMMANDS[command], "--report", name)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith(f"imgsim: {said}")
        assert len(result.err.splitlines()) == 1

    def test_without_the_extra_that_is_told_first(self, run, office, monkeypatch, command):
        monkeypatch.setitem(sys.modules, "jinja2", None)
        result = run(*COMMANDS[command], "--report", "r.html")
        said = "imgsim: jinja2 is not installed: pip install 'imgsim[report]'\n"
        assert (result.code, result.out, result.err) == (2, "", said)

    def test_a_full_disk_leaves_what_was_there(self, run, office, monkeypatch, command):
        numbered = {name: [f"number={place}"] for place, name in enumerate(("l0.png", "l0 back.png", "l1.png"))}
        describe(office / "lost", numbered)
        with PIL.Image.open(office / "found" / "f0.png") as photo:
            photo.save(office / "found" / "copy.png")
        (office / "r.html").write_text("yesterday's")
        before = sorted(os.listdir(office))

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("imgsim.files.os.replace", full)
        result = run(*COMMANDS[command], "--report", "r.html")
        assert result.code == 2
        assert result.err.splitlines()[-1] == "imgsim: r.html: cannot write the report: no space left on device"
        assert (office / "r.html").read_text() == "yesterday's"
        assert sorted(os.listdir(office)) == before


def test_a_folder_that_is_not_there_needs_its_slash(run, office):
    result = run("match", "lost", "found", "--report", "claims")
    said = "reports are written as HTML: give the file the ending .html, or a / at its end for a folder of reports"
    assert (result.code, result.out, result.err) == (2, "", f"imgsim: claims: {said}\n")


def test_only_match_takes_a_folder(run, office):
    (office / "r.html").mkdir()
    result = run("query", "lost/l0.png", "--index", "found", "--report", "r.html")
    assert (result.code, result.out) == (2, "")
    assert result.err == "imgsim: r.html: cannot write the report: is a folder\n"


def test_a_page_tells_what_was_kept_out_of_sight(run, office):
    run("hide", "found", "kind = 'hat'")
    run("hide", "lost", "report = 'R9'", "report = 'R/2'")
    rules, said = (
        ["found: kind = 'hat'", "lost: report = 'R9'", "lost: report = 'R/2'"],
        "Out of sight are those for which",
    )

    def told(*command):
        assert run(*command, "--report", "r.html").code == 0
        texts = Page(office / "r.html").texts
        return "\n".join(texts[texts.index(said) + 1 :]) if said in texts else ""

    shown = told("match", "lost", "found")
    assert [rule for rule in rules if rule not in shown] == []
    assert told("match", "lost", "found", "--all") == ""
    shown = told("query", "lost/l0.png", "--index", "found")
    assert "kind = 'hat'" in shown
    assert "found: kind" not in shown
    assert "f2.png" not in shown
    assert told("query", "lost/l0.png", "--index", "found", "--all") == ""
