"""`imgsim pair` and `imgsim pairs`: what people decided, and that it stays."""

import json
import os
import shutil
import threading

import pytest

from imgsim.errors import IndexWriteError
from imgsim.index.index import open_index
from imgsim.index.sqlite.sqlite_store import SqliteStore
from tests.photos import draw_photo


def listed(run, *arguments):
    """List lost, found, state and by of the pairs of `found`."""
    result = run("pairs", "found", *arguments)
    rows = [tuple(line.split("\t")) for line in result.out.splitlines()]
    assert result.code == (0 if rows else 1)
    return [row[:4] for row in rows]


def test_decisions_are_kept_with_who_and_when(run, piles):
    assert listed(run) == []
    confirmed = run("pair", "confirm", "lost/l0.png", "found/f1.png", "--by", " Kim ")
    assert confirmed == (0, "", "lost/l0.png, found/f1.png: confirmed\n")
    assert run("pair", "reject", "lost/l1.png", "found/f1.png").code == 0
    assert listed(run) == [("l0.png", "f1.png", "confirmed", "Kim"), ("l1.png", "f1.png", "rejected", "")]
    assert listed(run, "--state", "rejected") == [("l1.png", "f1.png", "rejected", "")]
    assert listed(run, "--state", "said") == []
    (row,) = json.loads(run("pairs", "found", "--state", "confirmed", "--format", "json").out)
    with open_index("found") as index, open_index("lost") as lost:
        pair = index.pairs()[0]
        assert [pair.lost, pair.found] == [lost.photo("l0.png").digest, index.photo("f1.png").digest]
        assert (row["lost_digest"], row["found_digest"]) == (pair.lost.hex(), pair.found.hex())
        assert row["when"] == pair.decided
        assert abs(row["decided_ns"] - index.photo("f0.png").added_ns) < 60e9
    assert run("pairs", "found", "--format", "csv").out.startswith("lost,found,state,by,when\nl0.png,f1.png,")
    assert "confirmed" in run("pairs", "found", "--format", "table").out
    with open_index("lost") as lost:
        assert lost.pairs() == []


def test_info_counts_them(run, piles):
    assert "pairs" not in run("info", "found").out
    run("pair", "confirm", "lost/l0.png", "found/f1.png")
    run("pair", "reject", "lost/l0.png", "found/f0.png", "lost/l1.png", "found/f0.png")
    assert "\npairs: 1 confirmed, 2 rejected\n" in run("info", "found").out
    assert json.loads(run("info", "found", "--format", "json").out)["pairs"] == {"confirmed": 1, "rejected": 2}


def test_deciding_leaves_the_generation_alone(run, piles):
    def stamps():
        with open_index("found") as index, open_index("lost") as lost:
            return index.counts, lost.counts

    before = stamps()
    run("pair", "confirm", "lost/l0.png", "found/f1.png")
    run("pair", "forget", "lost/l0.png", "found/f1.png")
    assert stamps() == before


def test_a_later_decision_wins_and_tells_of_the_earlier(run, piles):
    run("pair", "reject", "lost/l0.png", "found/f1.png", "--by", "Kim")
    result = run("pair", "confirm", "lost/l0.png", "found/f1.png", "--by", "Lee")
    assert result.code == 0
    assert result.err.startswith("imgsim: l0.png, f1.png: was rejected by Kim on 20")
    assert listed(run) == [("l0.png", "f1.png", "confirmed", "Lee")]


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (("lost/l0.png", "found/f2.png"), "imgsim: l0.png was confirmed with f1.png too by Kim on 20"),
        (("lost/l1.png", "found/f1.png"), "imgsim: f1.png was confirmed with l0.png too by Kim on 20"),
    ],
)
def test_what_another_confirmed_pair_closed_is_told(run, piles, pair, said):
    run("pair", "confirm", "lost/l0.png", "found/f1.png", "--by", "Kim")
    assert "too" not in run("pair", "reject", *pair).err
    result = run("pair", "confirm", *pair)
    assert result.code == 0
    assert result.err.splitlines()[1].startswith(said)
    assert len(listed(run, "--state", "confirmed")) == 2


