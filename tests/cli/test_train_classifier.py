"""`imgsim train classifier`: what it says, writes and refuses."""

import json

import pytest

from tests.training.embeddings.tiny import draw_classes, tiny_backbone

pytest.importorskip("torch")
QUICK = ("--batch", 8, "--epochs", 2, "--freeze", 2, "--views", 2, "-j", 1, "--lr", 0.01)


@pytest.fixture(autouse=True)
def tiny(one_torch_thread, monkeypatch, tmp_path):
    from imgsim.training import run_setup

    monkeypatch.setattr(run_setup, "load_backbone", lambda *_: tiny_backbone())
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return draw_classes(tmp_path / "photos", classes=4, each=8)


def train(run, photos, *options):
    return run("train", "classifier", photos, "-o", "m.onnx", *QUICK, *options)


def test_it_writes_a_model_a_folder_and_what_it_came_to(run, photos, tmp_path):
    done = train(run, photos, "--format", "jsonl")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["part"], row["rows"], row["classes"]) for row in rows] == [
        (part, rows, 4 if part == "test" else rows_classes)
        for part, rows_classes in (("validation", rows[0]["classes"]), ("test", 4))
        for rows in ("network", "regression")
    ]
    for row in rows:
        for name in ("log-loss", "top-1", "top-3", "macro-f1"):
            assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
    assert "class0: learned from " in done.err
    assert "epoch 0: as it begins, log-loss " in done.err
    assert "epoch 2: loss " in done.err
    assert "use it by imgsim classify -m m.onnx" in done.err
    made = {path.name for path in (tmp_path / "m.run").iterdir()}
    expected = {"config.toml", "splits.csv", "classes.csv", "samples.png", "log.csv", "metrics.json", "checkpoint.pt"}
    assert expected <= made
    again = train(run, photos)
    assert again.code == 2
    assert again.err.startswith("imgsim: m.run: a run is in it already: go on with it by --resume")


def test_a_run_that_is_over_is_told_again_and_not_otherwise(run, photos, tmp_path):
    first = train(run, photos)
    model = (tmp_path / "m.onnx").read_bytes()
    (tmp_path / "m.onnx").unlink()
    again = run("train", "classifier", photos, "-o", "m.onnx", "--resume", "-j", 1)
    assert (again.code, again.out) == (0, first.out), again.err
    assert (tmp_path / "m.onnx").read_bytes() == model
    other = run("train", "classifier", photos, "-o", "m.onnx", "--resume", "--smoothing", 0.5)
    assert (other.code, other.err) == (
        2,
        "imgsim: m.run: the run was begun with smoothing 0.0: leave --smoothing out\n",
    )
    parted = run("train", "classifier", photos, "-o", "m.onnx", "--resume", "--splits", "splits.csv")
    assert parted.code == 2
    assert "leave it out with --resume" in parted.err


def test_labels_come_from_a_table_and_parts_from_another_run(run, photos, tmp_path):
    paths = sorted(path.relative_to(photos).as_posix() for path in photos.rglob("*.png"))
    lines = [f"{path},{'odd' if int(path[5]) % 2 else 'even'}" for path in paths]
    (tmp_path / "t.csv").write_text("\n".join(["path,kind", *lines]) + "\n")
    done = train(run, photos, "--labels", "t.csv:kind")
    assert done.code == 0, done.err
    assert "even: learned from " in done.err
    splits = tmp_path / "m.run" / "splits.csv"
    again = run("train", "classifier", photos, "-o", "n.onnx", *QUICK, "--splits", splits, "--seed", 9)
    assert again.code == 0, again.err
    assert (tmp_path / "n.run" / "splits.csv").read_text() == splits.read_text()
    assert [line.split("\t")[:4] for line in again.out.splitlines()] == [
        line.split("\t")[:4] for line in done.out.splitlines()
    ]
    both = run("train", "classifier", photos, "-o", "o.onnx", "--splits", splits, "--labels", "t.csv:kind")
    assert (both.code, "--splits has the photos' classes: leave --labels out" in both.err) == (2, True)
    text = splits.read_text().replace(",odd,train", ",odd,test").replace(",odd,validation", ",odd,test")
    splits.write_text(text)
    only = run("train", "classifier", photos, "-o", "o.onnx", "--splits", splits, "-j", 1)
    assert only.code == 2
    assert "1 class has no photo to learn from, only such as validate or test (odd)" in only.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--freeze", 9), "freeze 9: efficientnet_lite0 has 3 stages: give 0 to 3, but-last or all"),
        (("--freeze", 0), "views are what frozen stages are given, and none is frozen"),
        (("--unfreeze", "soon"), "unfreeze 'soon': EPOCH:STAGES"),
        (("--dropout-rate", 1), "dropout-rate is a share, 0 or above, less than 1, not 1.0"),
        (("--resume",), "m.run: no run is in it to go on with: leave --resume out to begin one"),
        (("--config", "none.toml"), "none.toml: No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_nothing_is_written(run, photos, tmp_path, options, told):
    done = train(run, photos, *options)
    assert (done.code, done.out) == (2, "")
    lines = [line for line in done.err.splitlines() if line.startswith("imgsim: ")]
    assert len(lines) == 1
    assert told in lines[0]
    assert not (tmp_path / "m.onnx").exists()
    assert not (tmp_path / "m.run").exists()


def test_folders_that_teach_nothing_are_one_line(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = draw_classes(tmp_path / "one", classes=1, each=4)
    (tmp_path / "none").mkdir()
    for folder, told in ((one, "a classifier tells classes apart, and there is one (class0)"), ("none", "no photo")):
        done = train(run, folder)
        assert (done.code, done.out) == (2, "")
        assert told in done.err
        assert done.err.count("imgsim: ") == 1


def test_a_model_of_another_kind_is_not_replaced(run, photos, tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"notes")
    done = train(run, photos)
    assert (done.code, done.err) == (2, "imgsim: m.onnx: there already, and no model that was learned here\n")


def test_a_sweep_of_classifiers_refuses_what_embeddings_have(run, photos, tmp_path):
    (tmp_path / "s.toml").write_text('train = "classifier"\nepochs = 1\nbatch = 8\nfreeze = "2"\nviews = 2\n')
    refused = run("train", "sweep", "s.toml", photos, "-o", "runs", "--dim", 64)
    assert refused.code == 2
    assert "--dim: embeddings have it, and these are classifiers: leave it out" in refused.err
    scored = run("train", "sweep", "s.toml", photos, "-o", "runs", "--scores", "t.csv:score")
    assert scored.code == 2
    assert "--scores: classifiers are of classes: leave it out" in scored.err
    done = run("train", "sweep", "s.toml", photos, "-o", "runs", "--smoothing", 0.1, "-j", 1, "--format", "jsonl")
    assert done.code == 0, done.err
    assert [json.loads(line)["part"] for line in done.out.splitlines()] == ["validation", "test"]
    assert "smoothing = 0.1" in (tmp_path / "runs" / "seed=0" / "config.toml").read_text()
