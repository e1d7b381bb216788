"""`imgsim models` of what was trained: embeddings and classifiers, by their names."""

import json

import pytest

from imgsim.features.classifier import load_classifier
from tests.learned import ensemble, linear_map, probe, write_model


@pytest.fixture(autouse=True)
def cache(model_cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_model(tmp_path / "kinds.onnx", probe())
    write_model(tmp_path / "vote.onnx", ensemble(probe(), probe("phash")))
    write_model(tmp_path / "map.onnx", linear_map())


def test_a_classifier_is_imported_by_a_name_that_another_takes_over(run):
    done = run("models", "import", "kinds.onnx", "--name", "things")
    digits = load_classifier("things").spec.name.partition(":")[2]
    assert (done.code, done.err) == (0, f"imported the classifier {digits}: use it as imgsim classify -m things\n")
    again = run("models", "import", "vote.onnx", "--name", "things")
    assert again.err.startswith(f"things stood for the classifier {digits} before\n")
    assert load_classifier("things").header.kind == "ensemble"
    assert run("models", "import", "map.onnx", "--name", "things").err.endswith("use it as -x embedding:things\n")


def test_classifiers_are_listed_and_shown_by_name(run):
    for name in ("kinds", "vote"):
        run("models", "import", f"{name}.onnx", "--name", f"my-{name}")
    listed = [json.loads(line) for line in run("models", "list", "--format", "jsonl").out.splitlines()]
    rows = {row["name"]: row for row in listed if row["kind"] in ("linear-classifier", "ensemble")}
    assert {name: row["kind"] for name, row in rows.items()} == {"my-kinds": "linear-classifier", "my-vote": "ensemble"}
    assert rows["my-kinds"]["architecture"] == f"classifier:{rows['my-kinds']['weights']}"
    shown = json.loads(run("models", "show", "my-kinds", "--format", "json").out)
    assert shown["classes"] == {"coat": 2, "bag": 2, "shoe": 2}
    assert shown["base"].startswith("histogram:bins=2")
    vote = run("models", "show", "classifier:my-vote").out
    assert "classes: ['coat', 'bag', 'shoe']" in vote
    assert "members: [{'sha256': " in vote
    assert (
        json.loads(run("models", "show", rows["my-vote"]["architecture"], "--format", "json").out)["kind"] == "ensemble"
    )


def test_a_classifier_is_exported_and_removed_with_its_name(run, tmp_path):
    run("models", "import", "kinds.onnx", "--name", "things")
    assert run("models", "export", "things", "again.onnx").code == 0
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "kinds.onnx").read_bytes()
    assert run("models", "remove", "things").code == 0
    gone = run("models", "show", "classifier:things")
    assert gone.code == 2
    assert gone.err == "imgsim: unknown learned model 'classifier:things': there is none\n"
    assert run("models", "list").out.count("classifier") == 0


@pytest.mark.parametrize("option", [["--architecture", "resnet18"], ["--layer", "x"], ["--size", "32"]])
def test_what_is_for_networks_is_refused(run, option):
    done = run("models", "import", "kinds.onnx", *option)
    assert done.code == 2
    assert done.err.splitlines()[-1].endswith("is for a network, and a learned model is whole: leave it out")


@pytest.mark.parametrize("name", ["resnet18", "classifier", "kinds", "a:b"])
def test_a_name_that_means_something_else_is_refused(run, name):
    assert run("models", "import", "vote.onnx", "--name", name).code == 2