def test_what_is_forgotten_is_gone_and_what_is_absent_is_told(run, piles):
    run("pair", "confirm", "lost/l0.png", "found/f1.png")
    absent = run("pair", "forget", "lost/l1.png", "found/f1.png")
    assert absent == (1, "", "imgsim: lost/l1.png, found/f1.png: nothing is kept of this pair\n")
    both = run("pair", "forget", "lost/l1.png", "found/f1.png", "lost/l0.png", "found/f1.png")
    assert (both.code, listed(run)) == (0, [])
    assert run("pair", "forget", "lost/l0.png", "found/f1.png").code == 1


def test_pairs_of_photos_that_are_gone_are_forgotten_by_the_paths_that_are_listed(run, piles):
    run("pair", "confirm", "lost/l0.png", "found/f1.png")
    (piles / "lost" / "l0.png").unlink()
    assert run("index", "lost").code == 0
    assert listed(run) == [("l0.png", "f1.png", "confirmed", "")]
    assert run("pair", "forget", "l0.png", "f1.png", "--lost", "lost", "--found", "found").code == 0
    assert listed(run) == []


def test_it_outlives_names_moves_a_night_away_pruning_and_new_indexing(run, piles):
    run("pair", "confirm", "lost/l0.png", "found/f1.png", "--by", "Kim")
    (piles / "lost" / "l0.png").rename(piles / "lost" / "named.png")
    (piles / "found" / "new").mkdir()
    (piles / "found" / "f1.png").rename(piles / "found" / "new" / "there.png")
    for folder in ("lost", "found"):
        assert run("index", folder, "-x", "lbp").code == 0
    assert listed(run) == [("l0.png", "new/there.png", "confirmed", "Kim")]
    assert listed(run, "--lost", "lost") == [("named.png", "new/there.png", "confirmed", "Kim")]
    (piles / "found" / "new" / "there.png").rename(piles / "away.png")
    assert run("index", "found", "--prune").code == 0
    assert listed(run) == [("l0.png", "f1.png", "confirmed", "Kim")]
    (piles / "away.png").rename(piles / "found" / "back.png")
    assert run("index", "found").code == 0
    assert listed(run, "--lost", "lost") == [("named.png", "back.png", "confirmed", "Kim")]
    (piles / "found" / "back.png").rename(piles / "found" / "f1.png")
    shutil.move(piles / "found", piles / "moved")
    assert run("pairs", "moved").out.startswith("l0.png\tback.png\tconfirmed\tKim\t")


def test_copies_share_a_decision(run, piles):
    shutil.copy(piles / "found" / "f1.png", piles / "found" / "copy.png")
    run("index", "found")
    run("pair", "confirm", "lost/l0.png", "found/f1.png")
    assert "was confirmed on" in run("pair", "reject", "lost/l0.png", "found/copy.png").err
    assert listed(run) == [("l0.png", "copy.png", "rejected", "")]


def test_one_index_of_both(run, piles, monkeypatch):
    monkeypatch.chdir(piles / "found")
    assert run("pair", "confirm", "f0.png", "f1.png").code == 0
    (piles / "found" / "f0.png").rename(piles / "found" / "elsewhere.png")
    run("index", ".")
    assert run("pairs").out.startswith("elsewhere.png\tf1.png\tconfirmed\t\t")
    same = run("pair", "confirm", "f1.png", "./f1.png")
    assert (same.code, same.err) == (2, "imgsim: f1.png: a photo and itself are no pair\n")


LINES = {
    "tsv": "l0.png\tf1.png\t1\t0.25\ttrue\nl1.png\tf0.png\n",
    "tsv with a header": "lost\tfound\nl0.png\tf1.png\nl1.png\tf0.png\n",
    "lines of elsewhere": "l0.png\tf1.png\r\n\r\nl1.png\tf0.png",
    "jsonl": '{"lost": "l0.png", "found": "f1.png", "rank": 1}\n{"found": "f0.png", "lost": "l1.png"}\n',
    "nul": "l0.png\0f1.png\0l1.png\0f0.png\0",
}


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES)
@pytest.mark.parametrize("null", [False, True])
def test_pairs_are_read_from_stdin(run, piles, lines, null):
    if null and "\0" not in lines:
        return
    asked = ("-", "--lost", "lost", "--found", "found", *(["-0"] if null else []))
    result = run("pair", "confirm", *asked, stdin=lines.encode())
    assert result == (0, "", "2 pairs confirmed\n")
    assert listed(run) == [("l0.png", "f1.png", "confirmed", ""), ("l1.png", "f0.png", "confirmed", "")]
    assert run("pair", "forget", *asked, stdin=lines.encode()).err == "2 pairs forgotten\n"


