"""`imgsim match` goes by what people decided, and with --new by what it said before."""

import json
import os
import shutil
import threading
from pathlib import Path

import pytest

from imgsim.errors import IndexWriteError
from imgsim.index.index import open_index
from imgsim.index.sqlite.sqlite_store import SqliteStore
from tests.photos import draw_photo

BOTH = ("match", "lost", "found")
NEW = (*BOTH, "--new")
NOTHING = (1, "", "imgsim: nothing new\n")
FORMAT4 = Path(__file__).parents[1] / "fixtures" / "format4"


def pairs_of(result):
    return [tuple(line.split("\t")[:2]) for line in result.out.splitlines()]


def kept(folder="found", state="said"):
    with open_index(folder) as index:
        return [(pair.lost_path, pair.found_path) for pair in index.pairs() if pair.state == state]


def describe(folder, described):
    with open_index(folder) as index, index.writing() as writer:
        for name, assignments in described.items():
            writer.edit([name], assignments)


def test_the_second_run_says_nothing_and_a_new_photo_is_news(run, piles):
    first = run(*NEW)
    assert (first.code, first.err) == (0, "")
    assert first.out == run(*BOTH).out
    assert sorted(pairs_of(first)) == kept()
    assert run(*NEW) == NOTHING
    draw_photo(piles / "found" / "f3.png", 13)
    run("index", "found")
    again = run(*NEW)
    assert pairs_of(again) == [("l0.png", "f3.png"), ("l1.png", "f3.png")]
    assert again.out.splitlines() == [row for row in run(*BOTH).out.splitlines() if "f3.png" in row]
    assert run(*NEW) == NOTHING
    assert len(pairs_of(run(*BOTH))) == 8


def test_whatever_k_the_second_run_says_nothing_and_ranks_are_those_of_all(run, piles):
    everything = run(*BOTH, "--assign").out.splitlines()
    for k in ("1", "2"):
        expected = [row for row in run(*BOTH, "-k", k).out.splitlines() if row.split("\t")[2] == k]
        assert run(*NEW, "-k", k).out.splitlines() == expected
        assert run(*NEW, "-k", k) == NOTHING
    rest = run(*NEW, "--assign").out.splitlines()
    assert rest == [row for row in everything if row.split("\t")[2] == "3"]


def test_plain_match_keeps_nothing(run, piles):
    before = (piles / "found" / ".imgsim" / "index.sqlite").read_bytes()
    run(*BOTH)
    assert kept() == []
    assert (piles / "found" / ".imgsim" / "index.sqlite").read_bytes() == before


def test_saying_leaves_the_generation_alone(run, piles):
    with open_index("found") as index:
        before = index.counts
    run(*NEW)
    with open_index("found") as index:
        assert index.counts == before
    assert kept("lost") == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")
@pytest.mark.parametrize("format_", ["tsv", "csv", "json", "jsonl", "paths", "table"])
def test_what_a_full_disk_did_not_take_was_not_said(run, shell, piles, format_):
    result = shell(f"imgsim match lost found --new --format {format_} > /dev/full", piles)
    assert result.returncode == 2
    assert result.stderr.decode() == "imgsim: standard output: cannot be written (No space left on device)\n"
    assert kept() == []
    assert len(pairs_of(run(*NEW))) == 6


def test_a_document_without_its_end_was_not_said(run, piles, monkeypatch):
    from imgsim.cli import output

    write = output.write_text

    def refuse(text, **how):
        if text.endswith("]\n"):
            raise BrokenPipeError
        write(text, **how)

    with monkeypatch.context() as broken:
        broken.setattr("imgsim.cli.output.write_text", refuse)
        broken.setattr("imgsim.cli.group.discard", lambda stream: None)
        assert run(*NEW, "--format", "json").code == 141
    assert kept() == []
    assert len(json.loads(run(*NEW, "--format", "json").out)) == 6
    assert len(kept()) == 6


def test_what_a_closed_pipe_did_not_take_was_not_said(shell, piles):
    result = shell("(sleep 3; imgsim match lost found --new) | true; exit ${PIPESTATUS[0]}", piles)
    assert (result.returncode, result.stderr) == (141, b"")
    assert kept() == []
    closed = shell("imgsim match lost found --new >&-", piles)
    assert closed.returncode == 2
    assert kept() == []


