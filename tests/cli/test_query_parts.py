"""Parts of photos, through `imgsim index` and `imgsim query`."""

import json

import pytest

from tests.index.test_cut_photos import NAMES, draw


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A shelf of photos of one thing each and a street photo of several, with masks, seen from the folder above."""
    for name, shade in {"bag1": 225, "coat1": 225, "coat2": 40, "shoe1": 90}.items():
        draw(tmp_path, name, name[:-1], shade=(shade,) * 3)
    draw(tmp_path, "street", "bag", "coat", shade=(120, 140, 90))
    (tmp_path / "photos" / "street.png").rename(tmp_path / "street.png")
    (tmp_path / "masks" / "labels.txt").write_text("\n".join(["ground", *NAMES]))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "photos"


def rows_of(result):
    return [json.loads(line) for line in result.out.splitlines()]


def test_each_part_of_a_photo_finds_its_own(run, shop):
    result = run("index", "photos", "-x", "histogram:bins=4", "--segment", "mask:folder=masks")
    assert (result.code, result.err.count("\n")) == (0, 1)
    asked = run("query", "street.png", "--index", "photos", "-k", 1, "--format", "jsonl")
    assert asked.code == 0
    assert [(row["query_part"], row["rank"], row["path"], row["part"]) for row in rows_of(asked)] == [
        ("bag", 1, "bag1.png", "bag"), ("coat", 1, "coat1.png", "coat")
    ]  # fmt: skip
    assert rows_of(asked)[0]["box"] == [0.0556, 0.0833, 0.3333, 0.1667]
    tsv = run("query", "street.png", "--index", "photos", "-k", 1).out.splitlines()
    assert [line.split("\t")[:5] for line in tsv] == [
        ["street.png", "bag", "1", "bag1.png", "bag"], ["street.png", "coat", "1", "coat1.png", "coat"]
    ]  # fmt: skip
    header = run("query", "street.png", "--index", "photos", "-k", 1, "--format", "csv").out.splitlines()[0]
    assert header.startswith("query,query_part,rank,path,part,distance")


def test_one_part_may_be_asked_for_and_whole_photos_too(run, shop):
    run("index", "photos", "-x", "histogram:bins=4", "--segment", "mask:folder=masks")
    coat = run(
        "query", "street.png", "--index", "photos", "--segment", "mask:folder=masks,coat", "-k", 2, "--format", "jsonl"
    )
    assert {row["query_part"] for row in rows_of(coat)} == {"coat"}
    assert {row["path"] for row in rows_of(coat)} == {"coat1.png", "coat2.png"}
    whole = run("query", "street.png", "--index", "photos", "--segment", "none", "--format", "jsonl")
    assert not any({"query_part", "part", "box"} & row.keys() for row in rows_of(whole))
    assert len(rows_of(whole)) == 4


def test_a_street_photo_asks_a_shelf_that_is_not_cut(run, shop, tmp_path):
    (tmp_path / "items.csv").write_text(
        "path,brand,price\nbag1.png,Kim,30000\ncoat1.png,Lee,50000\ncoat2.png,Lee,20000\n"
    )
    assert run("index", "photos", "-x", "histogram:bins=4", "--attributes", "items.csv").code == 0
    result = run(
        *("query", "street.png", "--index", "photos", "--segment", "mask:folder=masks,coat", "--background", "black"),
        *("--no-crop", "--where", "price < 40000", "-k", 10, "--grid", "result.png", "--format", "jsonl"),
    )
    assert result.code == 0
    assert [(row["path"], row["attributes"]["brand"]) for row in rows_of(result)] == [
        ("coat2.png", "Lee"), ("bag1.png", "Kim")
    ]  # fmt: skip
    assert (tmp_path / "result.png").stat().st_size > 1000


def test_a_catalogue_is_cleaned_by_what_is_measured(run, shop):
    run("index", "photos", "-x", "histogram:bins=4", "--segment", "mask:folder=masks,coat,bag")
    listed = run("list", "photos", "--where", "parts = 1 and area_share >= 0.1", "--format", "jsonl")
    assert [row["path"] for row in rows_of(listed)] == ["coat1.png", "coat2.png"]
    failures = run("failures", "photos")
    assert (failures.code, failures.out) == (0, "shoe1.png\tno part that mask was asked for on it\n")
    told = run("info", "photos", "--format", "json")
    assert json.loads(told.out)["segment"] == "mask: coat, bag, background mean, cropped"
    assert json.loads(told.out)["extractors"][0]["photos"] == 4
    strict = run("index", "photos", "--strict")
    assert strict.code == 2
    assert "1 photo without the part that is asked for" in strict.err


def test_what_cannot_be_asked_is_one_line(run, shop):
    run("index", "photos", "-x", "histogram:bins=4", "--segment", "mask:folder=masks,coat")
    for arguments, line in {
        ("--segment", "mask:folder=masks,cot"): "imgsim: unknown label of mask 'cot': did you mean coat?",
        ("--segment", "mask:folder=masks,shoe"): "imgsim: street.png: no shoe on it",
        ("--segment", "none", "--crop"): "imgsim: a background, or a crop, is of parts that are cut out: "
        "--segment NAME says what cuts them out",
        ("--min-probability", "0.5"): None,
    }.items():
        result = run("query", "street.png", "--index", "photos", *arguments)
        assert result.code == 2
        assert line is None or result.err.splitlines() == [line]
    for option in (["--together"], ["--rerank", "k_reciprocal"]):
        result = run("query", "street.png", "--index", "photos", *option)
        assert result.code == 2
        assert f"{option[0]} is for whole photos: add --segment none" in result.err


def test_a_photo_without_the_part_does_not_stop_the_next(run, shop):
    run("index", "photos", "-x", "histogram:bins=4", "--segment", "mask:folder=masks,coat")
    result = run("query", "photos/shoe1.png", "photos/coat1.png", "--format", "jsonl")
    assert result.code == 2
    assert result.err == "imgsim: photos/shoe1.png: no coat on it\n"
    assert [(row["query"], row["path"]) for row in rows_of(result)] == [("photos/coat1.png", "coat2.png")]


def test_grabcut_is_remembered(run, shop):
    assert run("index", "photos", "-x", "histogram:bins=4", "--segment", "grabcut", "--no-crop").code == 0
    draw(shop.parent, "bag2", "bag")
    result = run("index", "photos")
    assert (result.code, "1 added, 4 unchanged" in result.err) == (0, True)
    asked = run("query", "photos/bag2.png", "-k", 1, "--format", "jsonl")
    assert [(row["query_part"], row["part"], row["path"]) for row in rows_of(asked)] == [("thing", "thing", "bag1.png")]
