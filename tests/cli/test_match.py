"""`imgsim match`."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from imgsim.index.gallery_folders import CACHE
from imgsim.index.index import Index, open_index
from imgsim.index.update import update_index

EXTRACTOR = "histogram:bins=4"


def draw(path, seed, shade=0):
    """Draw a photo of a thing, a little darker or brighter than others of it."""
    coarse = np.random.default_rng(seed).integers(20, 200, (4, 4, 3)) + shade
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(coarse.astype(np.uint8)).resize((48, 36), PIL.Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def office(tmp_path, monkeypatch):
    """Two indexed folders: three lost things, of which two were found, the second on two photos; and two others."""
    for seed in range(3):
        draw(tmp_path / "lost" / f"l{seed}.png", seed)
    for seed in (1, 0, 7, 8):
        draw(tmp_path / "found" / f"f{seed}.png", seed, shade=3)
    draw(tmp_path / "found" / "f1 again.png", 1)
    for folder in ("lost", "found"):
        update_index(tmp_path / folder, extractors=[EXTRACTOR])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def describe(folder, described):
    with open_index(folder) as index, index.writing() as writer:
        for name, assignments in described.items():
            writer.edit([name], assignments)


def rows_of(result):
    return [tuple(line.split("\t")) for line in result.out.splitlines()]


def pairs_of(result):
    return [row[:2] for row in rows_of(result)]


def test_each_lost_thing_has_its_closest_first(run, office):
    result = run("match", "lost", "found", "-k", 1)
    assert result.code == 0
    first, second, third = rows_of(result)
    assert first[:3] == ("l0.png", "f0.png", "1")
    assert second == ("l1.png", "f1 again.png", "1", "0.0", "true")
    assert third[0] == "l2.png"
    assert first[4] == "true"


def test_no_photo_is_read(run, office):
    before = run("match", "lost", "found").out
    for folder in ("lost", "found"):
        for photo in (office / folder).glob("*.png"):
            photo.write_bytes(b"no picture any more")
    assert run("match", "lost", "found").out == before


def test_distances_are_those_of_a_query(run, office):
    asked = {row[2]: row[3] for row in rows_of(run("query", "lost/l0.png", "--index", "found"))}
    assert {row[1]: row[3] for row in rows_of(run("match", "lost", "found")) if row[0] == "l0.png"} == asked


def test_exchanged_sides_measure_the_same(run, office):
    there = {row[:2]: row[3] for row in rows_of(run("match", "lost", "found"))}
    back = {row[1::-1]: row[3] for row in rows_of(run("match", "found", "lost"))}
    assert len(there) == 15
    assert there == back


@pytest.mark.parametrize("metric", ["seuclidean", "mahalanobis", "centred_cosine"])
def test_the_found_sides_statistics_rule(run, office, metric):
    asked = {row[2]: float(row[3]) for row in rows_of(run("query", "lost/l0.png", "--index", "found", "-m", metric))}
    assert asked
    for _ in range(2):  # the second finds what the first kept
        there = {row[:2]: float(row[3]) for row in rows_of(run("match", "lost", "found", "-m", metric))}
        assert {found: there[lost, found] for lost, found in there if lost == "l0.png"} == pytest.approx(asked)
    back = {row[1::-1]: float(row[3]) for row in rows_of(run("match", "found", "lost", "-m", metric))}
    assert back != pytest.approx(there)
    own = run("query", "lost/l0.png", "--index", "lost", "-m", metric).out
    run("match", "lost", "found", "-m", metric)
    assert run("query", "lost/l0.png", "--index", "lost", "-m", metric).out == own


def test_the_order_in_which_sides_are_named_is_nothing(run, office):
    describe("found", {"f0.png": ["pile=lost"], "f1.png": ["pile=found"], "f8.png": ["pile=found"]})
    conditions = (["--lost", "pile = 'lost'"], ["--found", "pile = 'found'"])
    one = run("match", "--index", "found", *conditions[0], *conditions[1], "-m", "seuclidean")
    other = run("match", *conditions[1], "--index", "found", *conditions[0], "-m", "seuclidean")
    assert one.code == 0
    assert {row[0] for row in rows_of(one)} == {"f0.png"}
    assert {row[1] for row in rows_of(one)} == {"f1.png", "f8.png"}
    assert other.out == one.out


def test_things_of_several_photos_count_once(run, office):
    describe("found", {"f1.png": ["item=A"], "f1 again.png": ["item=A"], "f7.png": ["item=B"]})
    describe("lost", {"l1.png": ["item=R"], "l2.png": ["item=R"]})
    result = run("match", "lost", "found", "--thing", "item", "--show", "lost.item,found.item", "-k", 4)
    mine = [row for row in rows_of(result) if row[5] == "R"]
    assert mine[0][:4] == ("l1.png", "f1 again.png", "1", "0.0")
    assert [row[2] for row in mine] == ["1", "2", "3", "4"]
    assert sorted(row[6] for row in mine) == ["", "", "A", "B"]
    assert len(rows_of(result)) == 2 * 4


def test_a_photo_is_no_match_of_itself(run, office):
    result = run("match", "--index", "found", "--lost", "path like 'f1%'", "--found", "path like 'f%'")
    assert result.code == 0
    assert all(lost != found for lost, found in pairs_of(result))
    assert ("f1.png", "f1 again.png") in pairs_of(result)


def test_conditions_narrow_two_folders(run, office):
    result = run("match", "lost", "found", "--lost", "path = 'l0.png'", "--found", "path in ('f7.png', 'f8.png')")
    assert {row[0] for row in rows_of(result)} == {"l0.png"}
    assert sorted(row[1] for row in rows_of(result)) == ["f7.png", "f8.png"]


def test_one_to_one(run, office):
    result = run("match", "lost", "found", "--assign")
    given = [row[:2] for row in rows_of(result) if row[5] == "true"]
    assert len({lost for lost, _ in given}) == len({found for _, found in given}) == len(given) == 3
    assert ("l1.png", "f1 again.png") in given
    paths = run("match", "lost", "found", "--assign", "--format", "paths").out.splitlines()
    assert sorted(paths) == sorted(os.path.join("found", found) for _, found in given)


def test_thresholds(run, office):
    assert pairs_of(run("match", "lost", "found", "--max-distance", 0)) == [("l1.png", "f1 again.png")]
    nothing = run("match", "lost", "found", "--max-distance", 0, "--lost", "path = 'l2.png'")
    assert (nothing.code, nothing.out) == (1, "")
    outside = run("match", "lost", "found", "--max-distance", -1)
    assert outside.code == 2
    assert outside.err.startswith("imgsim: --max-distance -1: distances by hellinger are 0 to 1")
    uncalibrated = run("match", "lost", "found", "--min-probability", 0.5)
    assert uncalibrated.code == 2
    assert "run `imgsim calibrate" in uncalibrated.err


def test_probabilities_of_the_found_side(run, office):
    from imgsim.metrics.calibration import Calibration

    with open_index("found") as index, index.writing() as writer:
        writer.keep_calibration(index.distance(), Calibration("isotonic", (0.0, 0.5), (0.9, 0.1)))
    result = run("match", "lost", "found", "--format", "csv")
    header, *lines = result.out.splitlines()
    assert header == "lost,found,rank,distance,probability,mutual"
    assert "l1.png,f1 again.png,1,0.0,0.9,true" in lines
    assert pairs_of(run("match", "lost", "found", "--min-probability", 0.9)) == [("l1.png", "f1 again.png")]
    assert "probability" not in run("match", "found", "lost", "--format", "csv").out


def test_formats_say_the_same(run, office):
    describe("lost", {"l0.png": ["place=Line 2"]})
    describe("found", {"f0.png": ["place=Central", "width=5"]})
    options = ["match", "lost", "found", "-k", 1, "--show", "lost.place,found.place,found.photo.width"]
    rows = rows_of(run(*options))
    assert rows[0][5:] == ("Line 2", "Central", "48")
    document = json.loads(run(*options, "--format", "json").out)
    lines = [json.loads(line) for line in run(*options, "--format", "jsonl").out.splitlines()]
    assert document == lines
    assert lines[0]["lost.attributes"] == {"place": "Line 2"}
    assert lines[0]["found.attributes"] == {"place": "Central"}
    assert lines[0]["found.width"] == 48
    assert lines[0]["mutual"] is True
    assert run(*options, "--format", "csv").out.startswith(
        "lost,found,rank,distance,mutual,lost.place,found.place,found.width\n"
    )
    assert "Line 2" in run(*options, "--format", "table").out
    null = run("match", "lost", "found", "-k", 1, "-0").out.split("\0")
    assert null[:2] == ["found/f0.png", "found/f1 again.png"]


def test_photos_without_features_are_named(run, office):
    draw(office / "found" / "new.png", 9)
    update_index(office / "found", extractors=["phash"])
    with closing(sqlite3.connect(office / "found" / ".imgsim" / "index.sqlite")) as database, database:
        database.execute(
            "DELETE FROM features WHERE part_id = (SELECT parts.id FROM parts JOIN images ON images.id = image_id "
            "WHERE CAST(path AS TEXT) = 'new.png') AND extractor_id = 1"
        )
        database.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
    result = run("match", "lost", "found")
    assert result.code == 0
    assert "1 found photo without features, so not compared: new.png" in result.err
    assert "new.png" not in result.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lost"], "name two indexed folders, LOST FOUND"),
        ([], "in one index, --lost and --found say which photos are which"),
        (["--index", "found", "--lost", "has x"], "both are needed"),
        (["lost", "found", "--index", "found"], "--index is one index of both sides"),
        (["lost", "lost"], "lost and found are the same 3 photos: --lost and --found say which photos are which"),
        (["lost", "nowhere"], "nowhere"),
        (["lost", "found", "--lost", "path = 'x'"], "nothing is lost, no photo has path = 'x'"),
        (["lost", "found", "--found", "pathh = 'x'"], "unknown attribute 'pathh': did you mean path?"),
        (["lost", "found", "--show", "place"], "unknown attribute 'place': did you mean"),
        (["lost", "found", "--show", "lost.widht"], "did you mean lost.width?"),
        (["lost", "found", "--thing", "colour"], "unknown attribute 'colour': did you mean color?"),
        (["lost", "found", "-k", "0"], "0 is not in the range"),
        (["lost", "found", "-x", "phash"], "has no features of phash"),
        (["lost", "found", "-0", "--format", "csv"], "-0 writes paths"),
    ],
)
def test_bad_input_is_one_line(run, office, arguments, said):
    describe("found", {"f0.png": ["color=red"]})
    result = run("match", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err


def test_sides_indexed_differently_are_told_what_to_run(run, office):
    update_index(office / "found", extractors=["phash"])
    result = run("match", "lost", "found", "-x", "phash")
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert "no features of phash" in line
    assert line.endswith(f"`imgsim index {office / 'lost'} -x phash` adds them")
    assert run("index", "lost", "-x", "phash").code == 0
    assert run("match", "lost", "found", "-x", "phash").code == 0


def test_damaged_rows_are_told_and_left_out(run, office):
    with closing(sqlite3.connect(office / "lost" / ".imgsim" / "index.sqlite")) as database, database:
        database.execute(
            "UPDATE features SET checksum = checksum + 1 WHERE part_id = (SELECT min(part_id) FROM features)"
        )
        database.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
    result = run("match", "lost", "found")
    assert result.code == 2
    assert "l0.png: damaged in the index" in result.err
    assert "l0.png" not in result.out
    assert "l1.png" in result.out


def overwrite(folder, name, write):
    """Change an array of each of a side's cached galleries in place, as a disk may: nothing else tells of it."""
    galleries = list((Path(folder) / ".imgsim" / CACHE).glob("*-*"))
    assert galleries
    for gallery in galleries:
        array = np.lib.format.open_memmap(gallery / f"{name}.npy", mode="r+")
        write(array)
        array.flush()


