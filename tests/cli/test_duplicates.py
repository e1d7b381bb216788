"""`imgsim duplicates`."""

import json
import os
import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from imgsim.index.index import open_index

HOUR = 3_600_000_000_000  # ns


def draw_blotches(path, seed):
    """Draw what is no more like its mirror image than like any other photo."""
    grid = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    Image.fromarray(grid).resize((96, 72), Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def pile(tmp_path, monkeypatch):
    """A folder of four photos, of which one has three copies: of the same bytes, smaller, and mirrored and turned."""
    folder = tmp_path / "pile"
    folder.mkdir()
    for seed in range(4):
        draw_blotches(folder / f"photo {seed}.png", seed)
    (folder / "deep").mkdir()
    shutil.copyfile(folder / "photo 0.png", folder / "deep" / "copy.png")
    with Image.open(folder / "photo 0.png") as photo:
        photo.resize((192, 144), Image.Resampling.LANCZOS).save(folder / "large.jpg", quality=90)
        photo.transpose(Image.Transpose.ROTATE_90).save(folder / "turned.png")
        photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "mirrored.png")
    monkeypatch.chdir(folder.parent)
    return folder


def rows_of(result):
    return [tuple(line.split("\t")) for line in result.out.splitlines()]


def test_groups_say_what_to_keep(run, pile):
    result = run("duplicates", pile.name)
    assert result.code == 0
    kept, *others = rows_of(result)
    assert kept == ("1", "true", "large.jpg", "0.0")
    assert [row[:3] for row in others] == [("1", "false", "deep/copy.png"), ("1", "false", "photo 0.png")]
    assert all(0 <= float(row[3]) <= 6 / 64 for row in others)


def test_other_formats_say_the_same(run, pile):
    expected = rows_of(run("duplicates", pile.name))
    document = json.loads(run("duplicates", "--index", pile.name, "--format", "json").out)
    lines = [json.loads(line) for line in run("duplicates", pile.name, "--format", "jsonl").out.splitlines()]
    assert document == lines
    assert [tuple(json.dumps(value).strip('"') for value in row.values()) for row in lines] == expected
    assert run("duplicates", pile.name, "--format", "csv").out.splitlines()[0] == "group,keep,path,distance"


def test_exact_compares_bytes_alone(run, pile):
    assert rows_of(run("duplicates", pile.name, "--exact")) == [
        ("1", "true", "deep/copy.png", "0.0"),
        ("1", "false", "photo 0.png", "0.0"),
    ]
    refused = run("duplicates", pile.name, "--exact", "--flips")
    assert refused.code == 2
    assert "--flips is about comparing photos, and --exact compares bytes" in refused.err


@pytest.mark.parametrize(
    ("options", "found"), [(["--flips"], {"mirrored.png"}), (["--turns"], {"turned.png"}), (["--flips", "--turns"], 2)]
)
def test_photos_are_seen_mirrored_and_turned(run, pile, options, found):
    paths = {row[2] for row in rows_of(run("duplicates", pile.name, *options))}
    whole = {"large.jpg", "deep/copy.png", "photo 0.png"}
    assert paths == whole | ({"mirrored.png", "turned.png"} if found == 2 else found)


@pytest.mark.parametrize(
    ("keep", "kept"), [("largest", "large.jpg"), ("oldest", "photo 0.png"), ("newest", "large.jpg"), ("path", None)]
)
def test_rules_of_what_to_keep(run, pile, keep, kept):
    os.utime(pile / "photo 0.png", ns=(HOUR, HOUR))
    os.utime(pile / "deep" / "copy.png", ns=(2 * HOUR, 2 * HOUR))
    rows = rows_of(run("duplicates", pile.name, "--keep", keep))
    assert [row[2] for row in rows if row[1] == "true"] == [kept or "deep/copy.png"]


def test_paths_of_what_may_go_reach_a_shell(run, shell, pile):
    before = sorted(path.name for path in pile.rglob("*.*") if ".imgsim" not in path.parts)
    done = shell("imgsim duplicates -0 .. | xargs -0 rm -v", cwd=pile / "deep")
    assert done.returncode == 0, done.stderr
    after = sorted(path.name for path in pile.rglob("*.*") if ".imgsim" not in path.parts)
    assert set(before) - set(after) == {"copy.png", "photo 0.png"}
    nothing = run("duplicates", pile.name)
    assert (nothing.code, nothing.out) == (1, "")
    assert "no duplicates" in nothing.err


def test_a_second_run_measures_new_photos_only_and_lists_no_missing_ones(run, pile):
    assert "8 photos added" in run("duplicates", pile.name, "-v").err
    draw_blotches(pile / "new.png", 3)
    (pile / "deep" / "copy.png").unlink()
    result = run("duplicates", pile.name, "-v")
    assert "1 photos added" in result.err
    assert [row[:3] for row in rows_of(result)] == [
        ("1", "true", "large.jpg"),
        ("1", "false", "photo 0.png"),
        ("2", "true", "new.png"),
        ("2", "false", "photo 3.png"),
    ]


def test_where_narrows_what_is_compared(run, pile):
    run("duplicates", pile.name)
    run("set", pile / "photo 0.png", "place=A")
    run("set", pile / "large.jpg", "place=A")
    rows = rows_of(run("duplicates", pile.name, "--where", "place = 'A'"))
    assert [row[2] for row in rows] == ["large.jpg", "photo 0.png"]


def test_other_extractors_need_a_distance(run, pile):
    refused = run("duplicates", pile.name, "-x", "histogram")
    assert refused.code == 2
    assert "near-duplicates by histogram: say it by --max-distance" in refused.err
    assert not (pile / ".imgsim").exists()
    rows = rows_of(run("duplicates", pile.name, "-x", "histogram", "--max-distance", "0.001"))
    assert {"mirrored.png", "turned.png", "deep/copy.png", "photo 0.png"} <= {row[2] for row in rows}