def test_names_of_all_kinds_come_back(run, shell, piles):
    names = ["a\tb\n\\n.png", os.fsdecode(b"\xff.png"), "lost.png"]
    for seed, name in enumerate(names):
        draw_photo(piles / "found" / name, 20 + seed)
        draw_photo(piles / "lost" / name, 30 + seed)
    for folder in ("lost", "found"):
        run("index", folder)
    pairs = [part for name in names for part in (f"lost/{name}", f"found/{name}")]
    assert run("pair", "reject", *pairs).code == 0
    for format_ in ("tsv", "jsonl"):
        line = f"imgsim pairs found --format {format_} | imgsim pair confirm - --lost lost --found found"
        assert shell(line, piles).returncode == 0
        assert {row[2] for row in listed(run)} == {"confirmed"}
        assert len(listed(run)) == 3
        run("pair", "reject", *pairs)


def test_what_match_writes_is_decided(run, piles):
    best = run("match", "lost", "found", "-k", "1").out
    asked = ("-", "--lost", "lost", "--found", "found")
    assert run("pair", "reject", *asked, stdin=best.encode()).code == 0
    assert [row[:2] for row in listed(run)] == [tuple(line.split("\t")[:2]) for line in best.splitlines()]


def test_another_machine_takes_pairs_over(run, piles):
    run("pair", "confirm", "lost/l0.png", "found/f1.png", "--by", "Kim")
    run("pair", "reject", "lost/l1.png", "found/f1.png", "--by", "Lee")
    exported = run("pairs", "found", "--format", "jsonl").out
    shutil.rmtree(piles / "found" / ".imgsim")
    assert run("index", "found", "-x", "phash").code == 0
    assert listed(run) == []
    taken = run("pair", "import", "-", "--found", "found", stdin=exported.encode())
    assert taken == (0, "", "2 pairs kept, 0 were there\n")
    assert run("pairs", "found", "--format", "jsonl").out == exported
    run("pair", "reject", "lost/l0.png", "found/f1.png", "--by", "Max")
    (piles / "pairs.jsonl").write_text(exported)
    assert run("pair", "import", "pairs.jsonl", "--found", "found").err == "0 pairs kept, 2 were there\n"
    assert listed(run)[0] == ("l0.png", "f1.png", "rejected", "Max")
    later = json.dumps(json.loads(exported.splitlines()[0]) | {"decided_ns": (1 << 62) - 1})
    assert run("pair", "import", "-", "--found", "found", stdin=later.encode()).code == 0
    assert listed(run)[0] == ("l0.png", "f1.png", "confirmed", "Kim")