def reverse(array):
    array[:] = array[::-1].copy()


@pytest.mark.parametrize("side", ["lost", "found"])
@pytest.mark.parametrize("name", ["rows", "parts", "photos"])
@pytest.mark.parametrize("metric", ["hellinger", "seuclidean"])
def test_bits_that_flip_in_the_cache_match_nothing(run, office, side, name, metric):
    options = ["match", "lost", "found", "-m", metric, "--assign"]
    right = run(*options)
    assert right.code == 0
    overwrite(side, name, reverse)
    assert run(*options) == right


@pytest.mark.parametrize("side", ["lost", "found"])
def test_a_cached_row_of_a_photo_that_has_none_matches_nothing(run, office, side):
    database = office / side / ".imgsim" / "index.sqlite"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM features WHERE part_id = (SELECT max(part_id) FROM features)")
        connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
    right = run("match", "lost", "found")
    assert "1 " + side + " photo without features" in right.err

    def claim(present):
        present[:] = True

    overwrite(side, "present", claim)
    assert run("match", "lost", "found")[:2] == right[:2]


def test_a_row_that_is_damaged_beneath_the_cache_is_told_and_left_out(run, office):
    before = run("match", "lost", "found")
    for side, path in (("lost", "l1.png"), ("found", "f0.png")):
        with closing(sqlite3.connect(office / side / ".imgsim" / "index.sqlite")) as database, database:
            where = "WHERE part_id = (SELECT parts.id FROM parts JOIN images ON image_id = images.id WHERE path = ?)"
            database.execute(f"UPDATE features SET checksum = checksum + 1 {where}", (path.encode(),))
    result = run("match", "lost", "found")
    kept = [row for row in rows_of(before) if row[0] != "l1.png" and row[1] != "f0.png"]
    assert [(*row[:2], row[3]) for row in rows_of(result)] == [(*row[:2], row[3]) for row in kept]
    assert result.code == 2
    assert "l1.png: damaged in the index" in result.err
    assert "f0.png: damaged in the index" in result.err


