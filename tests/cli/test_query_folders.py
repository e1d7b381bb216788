"""`imgsim query FOLDER`: the folder's photos are asked for."""

import os
import shutil

import PIL.Image
import pytest

from tests.photos import draw_photo


@pytest.fixture
def claims(shelf):
    """Three photos of which one lies deeper, and a file that is none."""
    folder = shelf.parent / "claims"
    for seed, name in enumerate(("b.png", "a.png", "old/c.jpg")):
        draw_photo(folder / name, 20 + seed)
    (folder / "notes.txt").write_text("about them")
    return folder


def queries(result):
    return list(dict.fromkeys(line.split("\t")[0] for line in result.out.splitlines()))


def test_a_folder_stands_for_its_photos(run, claims):
    result = run("query", "claims", "--index", "shelf", "-k", 2)
    assert (result.code, result.err) == (0, "")
    assert queries(result) == ["claims/a.png", "claims/b.png", "claims/old/c.jpg"]
    named = run("query", "claims/a.png", "claims/b.png", "claims/old/c.jpg", "--index", "shelf", "-k", 2)
    assert result.out == named.out
    among = run("query", "shelf/1.png", "claims/", "--index", "shelf", "-k", 1)
    assert queries(among) == ["shelf/1.png", "claims/a.png", "claims/b.png", "claims/old/c.jpg"]
    assert run("query", "-", "--index", "shelf", "-k", 2, stdin=b"claims\n").out == result.out


def test_views_may_come_in_a_folder(run, claims):
    result = run("query", "claims", "--index", "shelf", "--together", "-k", 3)
    assert queries(result) == ["claims/a.png"]
    assert len(result.out.splitlines()) == 3


def test_pictures_that_imgsim_drew_are_passed_over(run, claims):
    assert run("query", "claims/a.png", "--index", "shelf", "--grid", "claims/grid.png").code == 0
    result = run("query", "claims", "--index", "shelf", "-k", 1)
    assert len(result.out.splitlines()) == 3
    assert result.err == "claims: 1 picture drawn by imgsim passed over (-v names what was)\n"


def test_what_cannot_be_read_is_said_and_the_rest_answered(run, claims):
    (claims / "bad.jpg").write_bytes(b"no picture")
    os.symlink("nowhere.png", claims / "link.png")
    result = run("query", "claims", "--index", "shelf", "-k", 1)
    assert result.code == 2
    assert queries(result) == ["claims/a.png", "claims/b.png", "claims/old/c.jpg"]
    assert result.err.splitlines() == [
        "imgsim: claims/link.png: a link to nothing",
        "imgsim: claims/bad.jpg: not a picture that imgsim reads",
    ]


@pytest.mark.parametrize("content", [[], ["notes.txt"], [".hidden.png"]])
def test_a_folder_without_photos_is_a_line(run, shelf, content):
    empty = shelf.parent / "empty"
    empty.mkdir()
    for name in content:
        shutil.copy(shelf / "0.png" if name.endswith(".png") else __file__, empty / name)
    result = run("query", "empty", "--index", "shelf")
    assert (result.code, result.out, result.err) == (2, "", "imgsim: empty: no photos in this folder\n")
    beside = run("query", "empty", "shelf/0.png", "--index", "shelf", "-k", 1)
    assert (beside.code, queries(beside)) == (2, ["shelf/0.png"])


def test_the_indexed_folder_asks_for_itself_as_its_photos_would(run, shelf, monkeypatch):
    result = run("query", "shelf", "-k", 1)
    named = run("query", *(f"shelf/{number}.png" for number in range(8)), "-k", 1)
    assert (result.code, result.out) == (0, named.out)
    assert all(os.path.basename(line.split("\t")[0]) != line.split("\t")[2] for line in result.out.splitlines())
    again = run("query", "shelf", "-k", 1, "--include-self")
    assert all(os.path.basename(line.split("\t")[0]) == line.split("\t")[2] for line in again.out.splitlines())
    monkeypatch.chdir(shelf)
    assert len(run("query", ".", "-k", 1).out.splitlines()) == 8


def test_pictures_count_the_photos_of_a_folder(run, claims):
    assert run("query", "claims", "--index", "shelf", "-k", 2, "--grid", "grid.png").code == 0
    assert run("query", "claims/a.png", "--index", "shelf", "-k", 2, "--grid", "one.png").code == 0
    with PIL.Image.open("grid.png") as grid, PIL.Image.open("one.png") as one:
        assert grid.size[0] == one.size[0]
        assert grid.size[1] > 2.5 * one.size[1]


def test_a_plot_is_of_one_photo_of_a_folder(run, claims):
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    refused = run("query", "claims", "--index", "shelf", "--plot", "colours.svg")
    assert (refused.code, refused.out) == (2, "")
    assert "--plot draws one query, and here are 3: name one, or use --together" in refused.err
    assert run("query", "claims/old", "--index", "shelf", "--plot", "colours.svg").code == 0
    assert run("query", "claims", "--together", "--index", "shelf", "--plot", "colours.svg").code == 0
