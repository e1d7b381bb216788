"""`imgsim index --kinds` and `--classify`, and what other commands make of what they keep."""

import json
import shutil

import pytest

from tests.cli.test_general import imported_by
from tests.features.test_kinds import installed
from tests.learned import probe, write_model
from tests.photos import draw_photo

pytestmark = installed


@pytest.fixture
def sides(model_cache, tmp_path, monkeypatch, make_photos):
    """Two folders, and a trained classifier, seen from the folder above them."""
    for folder in ("lost", "found"):
        make_photos(2, folder=folder)
    draw_photo(tmp_path / "found" / "2.png", 9)
    write_model(tmp_path / "things.onnx", probe())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(run, folder, *names):
    rows = run("list", folder, "--show", ",".join(names), "--format", "jsonl").out.splitlines()
    return {row["path"]: [row["attributes"].get(name) for name in names] for row in map(json.loads, rows)}


def test_what_is_kept_is_what_classify_says(run, sides):
    assert run("index", "found", "-x", "phash", "--kinds", "--classify", "things.onnx").code == 0
    said = {}
    for arguments in ((), ("-m", "things.onnx")):
        rows = run("classify", "found", "-k", "1", "--format", "jsonl", *arguments).out.splitlines()
        for row in map(json.loads, rows):
            said.setdefault(row["path"].removeprefix("found/"), []).extend([row["label"], row["probability"]])
    assert listed(run, "found", "kind", "kind_probability", "category", "category_probability") == said


def test_conditions_and_matches_go_by_kinds(run, sides):
    for folder in ("lost", "found"):
        run("index", folder, "-x", "phash", "--kinds")
        assert run("set", "kind=wallet", f"{folder}/0.png", "--index", folder).code == 0
    assert run("list", "found", "--where", "kind = 'wallet'").out == "found/0.png\n"
    assert run("list", "found", "--where", "kind_probability <= 1 and kind != 'wallet'").out.count("\n") == 2
    matched = run("match", "lost", "found", "--on", "found.kind = lost.kind", "-k", "9")
    pairs = {tuple(row.split("\t")[:2]) for row in matched.out.splitlines()}
    assert ("0.png", "0.png") in pairs
    assert ("0.png", "1.png") not in pairs


def test_info_tells_what_is_told_and_by_what(run, sides):
    run("index", "found", "-x", "phash")
    before = json.loads(run("info", "found", "--format", "json").out)
    assert (before["kinds"], before["classified"]) == ("not told", [])
    run("index", "found", "--kinds", "--kind-language", "ko", "--classify", "sort=things.onnx")
    told = json.loads(run("info", "found", "--format", "json").out)
    assert told["kinds"] == "told (ko)"
    assert [one.partition(":")[0] for one in told["classified"]] == ["sort=classifier"]
    assert {one["name"] for one in told["attributes"]} == {"kind", "kind_probability", "sort", "sort_probability"}
    assert "\nkinds: told (ko)\nclassified: sort=classifier:" in run("info", "found").out
    run("index", "found", "--no-kinds", "--classify", "sort=")
    after = json.loads(run("info", "found", "--format", "json").out)
    assert (after["kinds"], after["classified"], after["attributes"]) == ("not told", [], [])


def test_a_missing_model_is_one_line_and_what_to_do(run, sides):
    run("index", "found", "-x", "phash", "--classify", "things.onnx")
    shutil.rmtree("models")
    shutil.move("things.onnx", "away.onnx")
    result = run("index", "found")
    line, _ = result.err.splitlines()
    assert result.code == 0
    assert line.startswith("category: what was told stays, and new photos get none: the classifier ")
    assert "`imgsim models import FILE`" in line
    shutil.move("away.onnx", "things.onnx")
    write_model(sides / "things.onnx", probe(seed=8))
    assert run("index", "found").err.splitlines()[0] == (
        f"category: told anew of all photos, since {sides / 'things.onnx'} is another than before"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--classify", "gone.onnx"], "gone.onnx: no such file"),
        (["--classify", "found/0.png"], "found/0.png: "),
        (["--kind-language", "ko"], "no kinds are asked for: add --kinds"),
        (["--classify", "a="], "unknown attribute of a classifier 'a'"),
    ],
)
def test_mistakes_are_one_line(run, sides, arguments, message):
    run("index", "found", "-x", "phash")
    result = run("index", "found", *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert message in result.err


def test_nothing_heavy_is_imported_where_nothing_is_new(sides, run):
    run("index", "found", "-x", "phash", "--kinds", "--classify", "things.onnx")
    imported = imported_by("index", "found")
    assert "numpy" in imported
    assert not imported & {"torch", "onnxruntime", "scipy", "rich", "sklearn"}


def test_torch_is_not_imported_to_tell_kinds(sides):
    imported = imported_by("index", "found", "-x", "phash", "--kinds")
    assert "onnxruntime" in imported
    assert "torch" not in imported