def test_fused_extractors_with_the_found_sides_medians(run, office):
    for folder in ("lost", "found"):
        update_index(office / folder, extractors=["phash"])
    options = ("-x", EXTRACTOR, "-x", "phash@2")
    asked = {row[2]: row[3] for row in rows_of(run("query", "lost/l0.png", "--index", "found", *options))}
    matched = {row[1]: row[3] for row in rows_of(run("match", "lost", "found", *options)) if row[0] == "l0.png"}
    assert matched == asked


def test_sides_stay_as_they_are(run, office):
    def content():
        with Index.open("lost") as lost, Index.open("found") as found:
            return lost.counts, found.counts

    before = content()
    run("match", "lost", "found", "--assign")
    assert content() == before


def test_conditions_on_both_sides_come_before_ranking(run, office):
    describe("lost", {f"l{seed}.png": ["kind=bag", "day=2026-05-10"] for seed in range(3)})
    describe("found", {"f7.png": ["kind=bag", "day=2026-05-09"], "f8.png": ["kind=bag", "day=2026-05-11"]})
    result = run("match", "lost", "found", "-k", 1, "--on", "found.kind = lost.kind and found.day >= lost.day")
    assert pairs_of(result) == [(f"l{seed}.png", "f8.png") for seed in range(3)]
    assert sum(row[4] == "true" for row in rows_of(result)) == 1
    later = run("match", "lost", "found", "--on", "found.day >= lost.day - 1 day", "--on", "found.kind = lost.kind")
    assert len(rows_of(later)) == 6
    nothing = run("match", "lost", "found", "--on", "found.day > lost.day + 2 weeks")
    assert (nothing.code, nothing.out) == (1, "")


