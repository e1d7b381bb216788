"""`imgsim hide`, and what commands do about what is out of sight."""

import json
import os

import pytest

from imgsim.errors import IndexWriteError
from imgsim.index.index_writer import IndexWriter
from imgsim.index.update import update_index

RETURNED = "status = 'returned'"
PLACE = os.path.join("shelf", ".imgsim")
OUT = "out of sight where status = 'returned'"


@pytest.fixture
def returned(shelf):
    """Eight photos on a shelf, of which two were given back."""
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        writer.edit([str(shelf / "0.png"), str(shelf / "1.png")], ["status=returned", "day=2026-01-02"])
    return shelf


def shown(result):
    return "".join(os.path.basename(line)[0] for line in result.out.splitlines())


def found(run, *options):
    result = run("query", "shelf/5.png", "-k", 9, *options)
    return "".join(sorted(line.split("\t")[2][0] for line in result.out.splitlines()))


def test_a_rule_is_kept_listed_and_taken_back(run, returned):
    assert run("hide", "shelf") == (1, "", "imgsim: no rule keeps photos out of sight\n")
    assert run("hide", "shelf", RETURNED) == (0, "", f"{PLACE}: {OUT}: 2 of 8 photos\n")
    assert run("hide", "--index", "shelf", "status='returned'").err == f"{PLACE}: {OUT}, as before: 2 of 8 photos\n"
    several = run("hide", "shelf", "day < today - 7 days", "height > 9000")
    assert several.err.splitlines() == [
        f"{PLACE}: out of sight where day < today - 7 days: 2 of 8 photos",
        f"{PLACE}: out of sight where height > 9000: 0 of 8 photos",
        f"{PLACE}: 2 of 8 photos out of sight, by 3 rules",
    ]
    assert run("hide").out == f"{RETURNED}\t2\t\nday < today - 7 days\t2\t\nheight > 9000\t0\t\n"
    assert json.loads(run("hide", "--format", "json").out)[0] == {"rule": RETURNED, "photos": 2, "waiting": None}
    assert run("hide", "shelf", "--drop", "day<today - 7 days").err.splitlines() == [
        f"{PLACE}: no longer out of sight: day < today - 7 days",
        f"{PLACE}: 2 of 8 photos out of sight, by 2 rules",
    ]
    replaced = run("hide", "shelf", "--drop-all", "height > 9001")
    assert (replaced.code, len(replaced.err.splitlines())) == (0, 4)
    assert run("hide").out == "height > 9001\t0\t\n"
    assert run("hide", "--drop-all").err.endswith(": no rule is left, all photos are in sight\n")
    assert run("hide", "shelf", "--drop-all")[::2] == (1, f"{PLACE}: there was no rule\n")


def test_what_is_out_of_sight_is_not_found(run, returned):
    assert found(run) == "0123467"
    assert run("list", "shelf", "--visible") == run("list", "shelf")
    run("hide", "shelf", RETURNED)
    assert found(run) == "23467"
    assert found(run, "--all") == "0123467"
    assert found(run, "--where", "width > 0 and not path = '3.png'") == "2467"
    assert shown(run("list", "shelf")) == "01234567"
    assert shown(run("list", "shelf", "--visible")) == "234567"
    assert shown(run("list", "shelf", "--visible", "--sort", "-path", "--limit", 2)) == "76"
    assert run("query", "shelf/0.png", "-k", 9).out.count("\n") == 6
    assert "0.png" not in run("show", "shelf/5.png", "--matches", "-k", 9).out
    assert "  0.png" in run("show", "shelf/5.png", "--matches", "-k", 9, "--all").out


