"""`imgsim train linear`, and what it makes as an extractor of every command."""

import csv
import json
import sys
import tomllib

import numpy as np
import pytest

from imgsim.cli.commands import train_linear
from imgsim.models.embedding_model import EMBEDDING_MODELS
from imgsim.training.embeddings.linear.linear_methods import METHODS
from tests.photos import draw_photo

BASE = "histogram:bins=2"


@pytest.fixture(autouse=True)
def cache(model_cache):
    return model_cache


@pytest.fixture
def classes(tmp_path, monkeypatch):
    """Six classes of three photos each, as folders, and one photo that is alone in its."""
    for code in range(6):
        for place in range(3):
            draw_photo(tmp_path / "things" / f"class{code}" / f"{place}.png", 10 * code + place)
    draw_photo(tmp_path / "things" / "lone" / "0.png", 99)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "things"


@pytest.fixture
def train(run, classes):
    return lambda *more: run("train", "linear", "things", "-o", "shelf.onnx", "-x", BASE, *more)


def test_a_map_is_learned_and_its_run_told(train, classes):
    trained = train()
    assert trained.code == 0, trained.err
    assert trained.out == ""
    lines = trained.err.splitlines()
    assert "1 photo left out: alone in its class" in lines
    assert any(line.startswith("whitening of 18 photos of 6 classes, shrinkage ") for line in lines)
    assert lines[-1] == "shelf.onnx: use it as -x embedding:shelf.onnx; how it was learned is told in shelf.run"
    folder = classes.parent / "shelf.run"
    assert sorted(path.name for path in folder.iterdir()) == ["config.toml", "cross_validation.csv", "metrics.json"]
    config = tomllib.loads((folder / "config.toml").read_text())
    assert config["kind"] == "linear"
    assert config["folder"] == "things"
    assert config["method"] == "whitening"
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["photos"], metrics["classes"], metrics["left_out"], metrics["values"]) == (18, 6, 1, 8)
    rows = list(csv.DictReader((folder / "cross_validation.csv").read_text().splitlines()))
    assert {row["fold"] for row in rows} == {"0", "1", "2"}
    chosen = [row for row in rows if row["shrinkage"] == str(metrics["shrinkage"])]
    assert len(chosen) == 6
    assert [*rows[0]] == ["shrinkage", "scaled", "fold", "classes", "photos", "recall@1", "map@r"]


def test_the_same_is_learned_each_time(train, classes):
    train()
    first = (classes.parent / "shelf.onnx").read_bytes()
    assert train().code == 0  # which replaces the model
    assert (classes.parent / "shelf.onnx").read_bytes() == first
    assert train("--method", "lda", "--dim", "2", "--seed", "3", "--shrinkage", "0.4").code == 0
    assert (classes.parent / "shelf.onnx").read_bytes() != first


def test_classes_come_from_a_table_or_an_attribute_too(run, classes):
    paths = sorted(classes.rglob("*.png"))
    table = classes.parent / "kinds.csv"
    lines = [f"{path.relative_to(classes).as_posix()},{path.parent.name}" for path in paths]
    table.write_text("path,kind\n" + "\n".join(lines) + "\n")
    of_table = run("train", "linear", "things", "-o", "a.onnx", "-x", BASE, "--labels", "kinds.csv:kind")
    assert of_table.code == 0, of_table.err
    run("index", "things", "--attributes", "kinds.csv")
    of_index = run("train", "linear", "things", "-o", "b.onnx", "-x", BASE, "--labels", "attribute:kind")
    assert of_index.code == 0, of_index.err
    assert (classes.parent / "a.onnx").read_bytes() == (classes.parent / "b.onnx").read_bytes()


def test_the_extractor_is_the_indexs_unless_given(run, classes):
    run("index", "things", "-x", "phash")
    assert run("train", "linear", "things", "-o", "m.onnx").code == 0
    config = tomllib.loads((classes.parent / "m.run" / "config.toml").read_text())
    assert config["extractor"].startswith("phash")