def test_near_reads_a_table_of_places(run, office):
    describe("lost", {"l0.png": ["place=Line 2"]})
    describe("found", {"f0.png": ["place=Central"], "f7.png": ["place=Harbour"]})
    (office / "lines.csv").write_text("from,to\nCentral,Line 2\nLine 2,Airport\n")
    options = ["match", "lost", "found", "--on", "found.place near lost.place"]
    result = run(*options, "--near", "lines.csv")
    assert pairs_of(result) == [("l0.png", "f0.png")]
    assert "lines.csv: no photo has the place Airport" in result.err
    (office / "lines.csv").write_text("from\nCentral\n")
    assert "lines.csv: two columns are needed" in run(*options, "--near", "lines.csv").err
    (office / "lines.csv").write_text("from,to\nCentral,\n")
    assert "lines.csv: line 2 has no two places" in run(*options, "--near", "lines.csv").err
    assert run(*options, "--near", "nowhere.csv").code == 2
    assert "near needs a table" in run(*options).err
    assert "--near is for a condition" in run("match", "lost", "found", "--near", "lines.csv").err


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("found.kindd = lost.kind", "unknown attribute 'found.kindd': did you mean found.kind?"),
        ("found.kind = lost.day", "found.kind holds text, lost.day holds dates: = does not compare them"),
        ("kind = 'bag'", "say whose: lost.kind or found.kind"),
        ("found.kind = lost.kind; DROP TABLE images", "column 23 of the expression"),
    ],
)
def test_a_wrong_condition_is_one_line(run, office, expression, said):
    describe("lost", {"l0.png": ["kind=bag", "day=2026-05-10"]})
    describe("found", {"f0.png": ["kind=bag"]})
    result = run("match", "lost", "found", "--on", expression)
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert said in line
    assert run("match", "lost", "found").code == 0


