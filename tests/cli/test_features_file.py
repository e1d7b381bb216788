"""Rows of another program's, from the shell: imported, asked for, and judged beside what imgsim measures."""

import json

import numpy as np
import pytest

from tests.photos import draw_photo

PHOTOS = [f"{place}.png" for place in range(8)]


@pytest.fixture
def mine(shelf, rng):
    """Rows of all of the shelf's photos in `mine.npy`, their paths in `mine.txt`."""
    rows = rng.random((8, 5))
    np.save("mine.npy", rows)
    with open("mine.txt", "w") as file:
        file.write("".join(f"{name}\n" for name in PHOTOS))
    return rows


def import_(run, *more):
    return run("index", "shelf", "--features", "mine=mine.npy", "--paths", "mine.txt", *more)


def test_rows_are_imported_and_asked_for(run, mine):
    answer = import_(run)
    assert (answer.code, answer.out) == (0, "")
    assert "8 rows of features stored" in answer.err
    again = import_(run, "--format", "json")
    assert "8 of them in place of earlier ones" in again.err
    assert json.loads(again.out)["imported"] == json.loads(again.out)["replaced"] == 8
    found = run("query", "shelf/0.png", "-x", "external:mine", "-m", "euclidean", "-k", "1")
    best = 1 + np.argmin(np.linalg.norm(mine[1:] - mine[0], axis=1))
    distance = np.linalg.norm(mine[best] - mine[0])
    assert found.out.split("\t")[2] == f"{best}.png"
    assert float(found.out.split("\t")[3]) == pytest.approx(distance, rel=1e-6)


def test_what_extract_writes_comes_back(run, shell, shelf):
    wrote = shell(
        "imgsim extract --index shelf -x histogram --format npy --paths rows.txt > rows.npy && "
        "imgsim index shelf --features twin=rows.npy --paths rows.txt",
        shelf.parent,
    )
    assert wrote.returncode == 0, wrote.stderr
    by_twin = run("query", "shelf/3.png", "-x", "external:twin", "-m", "hellinger", "--format", "jsonl")
    by_itself = run("query", "shelf/3.png", "-x", "histogram", "--format", "jsonl")
    assert by_twin.out == by_itself.out


def test_a_photo_that_is_not_indexed_is_told_in_a_line_and_the_others_are_answered(run, mine, shelf):
    import_(run)
    draw_photo(shelf.parent / "other.png", 99)
    answer = run("query", "other.png", "shelf/1.png", "-x", "external:mine", "-x", "phash", "-k", "1")
    assert answer.code == 2
    assert answer.out.startswith("shelf/1.png\t1\t")
    assert answer.err == (
        "imgsim: other.png: no photo of the index that has a row by external:mine, and those come from a file; "
        "`imgsim index FOLDER --features mine=FILE.npy --paths FILE` adds rows\n"
    )


def test_rows_are_judged_beside_other_extractors(run, shelf, rng):
    classes = np.arange(8) % 2
    np.save("mine.npy", np.eye(2)[classes] + 0.1 * rng.random((8, 2)))
    with open("mine.txt", "w") as file:
        file.write("".join(f"{name}\n" for name in PHOTOS))
    with open("labels.csv", "w") as file:
        file.write("photo,kind\n" + "".join(f"{name},{kind}\n" for name, kind in zip(PHOTOS, classes, strict=True)))
    import_(run)
    asked = ("evaluate", "shelf", "--labels", "labels.csv:kind", "--retrieval-only", "--format", "json")
    rows = json.loads(run(*asked, "-x", "external:mine", "-x", "phash", "-x", "phash+external:mine@2").out)
    assert rows[0]["extractor"] == "external:mine"
    assert rows[0]["recall@1"] == 1
    assert {row["extractor"] for row in rows} == {"external:mine", "phash", "phash+external:mine@2"}
    every = json.loads(run(*asked).out)
    assert any(row["extractor"].startswith("external:mine:sha256=") for row in every)


def test_distances_take_rows_from_the_index(run, mine, shelf):
    import_(run)
    draw_photo(shelf.parent / "other.png", 99)
    answer = run("distances", "shelf/0.png", "other.png", "shelf/1.png", "-x", "external:mine", "-m", "euclidean")
    assert answer.code == 2
    assert "other.png: no photo of the index" in answer.err
    first, middle, last = [line.split("\t")[1:] for line in answer.out.splitlines()[1:]]
    assert float(first[2]) == float(last[0]) == pytest.approx(np.linalg.norm(mine[0] - mine[1]), rel=1e-6)
    assert {*middle, first[1], last[1]} == {"nan"}


def test_rows_without_a_photo_are_named_and_strictness_minds_them(run, mine):
    with open("mine.txt", "a") as file:
        file.write("nowhere.png\n")
    np.save("mine.npy", np.vstack([mine, mine[:1]]))
    answer = import_(run, "--strict")
    assert answer.code == 2
    assert "external:mine: 1 row without a photo: nowhere.png" in answer.err


def test_later_runs_say_which_photos_lack_a_row(run, mine, shelf):
    import_(run)
    draw_photo(shelf / "8.png", 99)
    answer = run("index", "shelf")
    assert answer.code == 0
    assert "external:mine: 1 photo without a row: 8.png" in answer.err
    assert "external:mine" not in run("index", "shelf", "--drop", "external:mine").out
    assert "external" not in run("info", "shelf").out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--features", "mine=mine.npy"], "go together"),
        (["--paths", "mine.txt"], "go together"),
        (["--features", "mine.npy", "--paths", "mine.txt"], "write NAME=FILE"),
        (["--features", "a,b=mine.npy", "--paths", "mine.txt"], "a name of features is of letters"),
        (["--features", "mine=gone.npy", "--paths", "mine.txt"], "gone.npy: no such file"),
        (["--features", "mine=mine.npy", "--paths", "gone.txt"], "gone.txt"),
        (["--features", "mine=mine.txt", "--paths", "mine.txt"], "mine.txt: not an array"),
        (["-x", "external:other"], "the index of .* has no features of external:other"),
    ],
)
def test_what_does_not_fit_is_told_in_a_line_and_changes_nothing(run, mine, shelf, options, told):
    before = run("info", "shelf").out
    answer = run("index", "shelf", *options)
    assert answer.code == 2
    assert told.split(" .* ")[-1] in answer.err
    assert run("info", "shelf").out == before


@pytest.mark.parametrize("command", [["extract"], ["recommend", "--time", "1"]])
def test_what_measures_photos_alone_cannot_use_rows_of_a_file(run, mine, command):
    import_(run)
    place = "shelf/0.png" if command[0] == "extract" else "shelf"
    answer = run(*command, place, "-x", "external:mine")
    assert answer.code == 2
    assert "external:mine: its rows come from a file" in answer.err