def test_a_model_is_an_extractor_of_every_command(train, run, classes):
    assert train().code == 0
    indexed = run("index", "things", "-x", "embedding:shelf.onnx")
    assert indexed.code == 0, indexed.err
    (model,) = EMBEDDING_MODELS.models()
    digits = model.sha256[:12]
    (classes.parent / "shelf.onnx").rename(classes.parent / "moved.onnx")
    assert f"embedding:{digits}" in run("info", "things").out
    draw_photo(classes.parent / "new.png", 3)
    asked = [run("query", "new.png", "-x", text, "-k", "3") for text in (f"embedding:{digits}", "embedding:moved.onnx")]
    assert [one.code for one in asked] == [0, 0], asked
    assert asked[0].out == asked[1].out
    stored = run("distances", "new.png", "things/class0/0.png", "-x", f"embedding:{digits}", "--format", "json")
    assert stored.code == 0, stored.err
    fused = run("query", "things/class0/0.png", "-x", "embedding:moved.onnx@0.3", "-x", f"{BASE}@0.7", "-k", "1")
    assert fused.code == 0, fused.err
    assert run("index", "things", "--default", "embedding:moved.onnx").code == 0
    assert run("query", "things/class1/0.png", "-k", "1").code == 0
    judged = run(
        "evaluate", "things", "-x", f"embedding:moved.onnx+{BASE}", "-x", "embedding:moved.onnx", "--format", "json"
    )
    assert judged.code == 0, judged.err
    extracted = run("extract", "things/class0/0.png", "-x", "embedding:moved.onnx", "--format", "jsonl")
    row = json.loads(extracted.out.splitlines()[0])
    assert np.linalg.norm(next(value for value in row.values() if isinstance(value, list))) == pytest.approx(
        1, abs=1e-5
    )
    assert run("distances", "things/class0/0.png", "things/class1/0.png", "-x", "embedding:moved.onnx").code == 0
    assert run("recommend", "things", "-x", "embedding:moved.onnx", "-x", BASE, "--time", "3s").code == 0
    assert run("index", "things", "--drop", "embedding:moved.onnx").code == 0
    assert digits not in run("info", "things").out


def test_where_the_model_is_missing_one_line_says_which_to_import(train, run, cache, classes):
    train()
    run("index", "things", "-x", "embedding:shelf.onnx", "--default", "embedding:shelf.onnx")
    (model,) = EMBEDDING_MODELS.models()
    (cache / model.name).unlink()
    asked = run("query", "things/class0/0.png")
    assert asked.code == 2
    (line,) = asked.err.splitlines()
    assert f"the embedding {model.sha256[:12]} is not in {cache}" in line
    assert line.endswith(f"`imgsim models import FILE` takes the file whose SHA-256 begins with {model.sha256}")
    assert run("list", "things").code == 0
    assert run("models", "import", "shelf.onnx").code == 0
    assert run("query", "things/class0/0.png").code == 0


def test_models_are_imported_under_names_listed_exported_and_removed(train, run, classes):
    train()
    imported = run("models", "import", "shelf.onnx", "--name", "shop")
    assert imported.code == 0, imported.err
    assert imported.err.rstrip().endswith("use it as -x embedding:shop")
    (model,) = EMBEDDING_MODELS.models()
    (row,) = [line.split("\t") for line in run("models", "list").out.splitlines() if "embedding" in line]
    assert (row[0], row[1], row[6], row[-1]) == (model.naming, model.sha256[:12], "linear-embedding", "shop")
    assert run("query", "things/class0/0.png", "-x", "embedding:shop", "-k", "1").code == 2  # the index lacks it
    assert run("index", "things", "-x", "embedding:shop").code == 0
    assert run("query", "things/class0/0.png", "-x", "embedding:shop@0.5", "-x", BASE, "-k", "1").code == 0
    shown = run("models", "show", "embedding:shop")
    assert shown.out.startswith(f"embedding: {model.naming}\n")
    assert "base: histogram:bins=2" in shown.out
    listed = run("extractors").out
    assert f"{model.naming}\t8\tcosine" in listed
    described = run("extractors", "embedding:shop")
    assert "dimension: 8 values" in described.out
    assert "Mikolajczyk" in described.out
    assert run("models", "export", "embedding:shop", "copy.onnx").code == 0
    assert (classes.parent / "copy.onnx").read_bytes() == (classes.parent / "shelf.onnx").read_bytes()
    (classes.parent / "shelf.onnx").unlink()
    assert run("models", "remove", "embedding:shop").code == 0
    assert EMBEDDING_MODELS.models() == []
    assert run("index", "things", "-x", "embedding:shop").code == 2
    assert run("models", "remove", "embedding:shop").code == 2
    assert run("models", "import", "copy.onnx", "-a", "resnet50").code == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-o", "model"], "models are ONNX files: name it model.onnx"),
        (["-x", "lite"], "lite is several extractors: name one of "),
        (["-x", "external:rows"], ""),
        (["--dim", "9"], "9 axes: rows have 8 at most"),
        (["--method", "lda", "--dim", "6"], "6 axes: 6 classes have 5 at most"),
        (["--labels", "kinds.csv:kind"], "kinds.csv"),
        (["-o", "things"], ""),
        (["-o", "notes.onnx"], "notes.onnx: there already, and no model that was learned here"),
        (["-o", "other.onnx"], "other.run: there already, and not the run of a linear map"),
        (["--shrinkage", "0"], "0"),
    ],
)
def test_what_cannot_be_is_told_in_one_line_and_nothing_is_changed(train, classes, arguments, told):
    (classes.parent / "notes.onnx").write_text("notes")
    (classes.parent / "other.run").mkdir()
    (classes.parent / "other.run" / "log.csv").write_text("mine")
    trained = train(*arguments)
    assert trained.code == 2
    last = trained.err.splitlines()[-1]
    assert told in last
    assert "Traceback" not in trained.err
    assert (classes.parent / "notes.onnx").read_text() == "notes"
    assert sorted(path.name for path in (classes.parent / "other.run").iterdir()) == ["log.csv"]
    assert not (classes.parent / "shelf.onnx").exists()
    assert not (classes.parent / "shelf.run").exists()