def test_digests_decide_where_no_photo_is_indexed(run, piles):
    run("pair", "confirm", "lost/l0.png", "found/f1.png")
    exported = run("pairs", "found", "--format", "jsonl").out
    run("pair", "forget", "lost/l0.png", "found/f1.png")
    (piles / "lost" / "l0.png").unlink()
    run("index", "lost")
    asked = ("-", "--lost", "lost", "--found", "found")
    assert run("pair", "reject", *asked, stdin=exported.encode()).code == 0
    assert listed(run) == [("l0.png", "f1.png", "rejected", "")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lost/l0.png"], "Missing argument 'FOUND'"),
        ([], "Missing argument"),
        (["lost/l0.png", "found/f0.png", "lost/l1.png"], "Missing argument 'FOUND'"),
        (["-", "lost/l0.png"], "- reads pairs from stdin: give it alone"),
        (["-0", "lost/l0.png", "found/f0.png"], "-0 is about paths on stdin"),
        (["lost/new.png", "found/f0.png"], "imgsim: lost/new.png: not in the index of"),
        (["lost/l0.png", "found/none.png", "--found", "found"], "imgsim: found/none.png: no such file"),
        (["lost/l0.png", "found/f0.png", "--found", "nowhere"], "imgsim: nowhere: no index here"),
        (["lost/l0.png", "found/f0.png", "lost/l0.png", "lost/l1.png"], "imgsim: lost/l1.png: not in the index of"),
    ],
)
@pytest.mark.parametrize("verb", ["confirm", "reject", "forget"])
def test_bad_input_is_one_line_and_decides_nothing(run, piles, arguments, said, verb):
    draw_photo(piles / "lost" / "new.png", 99)
    result = run("pair", verb, *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err.splitlines()[-1]
    assert listed(run) == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("l0.png\n", "standard input: line 1: two columns are needed"),
        ("l0.png\tf0.png\nl1.png\t\n", "standard input: line 2: two columns are needed"),
        ("l0.png\0f0.png\0l1.png\0", "standard input: l1.png has no other"),
        ('{"lost": 3, "found": "f0.png"}', "line 1 does not say which photos are lost and found"),
        ('{"lost": "l0.png"', "line 1 is not JSON"),
        ('{"lost": "l0.png", "found": "f0.png", "lost_digest": "00"}', "are 32 hexadecimal digits each"),
        ("l0.png\tf0.png\nl1.png\tnone.png\n", "none.png: no such file"),
        ("\x89PNG\r\n\x1a\n and so on, a picture", "standard input: a picture"),
    ],
)
def test_bad_lines_are_one_line_and_decide_nothing(run, piles, lines, said):
    stdin = lines.encode("latin-1")
    result = run("pair", "confirm", "-", "--lost", "lost", "--found", "found", stdin=stdin)
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert said in line
    assert listed(run) == []


@pytest.mark.parametrize("change", [{"state": "sold"}, {"decided_ns": -1}, {"by": None}, {"lost_digest": None}])
def test_an_import_of_something_else_is_one_line(run, piles, change):
    run("pair", "confirm", "lost/l0.png", "found/f1.png")
    row = json.loads(run("pairs", "found", "--format", "jsonl").out)
    result = run("pair", "import", "-", "--found", "found", stdin=json.dumps(row | change).encode())
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    assert run("pair", "import", "nothing.jsonl", "--found", "found").code == 2


def test_of_nothing_nothing_is_decided(run, piles):
    for verb in (["confirm"], ["reject"], ["forget"]):
        result = run("pair", *verb, "-", "--lost", "lost", "--found", "found", stdin=b"")
        assert result == (1, "", "imgsim: standard input names no pair\n")
    assert run("pair", "import", "-", "--found", "found", stdin=b"").code == 1


def test_a_found_side_that_cannot_be_written_is_one_line(run, piles, monkeypatch):
    run("pair", "confirm", "lost/l0.png", "found/f1.png")

    def refuse(directory):
        raise IndexWriteError(f"{directory}: cannot be written here")

    monkeypatch.setattr("imgsim.index.sqlite.sqlite_store.lock_writer", refuse)
    monkeypatch.setattr("os.access", lambda _, mode: mode != os.W_OK)
    for verb in ("confirm", "reject", "forget"):
        result = run("pair", verb, "lost/l0.png", "found/f1.png")
        assert (result.code, result.err) == (2, f"imgsim: {piles / 'found' / '.imgsim'}: cannot be written here\n")
    assert listed(run) == [("l0.png", "f1.png", "confirmed", "")]


def test_of_two_who_decide_at_once_one_waits_and_hears_of_the_other(run, piles):
    held, done = threading.Event(), threading.Event()

    def hold():
        writer = SqliteStore.open_writer(str(piles / "found" / ".imgsim"), str(piles / "found"))
        held.set()
        done.wait(0.6)
        with open_index("lost") as lost, open_index("found") as found, writer.transaction():
            from imgsim.index.store.pair_store import DecidedPair

            digests = lost.photo("l0.png").digest, found.photo("f1.png").digest
            writer.keep_pairs([DecidedPair(*digests, "rejected", "l0.png", "f1.png", "Kim", 1)])
        writer.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    refused = run("pair", "confirm", "lost/l0.png", "found/f1.png")
    assert refused.code == 2
    assert "another process is writing this index" in refused.err
    result = run("pair", "confirm", "lost/l0.png", "found/f1.png", "--wait", "60")
    thread.join()
    assert result.code == 0
    assert "was rejected by Kim on 1970-01-01" in result.err
    assert listed(run) == [("l0.png", "f1.png", "confirmed", "")]
