"""`imgsim query`: rows, formats, pipes and exit codes."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess

import PIL.Image
import pytest

from imgsim.index.index import open_index
from imgsim.index.index_writer import IndexWriter
from imgsim.index.update import update_index
from imgsim.metrics.calibration import Calibration
from tests.cli.conftest import IMGSIM
from tests.photos import draw_photo


def rows(text):
    return [json.loads(line) for line in text.splitlines()]


def test_jsonl_rows(run, shelf):
    result = run("query", "shelf/0.png", "--index", "shelf", "-k", 3, "--format", "jsonl")
    assert result.code == 0
    with open_index(shelf) as index:
        expected = index.search(shelf / "0.png", k=3)
    assert rows(result.out) == [
        {"query": "shelf/0.png", "rank": match.rank, "path": match.path, "distance": match.distance}
        for match in expected
    ]


def test_tsv_and_csv_hold_the_same_rows(run, shelf):
    options = ["query", "shelf/0.png", "shelf/1.png", "--index", "shelf", "-k", 2]
    as_jsonl = [list(map(str, row.values())) for row in rows(run(*options, "--format", "jsonl").out)]
    as_tsv = [line.split("\t") for line in run(*options).out.splitlines()]
    header, *as_csv = csv.reader(io.StringIO(run(*options, "--format", "csv").out))
    assert header == ["query", "rank", "path", "distance"]
    assert as_tsv == as_csv == as_jsonl


def test_a_calibrated_distance_adds_the_probability(run, shelf):
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        writer.keep_calibration(writer.distance(), Calibration("isotonic", (0.0, 1.0), (1.0, 0.0)))
    found = rows(run("query", "shelf/0.png", "--index", "shelf", "--format", "jsonl").out)
    assert [row["probability"] for row in found] == pytest.approx([1 - row["distance"] for row in found])
    header, *lines = run("query", "shelf/0.png", "--index", "shelf", "--format", "csv").out.splitlines()
    assert header == "query,rank,path,distance,probability"
    assert [float(line.split(",")[4]) for line in lines] == [row["probability"] for row in found]
    likely = run("query", "shelf/0.png", "--index", "shelf", "--min-probability", found[1]["probability"])
    assert len(likely.out.splitlines()) == 2
    assert run("query", "shelf/0.png", "--index", "shelf", "--min-probability", 1).code == 1
    assert "calibrated: histogram" in run("info", "shelf").out
    refused = run("query", "shelf/0.png", "--index", "shelf", "-x", "phash", "--min-probability", 0.5)
    assert refused.code == 2
    assert f"run `imgsim calibrate {shelf} -x phash`" in refused.err


def test_a_table_for_people(run, shelf):
    table = run("query", "shelf/0.png", "--index", "shelf", "-k", 2, "--format", "table").out.splitlines()
    assert table[0].split() == ["query", "rank", "path", "distance"]
    assert len(table) == 3


def test_paths_open_from_where_the_user_stands(run, shelf, monkeypatch):
    for place, start in (("..", "shelf"), ("shelf", ".")):
        monkeypatch.chdir(shelf.parent if place == ".." else shelf)
        found = run("query", os.path.join(start, "0.png"), "--index", start, "--format", "paths").out.splitlines()
        assert len(found) == 7
        assert all(os.path.exists(path) for path in found)


def test_without_index_the_one_that_must_be_meant_is_found(run, shelf, tmp_path, monkeypatch):
    draw_photo(tmp_path / "claim.png", 3)
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(shelf)
    upward_from_here = run("query", "0.png", "-k", 1)
    monkeypatch.chdir(tmp_path / "away")
    upward_from_the_photo = run("query", "../shelf/0.png", "-k", 1)
    assert upward_from_here.out.split("\t")[1:] == upward_from_the_photo.out.split("\t")[1:]
    monkeypatch.chdir(tmp_path)
    assert run("query", "claim.png", "-k", 1).out == "claim.png\t1\t3.png\t0.0\n"
    shutil.copytree(shelf, tmp_path / "other")
    several = run("query", "claim.png")
    assert several.code == 2
    assert "(other, shelf)" in several.err


def test_exit_codes(run, shelf):
    query = ["query", "shelf/0.png", "--index", "shelf"]
    assert run(*query).code == 0
    nothing = run(*query, "--max-distance", "0")
    assert (nothing.code, nothing.out, nothing.err) == (1, "", "")
    assert run(*query, "-x", "lbp").code == 2


def test_an_unreadable_query_is_said_and_the_others_answered(run, shelf):
    (shelf.parent / "bad.png").write_bytes(b"no picture")
    result = run("query", "shelf/0.png", "bad.png", "gone.png", "shelf/1.png", "--index", "shelf", "-k", 1)
    assert result.code == 2
    assert [line.split("\t")[0] for line in result.out.splitlines()] == ["shelf/0.png", "shelf/1.png"]
    assert result.err.splitlines() == [
        "imgsim: bad.png: not a picture that imgsim reads",
        "imgsim: gone.png: no such file",
    ]


def test_views_of_one_thing_give_one_ranking(run, shelf):
    (shelf.parent / "bad.png").write_bytes(b"no picture")
    options = ["--index", "shelf", "-k", 3, "--format", "jsonl", "--together"]
    result = run("query", "shelf/0.png", "shelf/1.png", *options)
    assert [row["query"] for row in rows(result.out)] == ["shelf/0.png"] * 3
    assert not {"0.png", "1.png"} & {row["path"] for row in rows(result.out)}
    partly = run("query", "bad.png", "shelf/0.png", "shelf/1.png", *options)
    assert partly.code == 2
    assert partly.out == result.out


def test_extractors_metrics_and_fusion_by_name(run, shelf):
    query = ["query", "shelf/0.png", "--index", "shelf", "--format", "jsonl"]
    answers = {
        options: run(*query, *options).out
        for options in [(), ("-x", "phash"), ("-m", "cosine"), ("-x", "phash@0.3", "-x", "histogram@0.7")]
    }
    assert len(set(answers.values())) == 4
    assert run(*query, "-x", "histogram:bins=4").out == answers[()]


def test_include_self(run, shelf):
    first = run("query", "shelf/3.png", "--index", "shelf", "--include-self", "-k", 1, "--format", "jsonl").out
    assert (json.loads(first)["path"], json.loads(first)["distance"]) == ("3.png", 0)


def test_stdin_brings_paths_or_one_picture(run, shelf):
    options = ["--index", "shelf", "-k", 1]
    named = run("query", "shelf/0.png", "shelf/1.png", *options).out
    for stdin in (b"shelf/0.png\nshelf/1.png\n", b"shelf/0.png\r\n\r\nshelf/1.png", b"shelf/0.png\0shelf/1.png\0"):
        assert run("query", "-", *options, stdin=stdin).out == named
    picture = run("query", "-", *options, "--include-self", stdin=(shelf / "1.png").read_bytes())
    assert picture.out == "-\t1\t1.png\t0.0\n"
    assert run("query", "-", *options, stdin=b"").code == 1


@pytest.mark.parametrize(
    "name", ["with space.png", "tab\there.png", "new\nline.png", "Regenschirm-빨강.png", b"\xff.png"]
)
def test_names_in_any_bytes_survive_a_pipe(shell, tmp_path, name):
    shelf = tmp_path / "shelf"
    for seed in range(3):
        draw_photo(shelf / f"{seed}.png", seed)
    path = os.path.join(os.fsencode(shelf), os.fsencode(name))
    draw_photo(shelf / "x.png", 0, (49, 37))
    os.rename(shelf / "x.png", path)
    update_index(shelf, extractors=["phash"])
    result = shell("imgsim query shelf/0.png -k 1 -0 --index shelf | xargs -0 -I@ cp @ found.png", tmp_path)
    assert result.returncode == 0, result.stderr
    with open(path, "rb") as original:
        assert (tmp_path / "found.png").read_bytes() == original.read()
    again = shell("find shelf -name '*.png' -print0 | imgsim query - -k 1 --index shelf --format jsonl", tmp_path)
    assert len(again.stdout.splitlines()) == 4
    by_line = shell("imgsim query shelf/0.png -k 1 --index shelf", tmp_path).stdout
    assert by_line.count(b"\n") == 1
    assert by_line.count(b"\t") == 3


def test_a_closed_pipe_is_silent(shell, shelf):
    line = "imgsim query shelf/*.png shelf/*.png --index shelf -k 7 | head -1; echo ${PIPESTATUS[0]}"
    result = shell(line, shelf.parent)
    assert result.stderr == b""
    assert len(result.stdout.splitlines()) == 2


@pytest.mark.parametrize("format_", ["tsv", "table", "jsonl"])
def test_where_nobody_reads_only_the_shell_hears_of_it(shell, shelf, format_):
    line = f"(imgsim query shelf/*.png --index shelf --format {format_}; echo $? >&2) | true"
    assert shell(line, shelf.parent).stderr == b"141\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")
@pytest.mark.parametrize("format_", ["tsv", "table", "jsonl"])
def test_a_full_disk_is_one_line(shell, shelf, format_):
    result = shell(f"imgsim query shelf/0.png --index shelf --format {format_} > /dev/full", shelf.parent)
    assert result.returncode == 2
    assert result.stderr == b"imgsim: standard output: cannot be written (No space left on device)\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")
@pytest.mark.parametrize("away", ["2>/dev/full", "2>&-"])
def test_an_answer_is_not_lost_with_what_nobody_hears(shell, shelf, away):
    answer = shell(f"imgsim query shelf/0.png --index shelf {away}", shelf.parent)
    assert answer.returncode == 0
    assert answer.stdout.count(b"\n") == 7
    assert shell(f"imgsim index shelf {away}", shelf.parent).returncode == 0
    assert shell(f"imgsim query none.png --index shelf {away}", shelf.parent).returncode == 2


@pytest.mark.parametrize("option", ["--min-probability", "--max-distance", "--max-megapixels"])
def test_nan_is_no_number(run, shelf, option):
    result = run("query", "shelf/0.png", "--index", "shelf", option, "nan")
    assert result.code == 2
    assert "'nan' is not a number." in result.err


def test_answers_come_as_queries_go_in(shelf):
    command = [*IMGSIM, "query", "-", "--index", "shelf", "-k", "1", "--format", "paths"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    signal.alarm(60)  # a deadlock fails the test instead of hanging it
    for _ in range(2):
        process.stdin.write(b"shelf/0.png\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"shelf/")
    process.stdin.close()
    assert process.wait() == 0
    process.stdout.close()
    signal.alarm(0)


def test_the_grid_shows_a_row_for_each_query(run, shelf):
    result = run("query", "shelf/0.png", "shelf/1.png", "--index", "shelf", "-k", 3, "--grid", "grid.png")
    assert result.code == 0
    with PIL.Image.open("grid.png") as grid:
        wide, high = grid.size
    run("query", "shelf/0.png", "--index", "shelf", "-k", 3, "--grid", "one.png")
    with PIL.Image.open("one.png") as one:
        assert one.size[0] == wide
        assert high > 1.7 * one.size[1]
    refused = run("query", "shelf/0.png", "--index", "shelf", "--grid", "nowhere/grid.png")
    assert refused.code == 2
    assert "nowhere/grid.png" in refused.err


def test_a_grid_of_nothing_leaves_the_old_picture(run, shelf):
    run("query", "shelf/0.png", "--index", "shelf", "--grid", "grid.png")
    before = (shelf.parent / "grid.png").read_bytes()
    assert run("query", "gone.png", "--index", "shelf", "--grid", "grid.png").code == 2
    assert (shelf.parent / "grid.png").read_bytes() == before


def test_a_large_query_is_refused(run, shelf):
    result = run("query", "shelf/0.png", "--index", "shelf", "--max-megapixels", "0.001")
    assert result.code == 2
    assert "over the limit" in result.err


def test_colours_of_a_query_are_drawn_over_those_of_its_matches(run, shelf):
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    result = run("query", "shelf/0.png", "--index", "shelf", "-k", 3, "--plot", "colours.svg")
    assert result.code == 0
    assert result.err == "drew colours.svg\n"
    drawn = (shelf.parent / "colours.svg").read_text()
    matches = [line.split("\t") for line in result.out.splitlines()]
    names = ["query: shelf/0.png", *(f"{rank}: {path}" for _, rank, path, _ in matches)]
    assert len(names) == 4
    assert all(name in drawn for name in names)


def test_a_plot_that_cannot_be_drawn_is_refused_first(run, shelf):
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    for options, message in (
        (["shelf/0.png", "--plot", "colours.jpg"], ".png or .svg"),
        (["shelf/0.png", "shelf/1.png", "--plot", "colours.png"], "one query"),
    ):
        result = run("query", *options, "--index", "shelf")
        assert (result.code, result.out) == (2, "")
        assert message in result.err


@pytest.mark.parametrize("name", ["k_reciprocal:k1=3,k2=2,weight=0.2,shortlist=5", "query_expansion:k=2,shortlist=5"])
def test_reranking_reorders_the_shortlist_alone(run, shelf, name):
    options = ["query", "shelf/0.png", "--index", "shelf", "-m", "cosine", "--format", "jsonl"]
    plain, other = rows(run(*options).out), rows(run(*options, "--rerank", name).out)
    assert len(plain) == len(other) == 7
    assert [row["rank"] for row in other] == list(range(1, 8))
    assert {row["path"] for row in other[:5]} == {row["path"] for row in plain[:5]}
    values = [row["reranked"] for row in other[:5]]
    assert values == sorted(values)
    assert other[5:] == plain[5:]
    distances = {row["path"]: row["distance"] for row in plain}
    assert all(row["distance"] == distances[row["path"]] for row in other)
    assert rows(run(*options, "--rerank", name, "-k", 2).out) == other[:2]
    header = run(*options[:-1], "csv", "--rerank", name).out.splitlines()[0]
    assert header == "query,rank,path,distance,reranked"


def test_reranking_looks_only_at_what_may_be_found(run, shelf):
    for number in range(1, 6):
        assert run("set", f"shelf/{number}.png", "kind=bag").code == 0
    answer = run(
        *["query", "shelf/0.png", "--index", "shelf", "--where", "kind = 'bag'", "--format", "jsonl"],
        *["--rerank", "k_reciprocal:k1=2,k2=1"],
    )
    assert sorted(row["path"] for row in rows(answer.out)) == [f"{number}.png" for number in range(1, 6)]
    nothing = run("query", "shelf/0.png", "--index", "shelf", "--where", "kind = 'hat'", "--rerank", "k_reciprocal")
    assert nothing.code == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--rerank", "k_reciprocl"], "did you mean k_reciprocal?"),
        (["--rerank", "k_reciprocal:k1=0"], "k1 is at least 1"),
        (["--rerank", "query_expansion", "-m", "euclidean"], "compared by cosine, not by euclidean"),
    ],
)
def test_rerankings_that_do_not_fit(run, shelf, options, says):
    result = run("query", "shelf/0.png", "--index", "shelf", *options)
    assert (result.code, result.out) == (2, "")
    assert says in result.err
    assert result.err.count("\n") == 1


def test_what_is_shown_is_drawn_in_the_grid(run, shelf):
    assert run("set", "shelf/3.png", "price=12.5", "kind=bag", "found=true").code == 0
    query = ["query", "shelf/0.png", "--index", "shelf", "-m", "cosine", "--where", "has price", "--grid"]
    sizes = {}
    for name, options in {
        "plain": [],
        "one": ["--show", "kind"],
        "three": ["--show", "price,similarity,found"],
        "paths": ["--show", "kind", "--format", "paths"],
        "jsonl": ["--show", "kind", "--format", "jsonl"],
    }.items():
        assert run(*query, f"{name}.png", *options).code == 0
        with PIL.Image.open(f"{name}.png") as grid:
            sizes[name] = grid.size[1]
    line = sizes["one"] - sizes["plain"]
    assert 10 < line < 30
    assert sizes["three"] == sizes["plain"] + 3 * line
    assert sizes["one"] == sizes["paths"] == sizes["jsonl"]
    refused = run(*query, "grid.png", "--show", "prize")
    assert (refused.code, os.path.exists("grid.png")) == (2, False)
    assert "did you mean price?" in refused.err


def test_what_is_shown_in_a_grid_is_short_and_plain(monkeypatch, run, shelf):
    from imgsim.images import draw

    rows = []
    monkeypatch.setattr(draw, "draw_grid", lambda drawn, **_: rows.extend(drawn) or draw.np.zeros((1, 1, 3), "uint8"))
    assert run("set", "shelf/3.png", "price=12.5", "kind=큰 가방", "found=true", "rank=2").code == 0
    options = ["--show", "kind,similarity,width,price,found,rank", "-m", "cosine", "--grid", "grid.png"]
    found = run("query", "shelf/0.png", "--index", "shelf", *options, "--format", "jsonl").out
    distances = {row["path"]: row["distance"] for row in map(json.loads, found.splitlines())}
    (query, *cells) = rows[0]
    assert list(query.details) == []
    details = {cell.note: list(cell.details) for cell in cells}
    similarity = f"similarity: {1 - distances['3.png']:.4f}".rstrip("0")
    assert details["3.png"] == [
        *(similarity, "kind: 큰 가방", "width: 48", "price: 12.5", "found: true", "attributes.rank: 2")
    ]
    assert details["1.png"][1:] == ["", "width: 48", "", "", ""]
