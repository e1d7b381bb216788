"""json is one document and jsonl an object a line, wherever data are written; -j is how many jobs."""

import json

import click
import numpy as np
import pytest

from imgsim.cli.group import COMMANDS, imgsim
from imgsim.index.index_writer import IndexWriter

WITHOUT_DATA = {  # on stdout: they write files, say what they did, or draw in the terminal
    *("color train", "completion", "models export", "models import", "models pull", "models remove", "models whiten"),
    *("set", "show", "pair confirm", "pair reject", "pair forget", "pair import", "train linear"),
}


def commands(group=imgsim, before=""):
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name, command


ALL = list(commands())


def option(command, name):
    return next((one for one in command.params if name in one.opts), None)


@pytest.mark.parametrize(("name", "command"), ALL)
def test_whatever_writes_data_writes_json_and_jsonl(name, command):
    format_ = option(command, "--format")
    assert (format_ is None) == (name in WITHOUT_DATA)
    assert format_ is None or {"json", "jsonl"} <= set(format_.type.choices)


@pytest.mark.parametrize(("name", "command"), ALL)
def test_the_letter_for_jobs_is_the_same_everywhere(name, command):
    assert option(command, "-j") is option(command, "--jobs")
    assert len(ALL) > len(list(COMMANDS))


@pytest.fixture
def described(shelf):
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        writer.set_attributes("0.png", ["price=3"])
    return shelf


@pytest.mark.parametrize(
    "line",
    [
        "query shelf/0.png shelf/1.png -k 2",
        "list --index shelf",
        "list --index shelf --where price=3 --show price",
        "extract shelf/0.png shelf/1.png -x phash -x lbp",
        "distances shelf/0.png shelf/1.png -x phash",
        "extractors",
        "extractors hog",
        "metrics",
        "stats shelf/0.png",
        "stats shelf --pooled --bins 4",
        "color name 255,0,0 0,0,0",
        "color label shelf/0.png",
        "models list",
        "evaluate shelf -x phash -x lbp --labels classes.csv:kind --retrieval-only -j 1",
    ],
)
def test_json_is_a_list_of_what_jsonl_has_in_lines(run, described, line):
    (described.parent / "classes.csv").write_text(
        "".join(["file,kind\n", *(f"{place}.png,{place % 2}\n" for place in range(8))])
    )
    lines, document = (run(*line.split(), "--format", kind) for kind in ("jsonl", "json"))
    assert (lines.code, document.code) == (0, 0)
    rows = [json.loads(row) for row in lines.out.splitlines()]
    written = json.loads(document.out)
    assert rows
    assert all(isinstance(row, dict) for row in rows)
    assert written == rows


def test_a_recommendation_is_written_in_both(run, described):
    (described.parent / "classes.csv").write_text(
        "".join(["file,kind\n", *(f"{place}.png,{place % 2}\n" for place in range(8))])
    )
    asked = [
        "recommend",
        "shelf",
        "-x",
        "phash",
        "-x",
        "lbp",
        "--labels",
        "classes.csv:kind",
        "--time",
        "1s",
        "--format",
    ]
    rows = [json.loads(row) for row in run(*asked, "jsonl").out.splitlines()]
    written = json.loads(run(*asked, "json").out)  # of another trial, in which another may be the best
    assert {"phash", "lbp"} <= {row["extractor"] for row in rows}
    assert {"phash", "lbp"} <= {row["extractor"] for row in written}


@pytest.mark.parametrize(
    "line", ["info shelf", "index shelf", "models show efficientnet_lite0", "calibrate shelf --labels classes.csv:kind"]
)
def test_one_object_is_the_same_line_in_both(run, described, line):
    (described.parent / "classes.csv").write_text(
        "".join(["file,kind\n", *(f"{place}.png,{place % 2}\n" for place in range(8))])
    )
    lines, document = (run(*line.split(), "--format", kind) for kind in ("jsonl", "json"))
    assert lines.code == document.code == 0
    assert document.out.count("\n") == lines.out.count("\n") == 1
    assert json.loads(document.out).keys() == json.loads(lines.out).keys()


def test_nothing_found_is_an_empty_list(run, described):
    found = run("query", "shelf/0.png", "--where", "price > 9", "--format", "json")
    assert (found.code, json.loads(found.out)) == (1, [])
    found = run("list", "--index", "shelf", "--where", "price > 9", "--format", "json")
    assert (found.code, json.loads(found.out)) == (1, [])
    assert run("failures", "shelf", "--format", "json").out == "[]\n"


def test_photos_that_cannot_be_read_leave_a_whole_document(run, described):
    (described / "bad.png").write_bytes(b"no picture")
    written = run("extract", "shelf/0.png", "shelf/bad.png", "-x", "phash", "--format", "json")
    assert written.code == 2
    assert [row["path"] for row in json.loads(written.out)] == ["shelf/0.png"]
    written = run("distances", "shelf/0.png", "shelf/bad.png", "-x", "phash", "--format", "json")
    assert written.code == 2
    assert [row["distances"] for row in json.loads(written.out)] == [[0.0, None], [None, None]]


def test_an_error_leaves_no_document(run, described):
    refused = run("list", "--index", "shelf", "--where", "price <", "--format", "json")
    assert (refused.code, refused.out) == (2, "")


def test_distances_are_those_of_the_matrix(run, described):
    asked = ("distances", "shelf/0.png", "shelf/1.png", "-x", "lbp")
    rows = json.loads(run(*asked, "--format", "json").out)
    table = [line.split("\t")[1:] for line in run(*asked).out.splitlines()]
    np.testing.assert_array_equal([row["distances"] for row in rows], np.array(table[1:], float))