def test_photos_that_are_all_alone_are_told(run, tmp_path, monkeypatch):
    for code in range(3):
        draw_photo(tmp_path / "things" / str(code) / "0.png", code)
    monkeypatch.chdir(tmp_path)
    trained = run("train", "linear", "things", "-o", "m.onnx", "-x", BASE)
    assert trained.code == 2
    assert trained.err.splitlines()[-1].startswith("imgsim: no class has two photos or more")
    assert not (tmp_path / "m.onnx").exists()


def test_three_classes_take_the_usual_shrinkage_and_it_is_said(run, tmp_path, monkeypatch):
    for code in range(3):
        for place in range(2):
            draw_photo(tmp_path / "things" / str(code) / f"{place}.png", 5 * code + place)
    monkeypatch.chdir(tmp_path)
    trained = run("train", "linear", "things", "-o", "m.onnx", "-x", BASE)
    assert trained.code == 0
    assert "fewer than four classes: none is held out" in trained.err
    assert json.loads((tmp_path / "m.run" / "metrics.json").read_text())["held_out"] == {}


def test_a_full_disk_leaves_what_was_there(train, classes, monkeypatch):
    train()
    before = (classes.parent / "shelf.onnx").read_bytes()

    def full(target, data, **_):
        if target.endswith(".onnx"):
            raise OSError(28, "No space left on device", target)

    monkeypatch.setattr("imgsim.training.fitted_run.replace_file", full)
    trained = train("--shrinkage", "0.7")
    assert trained.code == 2
    assert trained.err.splitlines()[-1] == "imgsim: shelf.onnx: cannot be written (No space left on device)"
    assert (classes.parent / "shelf.onnx").read_bytes() == before


def test_options_name_the_methods_that_there_are():
    assert tuple(METHODS) == train_linear.METHODS


def test_a_query_by_a_map_imports_neither_torch_nor_scikit_learn(train, run, shell, classes):
    train()
    run("index", "things", "-x", "embedding:shelf.onnx", "--default", "embedding:shelf.onnx")
    script = (
        "import sys; from imgsim.cli.group import run; "
        "sys.argv = ['imgsim', 'query', 'things/class0/0.png']; code = run(); "
        "print(code, [name for name in ('torch', 'sklearn', 'onnx') if name in sys.modules])"
    )
    done = shell(f'{sys.executable} -c "{script}"', cwd=classes.parent)
    assert done.stdout.decode().splitlines()[-1] == "0 []", done.stderr


def test_names_of_models_are_completed(train, run, classes):
    from imgsim.cli.name_completion import extractors

    train()
    run("models", "import", "shelf.onnx", "--name", "shop")
    assert [item.value for item in extractors(None, None, "embedding:s")] == ["embedding:shop"]
    assert [item.value for item in extractors(None, None, "hog+embed")] == ["hog+embedding:shop"]