@pytest.mark.parametrize("how", [["--format", "paths"], ["-0"], ["--format", "jsonl"], ["--format", "table"]])
def test_whatever_is_written_counts(run, piles, how):
    assert run(*NEW, "-k", "1", *how).code == 0
    assert kept() == sorted(pairs_of(run(*BOTH, "-k", "1")))


def test_of_paths_that_are_assigned_those_were_said(run, piles):
    assigned = [tuple(row.split("\t")[:2]) for row in run(*BOTH, "--assign").out.splitlines() if row.endswith("true")]
    result = run(*NEW, "--assign", "--format", "paths")
    assert len(result.out.splitlines()) == len(assigned) == 2
    assert kept() == sorted(assigned)


def test_a_rejected_pair_never_comes(run, piles):
    best = pairs_of(run(*BOTH, "-k", "1"))[0]
    second = pairs_of(run(*BOTH, "-k", "2"))[1]
    run("pair", "reject", f"lost/{best[0]}", f"found/{best[1]}")
    for asked in (BOTH, NEW):
        result = run(*asked, "-k", "1")
        assert result.code == 0
        assert pairs_of(result)[0] == second
        assert result.err == "imgsim: left out, see `imgsim pairs`: 1 rejected pair\n"
    run("pair", "forget", f"lost/{best[0]}", f"found/{best[1]}")
    assert pairs_of(run(*NEW, "-k", "1")) == [best]


def test_a_confirmed_pair_closes_both_things(run, piles):
    run(*NEW)
    run("pair", "confirm", "lost/l0.png", "found/f1.png")
    result = run(*BOTH)
    assert sorted(pairs_of(result)) == [("l1.png", "f0.png"), ("l1.png", "f2.png")]
    assert result.err == "imgsim: left out, see `imgsim pairs`: 1 lost photo and 1 found photo of confirmed pairs\n"
    run("pair", "confirm", "lost/l1.png", "found/f0.png")
    assert run(*BOTH)[:2] == (1, "")
    assert run(*NEW).err.endswith("2 lost photos and 2 found photos of confirmed pairs\nimgsim: nothing new\n")


def test_with_things_all_their_photos_are_closed_and_said(run, piles):
    describe("lost", {"l0.png": ["item=R1"], "l1.png": ["item=R1"]})
    describe("found", {"f0.png": ["item=A"], "f1.png": ["item=A"], "f2.png": ["item=B"]})
    things = ("--thing", "item")
    assert len(pairs_of(run(*NEW, *things))) == 2
    assert run(*NEW, *things) == NOTHING
    assert len(pairs_of(run(*BOTH, *things))) == 2
    draw_photo(piles / "lost" / "more.png", 5)
    run("index", "lost")
    describe("lost", {"more.png": ["item=R1"]})
    assert run(*NEW, *things) == NOTHING
    run("pair", "confirm", "lost/more.png", "found/f0.png")
    assert run(*BOTH, *things)[:2] == (1, "")
    assert "3 lost photos and 2 found photos of confirmed pairs" in run(*BOTH, *things).err
    assert pairs_of(run(*BOTH)) != []  # where every photo is a thing of its own


def test_a_rejected_pair_of_things_is_rejected_by_all_their_photos(run, piles):
    describe("found", {"f0.png": ["item=A"], "f1.png": ["item=A"]})
    run("pair", "reject", "lost/l0.png", "found/f0.png")
    found = {pair for pair in pairs_of(run(*BOTH, "--thing", "item")) if pair[0] == "l0.png"}
    assert found == {("l0.png", "f2.png")}