def test_fused_distances_and_distances_that_need_statistics(run, pile):
    fused = ["-x", "phash@0.5", "-x", "histogram@0.5", "--max-distance", "0.05"]
    assert ("deep/copy.png", "0.0") in {row[2:] for row in rows_of(run("duplicates", pile.name, *fused))}
    run("duplicates", pile.name, "-x", "haralick", "--max-distance", "0.5")
    rows = rows_of(run("duplicates", "--index", pile.name, "-x", "haralick", "--max-distance", "0.5"))
    with open_index(pile) as index, index.snapshot():
        (term,) = index.distance(["haralick"]).terms()
        paths = index.paths
        for number, keep, path, distance in rows:
            kept = next(row[2] for row in rows if row[0] == number and row[1] == "true")
            pair = [term.gallery.rows[paths.index(name)] for name in (kept, path)]
            expected = 0.0 if keep == "true" else term.metric.exact(pair[0], np.array([pair[1]]))[0]
            assert float(distance) == pytest.approx(expected)


def test_a_photo_that_is_gone_is_seen_as_it_was(run, pile):
    run("duplicates", pile.name)
    (pile / "mirrored.png").unlink()
    result = run("duplicates", "--index", pile.name, "--flips")
    assert result.code == 0
    assert "mirrored.png" in result.err


@pytest.mark.parametrize(
    "arguments",
    [["--max-distance", "nan"], ["--keep", "best"], ["-0", "--format", "csv"], ["-m", "cosin"], ["-x", "fash"]],
)
def test_bad_input_is_refused(run, pile, arguments):
    result = run("duplicates", pile.name, "--max-distance", "0.1", *arguments)
    assert result.code == 2
    assert result.out == ""


def test_an_index_without_phash_says_how_to_add_it(run, shelf):
    run("index", shelf.name, "--drop", "phash")
    result = run("duplicates", "--index", shelf.name)
    assert result.code == 2
    assert "has no features of phash" in result.err


def test_photos_without_the_features_are_told(run, pile):
    run("duplicates", pile.name)
    with closing(sqlite3.connect(pile / ".imgsim" / "index.sqlite")) as database, database:
        database.execute(
            "DELETE FROM features WHERE part_id IN"
            " (SELECT parts.id FROM parts JOIN images ON image_id = images.id WHERE path = CAST('large.jpg' AS BLOB))"
        )
        database.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
    result = run("duplicates", "--index", pile.name)
    assert "1 photo without features of phash, so compared by bytes alone" in result.err
    assert [row[2] for row in rows_of(result)] == ["deep/copy.png", "photo 0.png"]
    assert "large.jpg" in run("duplicates", pile.name).out  # the folder is brought up to date first


def test_bits_and_ranges(run, pile):
    expected = rows_of(run("duplicates", pile.name))
    assert rows_of(run("duplicates", pile.name, "--max-distance", "6b")) == expected
    result = run("duplicates", pile.name, "--max-distance", 6)
    assert (result.code, result.out) == (2, "")
    assert "--max-distance 6: distances by hamming are 0 to 1" in result.err


def test_a_new_index_is_said_to_compare_by_hashes(run, pile):
    assert "queries of its new index compare by phash" in run("duplicates", pile.name).err
    assert "new index" not in run("duplicates", pile.name).err


def test_a_row_that_is_damaged_is_named_and_counts_for_nothing(run, pile):
    run("duplicates", pile.name)
    with closing(sqlite3.connect(pile / ".imgsim" / "index.sqlite")) as database, database:
        part = "(SELECT parts.id FROM parts JOIN images ON image_id = images.id WHERE path = ?)"
        twin = "(SELECT parts.id FROM parts JOIN images ON image_id = images.id WHERE path = ?)"
        vector = f"(SELECT vector FROM features WHERE part_id = {twin})"
        changed = f"UPDATE features SET vector = {vector} WHERE part_id = {part}"
        assert database.execute(changed, (b"photo 2.png", b"photo 1.png")).rowcount == 1
    result = run("duplicates", pile.name)
    assert "photo 1.png: damaged in the index, features by phash" in result.err
    assert "photo 1.png" not in result.out
    assert "large.jpg" in result.out


def test_a_cache_that_was_changed_misleads_nobody(run, pile):
    expected = rows_of(run("duplicates", pile.name))
    run("query", pile / "photo 1.png", "--index", pile.name)
    rows = [path for path in (pile / ".imgsim" / "cache").rglob("*") if path.is_file() and "rows" in path.name]
    assert rows
    for path in rows:
        content = bytearray(path.read_bytes())
        path.write_bytes(content[:-64] + bytes(64))
    assert rows_of(run("duplicates", pile.name)) == expected


def test_rows_from_a_file_cannot_be_seen_turned(run, pile):
    run("index", pile.name, "-x", "phash")
    np.save(pile.parent / "x.npy", np.eye(8, dtype=np.float32))
    names = sorted(str(path.relative_to(pile)) for path in pile.rglob("*.*g") if ".imgsim" not in path.parts)
    (pile.parent / "names.txt").write_text("\n".join(names) + "\n")
    assert run("index", pile.name, "--features", "mine=x.npy", "--paths", "names.txt").code == 0
    result = run("duplicates", pile.name, "-x", "external:mine", "--max-distance", "0.1", "--flips")
    assert (result.code, result.out) == (2, "")
    assert "external:mine: its rows come from a file" in result.err
