"""`imgsim train embedding`: what it says, writes and refuses."""

import json

import pytest

from tests.training.embeddings.tiny import draw_classes, tiny_backbone

torch = pytest.importorskip("torch")
QUICK = ("--dim", 64, "--batch", 8, "--epochs", 2, "--loss", "triplet", "-j", 1, "--lr", 0.01)


@pytest.fixture(autouse=True)
def tiny(one_torch_thread, monkeypatch, tmp_path):
    from imgsim.training import run_setup

    monkeypatch.setattr(run_setup, "load_backbone", lambda *_: tiny_backbone())
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return draw_classes(tmp_path / "photos", classes=8, each=4)


def train(run, photos, *options):
    return run("train", "embedding", photos, "-o", "m.onnx", *QUICK, *options)


def test_it_writes_a_model_a_folder_and_what_it_came_to(run, photos, tmp_path):
    done = train(run, photos, "--format", "jsonl")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["part"], row["rows"]) for row in rows] == [
        (part, rows) for part in ("validation", "test") for rows in ("embedding", "pooled", "linear")
    ]
    assert all(0 <= row["low"] <= row["recall@1"] <= row["high"] <= 1 for row in rows)
    assert "epoch 2: loss" in done.err
    assert "-x embedding:m.onnx" in done.err
    made = {path.name for path in (tmp_path / "m.run").iterdir()}
    assert {"config.toml", "splits.csv", "log.csv", "metrics.json", "checkpoint.pt"} <= made
    asked = run("extract", photos / "class0" / "0.png", "-x", "embedding:m.onnx", "--format", "jsonl")
    assert asked.code == 0, asked.err
    again = train(run, photos)
    assert again.code == 2
    assert again.err.startswith("imgsim: m.run: a run is in it already: go on with it by --resume")


def test_a_run_that_is_over_is_told_again_and_not_otherwise(run, photos, tmp_path):
    first = train(run, photos)
    model = (tmp_path / "m.onnx").read_bytes()
    (tmp_path / "m.onnx").unlink()
    again = run("train", "embedding", photos, "-o", "m.onnx", "--resume", "-j", 1)
    assert (again.code, again.out) == (0, first.out), again.err
    assert (tmp_path / "m.onnx").read_bytes() == model
    other = run("train", "embedding", photos, "-o", "m.onnx", "--resume", "--lr", 0.5)
    assert (other.code, other.err) == (2, "imgsim: m.run: the run was begun with lr 0.01: leave --lr out\n")
    labelled = run("train", "embedding", photos, "-o", "m.onnx", "--resume", "--labels", "folders")
    assert labelled.code == 2
    assert "leave it out with --resume" in labelled.err


def test_a_configuration_says_options_and_options_come_first(run, photos, tmp_path):
    (tmp_path / "c.toml").write_text('epochs = 1\nlr = 1\nhead-lr = 3.5\nseed = 4\nby = "map@r"\n')
    done = train(run, photos, "--config", "c.toml", "--epochs", 1)
    assert done.code == 0, done.err
    written = (tmp_path / "m.run" / "config.toml").read_text()
    assert "epochs = 1\n" in written
    assert "lr = 0.01\n" in written
    assert "head-lr = 3.5\nhead-decay = 0.5\n" in written
    assert "seed = 4\n" in written
    assert 'by = "map@r"\n' in written
    assert 'loss = "triplet:margin=0.2,distance=sqeuclidean"\n' in written


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("epocs = 3\n", "imgsim: c.toml: unknown key 'epocs': did you mean epochs?\n"),
        ("epochs = 'three'\n", "imgsim: c.toml: epochs is a whole number, not 'three'\n"),
        ("epochs 3\n", "imgsim: c.toml: not TOML"),
        ("dim = 100\n", "imgsim: dim is 64, 128, 256 or 512, not 100\n"),
    ],
)
def test_a_wrong_configuration_is_one_line(run, photos, tmp_path, config, told):
    (tmp_path / "c.toml").write_text(config)
    done = run("train", "embedding", photos, "-o", "m.onnx", "--config", "c.toml")
    assert done.code == 2
    assert done.err.startswith(told)
    assert done.err.count("\n") == 1
    assert not (tmp_path / "m.run").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--loss", "tripelt"), "unknown loss 'tripelt': did you mean triplet?"),
        (("--miner", "hrad"), "unknown miner 'hrad': did you mean hard?"),
        (("--sampler", "per-class"), "unknown sampler 'per-class': did you mean m-per-class?"),
        (("--freeze", 9), "freeze 9: efficientnet_lite0 has 3 stages: give 0 to 3, but-last or all"),
        (("--views", 3), "views are what frozen stages are given, and none is frozen"),
        (("--shares", "1:1:1"), "shares 1:1:1: give those of train, validation, test, 1 together"),
        (("--shares", "most"), "shares 'most': three numbers with colons between them"),
        (("--lr", 0), "lr is a number above 0, not 0.0"),
        (("--resume",), "m.run: no run is in it to go on with: leave --resume out to begin one"),
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


def test_cuda_that_is_not_there_is_told(run, photos, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    done = train(run, photos, "--device", "cuda")
    assert (done.code, done.err) == (2, "imgsim: device cuda: this torch has cpu\n")


def test_classes_of_one_photo_are_told(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photos = draw_classes(tmp_path / "alone", classes=5, each=1)
    done = train(run, photos)
    assert done.code == 2
    assert "no class has two photos that are not copies: there is nothing to learn from" in done.err
