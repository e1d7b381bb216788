"""`imgsim train embedding --scores`: what it says, writes and refuses."""

import csv
import json

import pytest

from tests.training.embeddings.scored import draw_scored
from tests.training.embeddings.tiny import tiny_backbone

pytest.importorskip("torch")
QUICK = ("--dim", 64, "--batch", 12, "--epochs", 2, "-j", 1, "--lr", 0.01)
SCORES = ("--scores", "scores.csv:score")


@pytest.fixture(autouse=True)
def tiny(one_torch_thread, monkeypatch, tmp_path):
    from imgsim.training import run_setup

    monkeypatch.setattr(run_setup, "load_backbone", lambda *_: tiny_backbone())
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return draw_scored(tmp_path)


def train(run, photos, *options):
    return run("train", "embedding", photos, "-o", "m.onnx", *QUICK, *options)


def test_a_run_of_scores_tells_triplets_and_goes_on_to_the_same(run, photos, tmp_path):
    done = train(run, photos, *SCORES, "--widths", "q0.1:q0.5", "--format", "jsonl")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["part"], row["rows"]) for row in rows] == [
        (part, rows) for part in ("validation", "test") for rows in ("embedding", "pooled")
    ]
    assert all(0 <= row["low"] <= row["accuracy"] <= row["high"] <= 1 and row["chance"] == 0.5 for row in rows)
    assert "scores are near within 5.12821, and far beyond " in done.err
    assert " photos that train (8.3%) are no anchors: 2 have no near score, 0 no far one\n" in done.err
    assert "epoch 2: loss" in done.err
    config = (tmp_path / "m.run" / "config.toml").read_text()
    told = ('widths = "q0.1:q0.5"', 'miner = "scores:positives=all"', 'sampler = "scores"', 'by = "accuracy"')
    assert all(f"{line}\n" in config for line in told)
    log = list(csv.DictReader((tmp_path / "m.run" / "log.csv").read_text().splitlines()))
    assert {"accuracy", "spearman"} < set(log[0])
    model = (tmp_path / "m.onnx").read_bytes()
    again = run("train", "embedding", photos, "-o", "m.onnx", "--resume", "-j", 1, "--format", "jsonl")
    assert (again.code, again.out) == (0, done.out), again.err
    assert (tmp_path / "m.onnx").read_bytes() == model
    other = run("train", "embedding", photos, "-o", "m.onnx", "--resume", "--widths", "1:2")
    assert other.err == "imgsim: m.run: the run was begun with widths q0.1:q0.5: leave --widths out\n"
    judged = run("evaluate", photos, *SCORES, "--triplets", "5:30", "-x", "embedding:m.onnx", "-j", 1)
    assert judged.code == 0, judged.err