def test_when_all_that_fits_is_out_of_sight_it_is_said(run, returned):
    run("hide", "shelf", RETURNED)
    fitting = ("--where", "day = 2026-01")
    kept = "nothing that fits is in sight: 2 photos are kept out of it by status = 'returned'"
    assert run("query", "shelf/5.png", *fitting) == (1, "", f"imgsim: {kept}; --all finds all the same\n")
    assert run("query", "shelf/5.png", *fitting, "--all")[::2] == (0, "")
    assert run("list", "shelf", *fitting, "--visible") == (1, "", f"imgsim: {kept}\n")
    assert run("list", "shelf", *fitting)[::2] == (0, "")
    assert run("query", "shelf/5.png", "--where", "day = 2027-01").err == "imgsim: no photo has day = 2027-01\n"
    assert run("query", "shelf/0.png", "--where", "path = '0.png' or path = '1.png'").err.startswith(f"imgsim: {kept}")
    run("hide", "shelf", "not path = '5.png'")
    alone = run("query", "shelf/5.png")
    assert alone == (1, "", "imgsim: 7 photos that fit are out of sight; --all finds all the same\n")
    run("hide", "shelf", "path = '5.png'")
    assert run("query", "shelf/5.png").err.startswith("imgsim: nothing is in sight: 8 photos are kept out of it by ")
    assert run("list", "shelf", "--visible").code == 1


def test_somebody_at_a_terminal_hears_what_else_might_have_been_near(run, returned, monkeypatch):
    run("hide", "shelf", RETURNED)
    near = ("query", "shelf/5.png", "--max-distance", 0)
    said = "imgsim: 2 photos that fit are out of sight; --all finds all the same"
    assert run(*near) == (1, "", "")
    monkeypatch.setattr("imgsim.cli.stderr.is_terminal", lambda: True)
    assert said in run(*near).err.splitlines()
    assert said.replace("2 photos that fit are", "1 photo that fits is") in (
        run(*near, "--where", "path <= '0.png' or path > '2'").err.splitlines()
    )
    assert "out of sight" not in run(*near, "--all").err
    assert "out of sight" not in run("query", "shelf/5.png").err


def test_colours_are_asked_of_what_is_in_sight(run, returned):
    run("index", "shelf", "--colors")
    color = json.loads(run("list", "shelf", "--format", "jsonl").out.splitlines()[0])["attributes"]["color"]
    everything = [line.split("\t")[2] for line in run("query", "--color", color, "-k", 9).out.splitlines()]
    run("hide", "shelf", RETURNED)
    seen = [line.split("\t")[2] for line in run("query", "--color", color, "-k", 9).out.splitlines()]
    assert seen == [path for path in everything if path not in ("0.png", "1.png")]
    assert len(everything) == len(seen) + 2
    assert run("query", "--color", color, "-k", 9, "--all").out.count("\n") == len(everything)
    nothing = run("query", "--color", color, "--where", RETURNED)
    assert (nothing.code, "nothing that fits is in sight: 2 photos" in nothing.err) == (1, True)


def test_a_rule_waits_for_its_attribute(run, shelf):
    note = "no photo has an attribute status yet: `imgsim set --declare status=text` says that it is meant"
    kept = run("hide", "shelf", "not status = 'open'")
    assert kept == (0, "", f"{PLACE}: out of sight where not status = 'open': passed over: {note}\n")
    passed_over = f"imgsim: rule passed over: not status = 'open' ({note})\n"
    asked = run("query", "shelf/5.png", "-k", 9)
    assert (asked.code, asked.out.count("\n"), asked.err) == (0, 7, passed_over)
    assert run("query", "shelf/5.png", "-q").err == run("query", "shelf/5.png", "--all").err == ""
    assert run("list", "shelf").err == ""
    assert run("list", "shelf", "--visible").err == passed_over
    assert run("hide").out == "not status = 'open'\t0\tno photo has an attribute status yet\n"
    told = "out of sight where: not status = 'open': 0 photos (passed over: no photo has an attribute status yet)\n"
    assert told in run("info", "shelf").out
    run("set", "shelf/3.png", "shelf/4.png", "status=open")
    assert run("query", "shelf/5.png", "-k", 9).err == ""
    assert found(run) == "34"


def test_a_rule_of_an_attribute_that_is_gone_or_another_now_is_passed_over(run, returned):
    run("hide", "shelf", RETURNED)
    run("set", "--drop", "status", "--index", "shelf")
    result = run("query", "shelf/5.png", "-k", 9)
    assert (result.code, result.out.count("\n")) == (0, 7)
    assert "rule passed over: status = 'returned' (no photo has an attribute status yet" in result.err
    run("set", "--declare", "status=number", "--index", "shelf")
    result = run("query", "shelf/5.png", "-k", 9)
    assert (result.code, result.out.count("\n"), result.err) == (
        0,
        7,
        "imgsim: rule passed over: status = 'returned' (column 10 of the expression: status holds numbers, "
        "'returned' is text)\n",
    )
    run("set", "--declare", "status=", "--declare", "statis=text", "--index", "shelf")
    assert "(unknown attribute 'status': did you mean statis?)" in run("query", "shelf/5.png").err
    assert run("hide", "--drop", RETURNED).code == 0