def test_it_outlives_new_indexing_names_moves_and_a_night_away(run, piles):
    run(*NEW)
    run("pair", "reject", "lost/l0.png", "found/f0.png")
    (piles / "found" / "f1.png").rename(piles / "away.png")
    (piles / "lost" / "l1.png").rename(piles / "lost" / "named.png")
    (piles / "found" / "sub").mkdir()
    (piles / "found" / "f2.png").rename(piles / "found" / "sub" / "f2.png")
    for folder in ("lost", "found"):
        assert run("index", folder, "-x", "lbp", "--refit").code == 0
    rejected = "imgsim: left out, see `imgsim pairs`: 1 rejected pair\n"
    nothing = (1, "", f"{rejected}imgsim: nothing new\n")
    assert run(*NEW) == nothing
    (piles / "away.png").rename(piles / "found" / "back.png")
    run("index", "found")
    assert run(*NEW) == nothing
    assert run(*NEW, "-x", "lbp") == nothing
    (piles / "found" / "back.png").rename(piles / "away.png")
    run("index", "found", "--prune")
    (piles / "away.png").rename(piles / "found" / "f1.png")
    run("index", "found")
    assert run(*NEW) == nothing
    shutil.move(piles / "found", piles / "elsewhere")
    assert run("match", "lost", "elsewhere", "--new") == nothing
    os.utime(piles / "elsewhere" / "f1.png")
    run("index", "elsewhere")
    assert run("match", "lost", "elsewhere", "--new") == nothing
    assert len(pairs_of(run("match", "lost", "elsewhere"))) == 5


def test_each_found_side_remembers_for_itself(run, piles):
    run(*NEW)
    assert len(pairs_of(run("match", "found", "lost", "--new"))) == 6
    assert run("match", "found", "lost", "--new") == NOTHING


def test_one_index_of_both(run, piles):
    sides = ("match", "--index", "found", "--lost", "path != 'f2.png'", "--found", "path != 'f0.png'")
    first = run(*sides, "--new")
    assert sorted(pairs_of(first)) == [("f0.png", "f1.png"), ("f0.png", "f2.png"), ("f1.png", "f2.png")]
    assert run(*sides, "--new") == NOTHING
    turned = ("match", "--index", "found", "--found", "path != 'f2.png'", "--lost", "path != 'f0.png'")
    assert run(*turned, "--new") == NOTHING
    run("pair", "reject", "found/f0.png", "found/f1.png")
    assert run(*sides).err == run(*turned).err == "imgsim: left out, see `imgsim pairs`: 1 rejected pair\n"
    run("pair", "confirm", "found/f1.png", "found/f2.png")
    for asked in (sides, turned):
        assert run(*asked)[:2] == (1, "")


def test_a_found_side_that_cannot_be_written_is_one_line(run, piles, monkeypatch):
    run("pair", "reject", "lost/l0.png", "found/f0.png")

    def refuse(directory):
        raise IndexWriteError(f"{directory}: cannot be written here")

    monkeypatch.setattr("imgsim.index.sqlite.sqlite_store.lock_writer", refuse)
    monkeypatch.setattr("os.access", lambda _, mode: mode != os.W_OK)
    assert run(*NEW) == (2, "", f"imgsim: {os.path.join('found', '.imgsim')}: cannot be written here\n")
    assert len(pairs_of(run(*BOTH))) == 5


def test_somebody_who_writes_is_waited_for(run, piles):
    held, done = threading.Event(), threading.Event()

    def hold():
        writer = SqliteStore.open_writer(str(piles / "found" / ".imgsim"), str(piles / "found"))
        held.set()
        done.wait(0.6)
        writer.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    refused = run(*NEW)
    assert (refused.code, refused.out) == (2, "")
    assert "another process is writing this index; try again later, or let --wait SECONDS wait for it" in refused.err
    assert len(pairs_of(run(*NEW, "--wait", "60"))) == 6
    thread.join()


def test_an_error_keeps_nothing(run, piles):
    assert run(*NEW, "--on", "found.kind = lost.kind and").code == 2
    assert kept() == []
    assert run(*NEW).code == 0


def test_an_index_of_an_earlier_format_remembers_from_then_on(run, tmp_path, monkeypatch):
    shutil.copytree(FORMAT4 / "photos", tmp_path / "photos")
    shutil.copytree(FORMAT4 / "index", tmp_path / "photos" / ".imgsim")
    monkeypatch.chdir(tmp_path)
    sides = ("match", "--index", "photos", "--lost", "path = 'c.jpg'", "--found", "path != 'c.jpg'", "-x", "phash")
    assert run(*sides).code == 0
    assert len(pairs_of(run(*sides, "--new"))) == 7
    assert run(*sides, "--new") == NOTHING