def test_whole_cities_are_held_out_and_log_ratio_needs_no_partners(run, photos, tmp_path):
    grouped = ("--groups", "scores.csv:city", "--loss", "log-ratio", "--widths", "15:30", "--epochs", 1)
    done = train(run, photos, *SCORES, *grouped)
    assert done.code == 0, done.err
    split = csv.DictReader((tmp_path / "m.run" / "splits.csv").read_text().splitlines())
    parts = {}
    for row in split:
        parts.setdefault(int(row["path"].removesuffix(".png")) % 5, set()).add(row["split"])
    assert all(len(found) == 1 for found in parts.values())
    assert set().union(*parts.values()) == {"train", "validation", "test"}
    config = (tmp_path / "m.run" / "config.toml").read_text()
    assert 'miner = ""\nsampler = "random"\n' in config
    assert 'split = "groups"\n' in config


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((*SCORES, "--sampler", "m-per-class"), "labels that are classes, and these are scores: give random or scores"),
        ((*SCORES, "--loss", "supcon"), "these are scores: give contrastive, log-ratio, margin or triplet"),
        (
            (*SCORES, "--miner", "hard"),
            "it is for labels that are classes, and these are scores: give scores\n",
        ),
        ((*SCORES, "--by", "map@r"), "by: map@r is not for labels that are scores: accuracy or spearman"),
        ((*SCORES, "--split", "classes"), "split: classes is not for labels that are scores: photos or groups"),
        ((*SCORES, "--split", "groups"), "split groups: say by --groups FILE:COLUMN which there are"),
        ((*SCORES, "--split", "photos", "--groups", "folders"), "split photos goes without --groups"),
        ((*SCORES, "--widths", "3"), "widths '3': write WITHIN:BEYOND, such as 5:30 or q0.1:q0.6"),
        ((*SCORES, "--widths", "5:x"), "widths: beyond is a number, or q0.1 for that quantile, not 'x'"),
        ((*SCORES, "--widths", "200:300"), "no photo has both a near and a far partner: of 24 photos, scored 0 to 100"),
        ((*SCORES, "--labels", "folders"), "--labels are classes and --scores numbers: give one of them"),
        (("--scores", "scores.csv:city"), "scores.csv:city: no photo in "),
        (("--loss", "log-ratio"), "labels that are scores, and these are classes: give contrastive, margin, "),
        (("--sampler", "scores"), "labels that are scores, and these are classes: give m-per-class or random"),
        (("--widths", "5:30"), "widths 5:30: only scores have such: say where these are by --scores"),
        (("--groups", "folders"), "--groups folders: only scores have such"),
        (("--by", "spearman"), "by: spearman is not for labels that are classes: recall@1 or map@r"),
    ],
)
def test_what_does_not_fit_is_one_line_and_nothing_is_written(run, photos, tmp_path, options, told):
    done = train(run, photos, *options)
    assert (done.code, done.out) == (2, "")
    lines = [line for line in done.err.splitlines() if line.startswith(("imgsim: ", "Error: "))]
    assert len(lines) == 1
    assert told in f"{lines[0]}\n"
    assert not (tmp_path / "m.onnx").exists()
    assert not (tmp_path / "m.run").exists()


def test_a_score_that_is_no_number_is_named_and_left_out(run, photos, tmp_path):
    table = (tmp_path / "scores.csv").read_text()
    (tmp_path / "scores.csv").write_text(table.replace("0.png,0.0,", "0.png,many,", 1))
    done = train(run, photos, *SCORES, "--widths", "q0.1:q0.5", "--epochs", 1)
    assert done.code == 0, done.err
    assert "0.png (many)" in done.err
    split = (tmp_path / "m.run" / "splits.csv").read_text().splitlines()
    assert len(split) == 40
    assert not any(line.startswith("0.png,") for line in split)


def test_the_streets_sweep_stands_beside_its_published_figures(run, photos):
    quick = ("--dim", 64, "--batch", 12, "--epochs", 1, "-j", 1, "--lr", 0.01, "--seed", 0)
    given = ("train", "sweep", "streets", photos, *quick, "--widths", "q0.1:q0.5", "--format", "jsonl", "-o", "runs")
    done = run(*given, *SCORES)
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in done.out.splitlines()]
    told = [(row["case"], row["published"], row["published_f1"]) for row in rows if row["part"] == "test"]
    assert told == [("margin 1.0", 0.8447, 0.9158), ("margin 0.5", 0.8281, 0.9059), ("margin 0.3", 0.7812, 0.8771)]
    assert all(0 <= row["accuracy"] <= 1 and row["f1_of_true"] >= row["accuracy"] for row in rows)
    unlabelled = run(*given)
    assert unlabelled.code == 2
    assert "widths q0.1:q0.5: only scores have such: say where these are by --scores" in unlabelled.err


def test_a_sweep_of_classes_takes_no_scores_without_widths(run, photos, tmp_path):
    (tmp_path / "c.toml").write_text("epochs = 1\n")
    done = run("train", "sweep", "c.toml", photos, *SCORES, "-o", "runs")
    assert done.code == 2
    assert "c.toml: its runs are of classes: give --widths beside --scores, or --labels" in done.err