def test_the_index_tells_its_rules(run, returned):
    assert "out of sight: 0\n" in run("info", "shelf").out
    assert json.loads(run("info", "shelf", "--format", "json").out)["sight_rules"] == []
    run("hide", "shelf", RETURNED, "height > 9000")
    told = run("info", "shelf").out
    assert "out of sight: 2\n" in told
    assert "out of sight where: status = 'returned': 2 photos\nout of sight where: height > 9000: 0 photos\n" in told
    facts = json.loads(run("info", "shelf", "--format", "json").out)
    assert facts["out_of_sight"] == 2
    assert facts["sight_rules"][0] == {"rule": RETURNED, "photos": 2, "waiting": None}


def test_rules_of_any_text_are_kept_and_told_in_a_line(run, returned):
    odd = ["path = '" + os.fsdecode(b"\xff") + ".png'", "path = 'a\nb'\n or path = '7.png'"]
    assert run("hide", "shelf", *odd).code == 0
    assert [rule["rule"] for rule in json.loads(run("hide", "--format", "json").out)] == odd
    assert len(run("hide").out.splitlines()) == 2
    told = run("info", "shelf").out.splitlines()
    assert [line for line in told if line.startswith("out of sight where")] == [
        "out of sight where: path = '\\udcff.png': 0 photos",
        "out of sight where: path = 'a\\nb'\\n or path = '7.png': 1 photos",
    ]
    assert run("hide", "--drop", odd[0], "--drop", odd[1].replace("\n or", " or")).code == 0
    refused = run("hide", "shelf", "status = '" + os.fsdecode(b"\xff") + "'")
    assert (refused.code, "this text is not valid Unicode" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["shelf", "statis = 'x'"], 2, "imgsim: unknown attribute 'statis': did you mean status?\n"),
        (["shelf", "status ="], 2, "imgsim: column 9 of the expression: expected a value, found the end\n"),
        (
            ["shelf", "status = 5"],
            2,
            "imgsim: column 10 of the expression: status holds text, 5 is a number; text goes",
        ),
        (["shelf", "height > 1", "day > 0"], 2, "imgsim: column 7 of the expression: day holds dates"),
        (["shelff"], 2, "imgsim: shelff: no such folder, and no expression such as status = 'returned'\n"),
        (["shelf", "--drop", "status = 'retuned'"], 1, f"did you mean {RETURNED}?\n"),
        (["shelf", "--drop", RETURNED, "--drop", "no = 1"], 1, "imgsim: unknown rule 'no = 1': choose from "),
        (["shelf", "height > 1", "--drop", "no = 1"], 1, "imgsim: unknown rule 'no = 1': choose from "),
        (["shelf", "--index", "shelf"], 2, "FOLDER and --index name the same thing"),
        (["shelf", "height > 1", "--format", "json"], 2, "--format is for the list of rules"),
    ],
)
def test_what_is_wrong_changes_nothing(run, returned, arguments, code, message):
    run("hide", "shelf", RETURNED)
    before = (returned / ".imgsim" / "index.sqlite").read_bytes()
    result = run("hide", *arguments)
    assert (result.code, result.out, message in result.err) == (code, "", True), result.err
    assert result.err.count("\n") == 1 or "Usage:" in result.err
    assert run("hide").out == f"{RETURNED}\t2\t\n"
    assert (returned / ".imgsim" / "index.sqlite").read_bytes() == before


def test_a_folder_that_is_not_indexed_is_one_line(run, returned):
    (returned.parent / "bare").mkdir()
    for rule in ([], [RETURNED]):
        result = run("hide", "bare", *rule)
        assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)