@pytest.fixture
def shelves(tmp_path, monkeypatch):
    """Two indexed folders of some kinds of things: enough found ones for neighbours to say something."""
    rng = np.random.default_rng(5)
    for kind in range(4):
        for name in ("lost/l{}0", "lost/l{}1", *(f"found/f{{}}{number}" for number in range(5))):
            draw(tmp_path / f"{name.format(kind)}.png", kind, shade=rng.integers(-20, 56, (4, 4, 3)))
    for folder in ("lost", "found"):
        update_index(tmp_path / folder, extractors=["hog:cells=2", "histogram:bins=6"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


RERANKINGS = ["k_reciprocal:shortlist=8,k1=4,k2=2", "query_expansion:shortlist=8,k=2"]


def answers_of(result):
    """Give of each lost thing the found ones, with distance and by what they are ordered."""
    answers = {}
    for row in (json.loads(line) for line in result.out.splitlines()):
        numbers = [row["distance"], row.get("reranked")]
        answers.setdefault(row.get("lost", row.get("query")), []).append((row.get("found", row.get("path")), *numbers))
    return answers


def assert_alike(ours, theirs):
    assert [one[0] for one in ours] == [one[0] for one in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert mine[1] == other[1]
        assert mine[2] is None if other[2] is None else mine[2] == pytest.approx(other[2], rel=1e-5)


@pytest.mark.parametrize("text", RERANKINGS)
@pytest.mark.parametrize("fused", [False, True])
def test_what_is_reranked_is_as_a_query_reranks_it(run, shelves, text, fused):
    compared = ["-m", "cosine", "-x", "hog:cells=2", *(["-x", "histogram:bins=6@0.5"] if fused else [])]
    options = [*compared, "--format", "jsonl", "-k"]
    matched = answers_of(run("match", "lost", "found", *options, 12, "--rerank", text))
    assert len(matched) == 8
    for lost, answer in matched.items():
        asked = answers_of(run("query", f"lost/{lost}", "--index", "found", *options, 12, "--rerank", text))
        assert_alike(answer, asked[f"lost/{lost}"])
        assert [one[2] is not None for one in answer] == [True] * 8 + [False] * 4
    plain = answers_of(run("match", "lost", "found", *options, 12))
    assert any(plain[lost][place][0] != one[0] for lost, its in matched.items() for place, one in enumerate(its))
    cut = answers_of(run("match", "lost", "found", *options, 3, "--rerank", text))
    assert cut == {lost: answer[:3] for lost, answer in matched.items()}


@pytest.mark.parametrize("text", RERANKINGS)
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_what_is_reranked_is_what_the_conditions_allow(run, shelves, text, share):
    names = sorted(path.name for path in (shelves / "found").glob("*.png"))
    chosen = np.random.default_rng(3).permutation(names)[: round(share * len(names))]
    describe("found", {name: ["kind=bag"] for name in chosen})
    describe("lost", {"l00.png": ["kind=bag"], "l10.png": ["kind=bag"], "l31.png": ["kind=bag"]})
    options = ["-m", "cosine", "--rerank", text, "--format", "jsonl", "-k", 5]
    matched = answers_of(run("match", "lost", "found", *options, "--on", "found.kind = lost.kind"))
    assert sorted(matched) == ["l00.png", "l10.png", "l31.png"]
    narrowed = answers_of(run("match", "lost", "found", *options, "--found", "kind = 'bag'"))
    for lost, answer in matched.items():
        asked = answers_of(run("query", f"lost/{lost}", "--index", "found", *options, "--where", "kind = 'bag'"))
        assert_alike(answer, asked[f"lost/{lost}"])
        assert_alike(answer, narrowed[lost])


def test_in_one_index_what_is_reranked_is_without_the_photo_itself(run, shelves):
    options = ["--rerank", RERANKINGS[0], "--format", "jsonl", "-k", 4]
    matched = answers_of(run("match", "--index", "found", "--lost", "path like 'f0%'", "--found", "has path", *options))
    for lost, answer in matched.items():
        assert_alike(answer, answers_of(run("query", f"found/{lost}", "--index", "found", *options))[f"found/{lost}"])


def test_things_are_reranked_as_the_photos_that_show_them_best(run, shelves):
    """Of two photos that are the same, one thing is what one photo is."""
    options = ["--rerank", RERANKINGS[0], "-k", 3, "--format", "jsonl"]
    before = answers_of(run("match", "lost", "found", *options))
    described = {"lost": {}, "found": {}}
    for side, folder in described.items():
        for photo in sorted((shelves / side).glob("*.png")):
            (photo.with_name(f"twin {photo.name}")).write_bytes(photo.read_bytes())
            folder |= {photo.name: [f"thing={photo.name}"], f"twin {photo.name}": [f"thing={photo.name}"]}
        update_index(side)
        describe(side, folder)
    after = answers_of(run("match", "lost", "found", *options, "--thing", "thing"))
    assert list(after) == list(before)
    for lost, answer in after.items():
        assert_alike(answer, before[lost])


def test_thresholds_and_pairs_go_by_distance_whatever_the_order(run, shelves):
    options = ["match", "lost", "found", "--rerank", RERANKINGS[0], "-k", 5, "--format", "csv"]
    header, *lines = run(*options, "--assign").out.splitlines()
    assert header == "lost,found,rank,distance,reranked,mutual,assigned"
    rows = [line.split(",") for line in lines]
    assert [row[2] for row in rows] == ["1", "2", "3", "4", "5"] * 8
    for lost in {row[0] for row in rows}:
        values = [float(row[4]) for row in rows if row[0] == lost]
        assert values == sorted(values)
    given = [row for row in rows if row[6] == "true"]
    assert len({row[0] for row in given}) == len({row[1] for row in given}) == len(given) == 8
    distance = sorted(float(row[3]) for row in rows)[len(rows) // 2]
    near = [line.split(",") for line in run(*options, "--max-distance", distance).out.splitlines()[1:]]
    assert near == [row[:6] for row in rows if float(row[3]) <= distance]


def test_a_bit_that_flips_is_reranked_nowhere(run, shelves):
    options = ["match", "lost", "found", "--rerank", RERANKINGS[1], "-m", "cosine"]
    right = run(*options)
    overwrite("found", "rows", reverse)
    assert run(*options) == right


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rerank", "k_reciprocall"], "did you mean k_reciprocal"),
        (["--rerank", "k_reciprocal:k1=0"], "k1 is at least 1"),
        (["--rerank", "query_expansion", "-m", "euclidean"], "compared by cosine, not by euclidean"),
    ],
)
def test_a_reranking_that_does_not_fit_is_one_line(run, office, arguments, said):
    result = run("match", "lost", "found", *arguments)
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert said in line
