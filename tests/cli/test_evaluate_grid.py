"""`imgsim evaluate --grid`: photos beside what they find first, and whether that is right."""

import json

import PIL.Image
import pytest

from imgsim.cli import judged_grid
from imgsim.images import draw
from tests.photos import draw_photo

JUDGE = ("evaluate", "shelf", "-x", "phash", "--retrieval-only", "--format", "json")


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Two classes of four photos, one photo that is alone in its class, and a table of scores."""
    for number in range(8):
        draw_photo(tmp_path / "shelf" / ("bags" if number % 2 else "coats") / f"{number}.png", number)
    draw_photo(tmp_path / "shelf" / "hats" / "alone.png", 50)
    lines = [f"{'bags' if number % 2 else 'coats'}/{number}.png,{number * 10}" for number in range(8)]
    (tmp_path / "scores.csv").write_text("path,score\n" + "\n".join(lines) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shelf"


@pytest.fixture
def cells(monkeypatch):
    """What is drawn, row by row."""
    rows = []
    drawn = draw.draw_grid

    def keep(given, **settings):
        rows[:] = given
        return drawn(given, **settings)

    monkeypatch.setattr(draw, "draw_grid", keep)
    return rows


def test_each_photo_stands_beside_what_it_finds_by_each_extractor(run, shelf, cells):
    plain = run(*JUDGE, "-x", "histogram:bins=2")
    result = run(*JUDGE, "-x", "histogram:bins=2", "--grid", "grid.png")
    assert result.code == 0, result.err
    assert result.err.splitlines()[-1] == "drew grid.png"
    assert result.out == plain.out
    assert [len(row) for row in cells] == [5] * 8  # who is alone in its class asks nothing
    for row in cells:
        its = row[0].note.split("/")[0]
        assert row[0].title == its
        for place, cell in enumerate(row[1:]):
            theirs = cell.note.split("/")[0]
            assert cell.title == f"{place % 2 + 1}   {'same' if theirs == its else 'other'}"
            by = ("phash", "hamming") if place < 2 else ("histogram:bins=2", "hellinger")
            assert cell.details[:2] == (theirs, by[0])
            assert cell.details[2].startswith(f"{by[1]} ")
    first = [row[1].title.endswith("same") for row in cells]
    assert json.loads(result.out)[0]["recall@1"] == sum(first) / 8
    with PIL.Image.open("grid.png") as grid:
        assert grid.info["Software"] == "imgsim"
        assert grid.size[0] > 5 * 200


def test_found_photos_are_those_of_a_query(run, shelf, cells):
    run(*JUDGE, "--grid", "grid.png")
    for row in cells[::3]:
        asked = run("query", f"shelf/{row[0].note}", "-x", "phash", "-k", "2", "--format", "jsonl")
        matches = [json.loads(line) for line in asked.out.splitlines()]
        assert [cell.note for cell in row[1:]] == [match["path"] for match in matches]
        assert [cell.details[-1] for cell in row[1:]] == [f"hamming {match['distance']:.3f}" for match in matches]


def test_how_many_and_which_is_said(run, shelf, cells):
    names = []
    for seed in ("0", "0", "1", "2"):
        assert run(*JUDGE, "--grid", "grid.png", "--grid-photos", "3", "--seed", seed).code == 0
        names.append([row[0].note for row in cells])
    assert [len(one) for one in names] == [3] * 4
    assert names[0] == names[1]
    assert names[0] != names[2] or names[0] != names[3]
    assert names[0] == sorted(names[0])


def test_scores_are_told(run, shelf, cells):
    judge = ("evaluate", "shelf", "-x", "phash", "--scores", "scores.csv:score", "--grid", "grid.png")
    assert run(*judge, "-k", "3").code == 0
    assert len(cells) == 8
    for row in cells:
        own = int(row[0].note[-5]) * 10
        assert row[0].title == f"score {own}"
        for rank, cell in enumerate(row[1:], 1):
            theirs = int(cell.note[-5]) * 10
            assert cell.title == f"{rank}   {theirs} ({theirs - own:+d})"
    assert run(*judge, "--triplets", "10:30").code == 0
    for row in cells:
        for cell in row[1:]:
            apart = abs(int(cell.note[-5]) - int(row[0].note[-5])) * 10
            assert cell.title[4:].startswith("near: " if apart <= 10 else "far: " if apart > 30 else "between: ")


def test_reranked_candidates_are_drawn_too(run, shelf, cells):
    judge = ("evaluate", "shelf", "-x", "histogram:bins=2", "-m", "cosine", "--retrieval-only", "--grid", "grid.png")
    result = run(*judge, "--rerank", "k_reciprocal:k1=3,k2=2", "--format", "json")
    assert result.code == 0, result.err
    names = ["histogram:bins=2", "histogram:bins=2, k_reciprocal:k1=3,k2=2"]
    assert [[cell.details[1] for cell in row[1:]] for row in cells] == [[names[0]] * 2 + [names[1]] * 2] * 8
    for number, judged in enumerate(json.loads(result.out)):
        assert judged["recall@1"] == sum(row[1 + 2 * number].title.endswith("same") for row in cells) / 8


def test_names_too_long_for_a_picture_say_what_tells_them_apart(run, shelf, cells):
    judge = ("evaluate", "shelf", "-x", "haralick:levels=64,aggregate=mean", "-x", "haralick:levels=32,aggregate=mean")
    result = run(*judge, "-x", "phash", "--retrieval-only", "--grid", "grid.png", "--format", "json")
    assert [one["extractor"] for one in json.loads(result.out)][:1] == ["haralick:levels=64,aggregate=mean"]
    names = ["haralick:levels=64", "haralick:levels=32", "phash"]
    assert [[cell.details[1] for cell in row[1::2]] for row in cells] == [names] * 8


def test_a_photo_that_cannot_be_read_has_its_place(run, shelf, cells, monkeypatch):
    read = judged_grid.read_picture
    monkeypatch.setattr(
        judged_grid, "read_picture", lambda path, limits: None if path.endswith("1.png") else read(path, limits)
    )
    assert run(*JUDGE, "--grid", "grid.png").code == 0
    assert {cell.note for row in cells for cell in row if cell.image is None} == {"bags/1.png"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--grid", "grid.jpg"), "--grid draws PNG pictures: name it grid.png"),
        (("--grid", "nowhere/grid.png"), "nowhere/grid.png: cannot write the picture: no folder "),
        (("--grid-photos", "3"), "--grid-photos says how many photos are drawn: say where by --grid FILE.png"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_any_work(run, shelf, options, says):
    result = run(*JUDGE, *options)
    assert result.code == 2
    assert says in result.err
    assert result.out == ""
    assert not (shelf / ".imgsim").exists()


def test_a_grid_among_the_photos_is_none_of_them(run, shelf):
    before = run(*JUDGE)
    result = run(*JUDGE, "--grid", "shelf/bags/grid.png")
    assert "imgsim: shelf/bags/grid.png lies among the photos in shelf: " in result.err
    assert run(*JUDGE).out == before.out == result.out