def test_an_index_that_cannot_be_written_is_asked_and_not_changed(run, returned, monkeypatch):
    def refuse(directory):
        raise IndexWriteError(f"{directory}: cannot be written here")

    run("hide", "shelf", RETURNED)
    monkeypatch.setattr("imgsim.index.sqlite.sqlite_store.lock_writer", refuse)
    monkeypatch.setattr("os.access", lambda _, mode: mode != os.W_OK)
    for change in (["height > 9"], ["--drop", RETURNED], ["--drop-all"]):
        assert run("hide", "shelf", *change) == (2, "", f"imgsim: {PLACE}: cannot be written here\n")
    assert run("hide", "shelf").out == f"{RETURNED}\t2\t\n"
    assert found(run) == "23467"


def test_another_writer_is_waited_for_or_named(run, returned):
    with IndexWriter(str(returned / ".imgsim")):
        refused = run("hide", "shelf", RETURNED)
        assert (refused.code, refused.err.count("\n"), "another process is writing" in refused.err) == (2, 1, True)
        assert run("hide", "shelf", RETURNED, "--wait", 0.2).code == 2
        assert run("hide", "shelf").code == 1
    assert run("hide", "shelf", RETURNED).code == 0


def test_text_on_some_photos_is_told(run, returned):
    with IndexWriter(str(returned / ".imgsim")) as writer:
        writer.edit([str(returned / "2.png")], ['day="unknown"'])
    result = run("hide", "shelf", "day < 2026-06-01")
    assert "imgsim: day is text on some photos, such as 'unknown'" in result.err
    assert f"{PLACE}: out of sight where day < 2026-06-01: 2 of 8 photos\n" in result.err


@pytest.fixture
def claims(returned, make_photos):
    folder = make_photos("a.png", "b.png", folder="claims")
    update_index(folder, extractors=["phash", "histogram:bins=4"])
    with IndexWriter(str(folder / ".imgsim")) as writer:
        writer.edit([str(folder / "b.png")], ["settled=true"])
    return folder


def test_sides_are_matched_less_what_is_out_of_sight(run, claims):
    run("hide", "shelf", RETURNED)
    run("hide", "claims", "settled = true")
    rows = [line.split("\t") for line in run("match", "claims", "shelf", "-k", 9).out.splitlines()]
    assert {row[0] for row in rows} == {"a.png"}
    assert "".join(sorted(row[1][0] for row in rows)) == "234567"
    assert all(row[4] == ("true" if row[2] == "1" else "false") for row in rows)
    assert run("match", "claims", "shelf", "-k", 9, "--all").out.count("\n") == 16
    run("set", "claims/a.png", "settled=true")
    result = run("match", "claims", "shelf")
    assert (result.code, result.out, result.err.count("\n")) == (1, "", 1)
    assert "nothing is lost, nothing is in sight: 2 photos are kept out of it by settled = true; --all" in result.err
    assert json.loads(run("match", "claims", "shelf", "--format", "json").out) == []
    assert run("match", "claims", "shelf", "--new", "--assign").code == 1
    one = ("match", "--index", "claims", "--lost", "path = 'a.png'", "--found", "path = 'b.png'")
    assert (run(*one).code, run(*one, "--all").code) == (1, 0)
    run("hide", "claims", "--drop-all")
    run("set", "--drop", "status", "--index", "shelf")
    assert run("match", "claims", "shelf", "--lost", "has settled").err.startswith("imgsim: rule passed over: status")


def test_judging_and_changing_go_over_all(run, returned):
    run("hide", "shelf", RETURNED)
    (returned.parent / "classes.csv").write_text(
        "file,kind\n" + "".join(f"{place}.png,{place % 2}\n" for place in range(8))
    )
    judged = run(
        "evaluate",
        "shelf",
        "-x",
        "phash",
        "--labels",
        "classes.csv:kind",
        "--retrieval-only",
        "-j",
        1,
        "--format",
        "json",
    )
    assert json.loads(judged.out)[0]["n"] == 8
    (returned / "2.png").write_bytes((returned / "0.png").read_bytes())
    update_index(returned)
    groups = run("duplicates", "--index", "shelf", "--exact").out
    assert {line.split("\t")[2] for line in groups.splitlines()} == {"0.png", "2.png"}
    assert run("set", "--index", "shelf", "--where", RETURNED, "status=open").code == 0
    assert shown(run("list", "shelf", "--visible")) == "01234567"
