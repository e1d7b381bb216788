"""What `imgsim query` says of files that are gone, and the column of similarities."""

import json
import os
import shutil

import pytest

QUERY = ("query", "shelf/0.png", "--index", "shelf")


def rows(result):
    return [json.loads(line) for line in result.out.splitlines()]


def test_files_that_are_gone_are_said_once(run, shelf):
    answer = run(*QUERY, "shelf/1.png", "--include-self")
    for number in (3, 4, 5, 6):
        (shelf / f"{number}.png").unlink()
    gone = run(*QUERY, "shelf/1.png", "--include-self")
    assert (gone.code, gone.out) == (0, answer.out)
    (line,) = gone.err.splitlines()
    assert line.endswith(f" and 1 more: no longer there: `imgsim index {shelf}` takes that in")
    assert run(*QUERY, "-q").err == ""
    assert run("index", "shelf").code == 0
    assert run(*QUERY).err == ""


def test_only_matches_that_are_written_are_looked_for(run, shelf):
    nearest, farthest = (rows(run(*QUERY, "--format", "jsonl"))[place]["path"] for place in (0, -1))
    (shelf / farthest).unlink()
    assert run(*QUERY, "-k", 3).err == ""
    assert farthest in run(*QUERY).err
    (shelf / nearest).unlink()
    said = run(*QUERY, "-k", 1, "-0").err
    assert said.startswith(f"imgsim: {nearest}: no longer there: ")


def test_an_index_that_lies_elsewhere_is_named(run, make_photos, tmp_path, monkeypatch):
    folder = make_photos(4, folder="on loan")
    monkeypatch.chdir(tmp_path)
    assert run("index", "on loan", "--index", "kept", "-x", "phash").code == 0
    (folder / "2.png").unlink()
    said = run("query", "on loan/0.png", "--index", "kept").err
    assert f"`imgsim index '{folder}' --index kept` takes that in" in said


@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_a_folder_that_is_away_is_said_instead(run, shelf, tmp_path, left):
    assert run("index", "shelf", "--index", "kept", "-x", "phash").code == 0
    shutil.copy(shelf / "0.png", tmp_path / "claim.png")
    shutil.rmtree(shelf)
    if left != "nothing":
        os.mkdir(shelf)
    answer = run("query", "claim.png", "--index", "kept")
    assert (answer.code, len(answer.out.splitlines())) == (0, 8)
    assert answer.err == f"imgsim: {shelf}: the indexed folder is away or empty, so no match can be opened\n"


@pytest.mark.parametrize("metric", ["cosine", "centred_cosine", "correlation"])
def test_similarity_is_one_minus_the_distance(run, shelf, metric):
    found = rows(run(*QUERY, "-m", metric, "--show", "similarity", "--format", "jsonl"))
    assert len(found) == 7
    assert [row["similarity"] for row in found] == [1 - row["distance"] for row in found]
    header, first = run(*QUERY, "-m", metric, "--show", "similarity", "--format", "csv").out.splitlines()[:2]
    assert header == "query,rank,path,distance,similarity"
    assert float(first.split(",")[4]) == found[0]["similarity"]


def test_similarity_beside_attributes(run, shelf):
    assert run("set", "shelf/3.png", "price=5", "kind=bag").code == 0
    options = [*QUERY, "-m", "cosine", "--show", "price,similarity"]
    assert run(*options, "--format", "csv").out.startswith("query,rank,path,distance,similarity,price\n")
    (row,) = (row for row in rows(run(*options, "--format", "jsonl")) if row["path"] == "3.png")
    assert row["attributes"] == {"price": 5}
    assert "similarity" in row


def test_an_attribute_called_similarity_is_what_was_typed(run, shelf):
    assert run("set", "shelf/3.png", "similarity=high").code == 0
    lines = run(*QUERY, "-m", "euclidean", "--show", "similarity", "--format", "csv").out.splitlines()
    assert lines[0] == "query,rank,path,distance,similarity"
    assert [line.split(",")[4] for line in lines if ",3.png," in line] == ["high"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["-m", "euclidean"], "by cosine, centred_cosine or correlation, and here distances are by euclidean"),
        (["-x", "phash", "-x", "histogram", "-m", "cosine"], "and here 2 are fused: name one"),
    ],
)
def test_similarity_is_for_cosine(run, shelf, options, says):
    result = run(*QUERY, *options, "--show", "similarity")
    assert (result.code, result.out) == (2, "")
    assert says in result.err
    assert result.err.count("\n") == 1


def test_a_colour_has_no_similarity(run, shelf):
    result = run("query", "--color", "red", "--index", "shelf", "--show", "similarity")
    assert (result.code, result.err) == (2, "imgsim: similarity is about comparing photos: name a PHOTO\n")
