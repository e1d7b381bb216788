"""Stanford Online Products in the commands: its lists as labels, its two protocols, and which one a table is of."""

import csv
import json

import pytest

from tests.products import lay_out_products
from tests.training.embeddings.tiny import tiny_backbone

pytest.importorskip("torch")
QUICK = ("--dim", 64, "--batch", 8, "--epochs", 2, "--loss", "triplet", "-j", 1, "--lr", 0.01)


@pytest.fixture(autouse=True)
def tiny(one_torch_thread, monkeypatch, tmp_path):
    from imgsim.training import run_setup

    monkeypatch.setattr(run_setup, "load_backbone", lambda *_: tiny_backbone())
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def products(tmp_path):
    return lay_out_products(tmp_path / "products")


def train(run, folder, *options):
    return run("train", "embedding", folder, "-o", "m.onnx", *QUICK, "--labels", "products", *options)


def told_rows(done):
    return [json.loads(line) for line in done.out.splitlines()]


def test_one_query_of_each_class_asks_the_others(run, products, tmp_path):
    done = train(run, products, "--split", "products-one-query", "--format", "jsonl")
    assert done.code == 0, done.err
    counts = "17 photos of 4 classes to train, 6 photos of 3 classes to validate, "
    assert counts + "4 photos of 4 classes that ask, 10 photos of 4 classes that are asked for" in done.err
    told = [(row["split"], row["part"], row["photos"]) for row in told_rows(done) if row["rows"] == "embedding"]
    assert told == [("products-one-query", "validation", 6), ("products-one-query", "test", 4)]
    assert json.loads((tmp_path / "m.run" / "metrics.json").read_text())["split"] == "products-one-query"
    with open(tmp_path / "m.run" / "splits.csv") as file:
        queries = [row["label"] for row in csv.DictReader(file) if row["split"] == "query"]
    assert sorted(queries) == ["5", "6", "7", "8"]
    again = run("train", "embedding", products, "-o", "m.onnx", "--resume", "-j", 1, "--format", "jsonl")
    assert (again.code, again.out) == (0, done.out), again.err


def test_left_out_each_test_photo_asks_the_others_and_none_need_validate(run, products, tmp_path):
    options = ("--split", "products-leave-one-out", "--shares", "1:0:0", "--format", "jsonl")
    done = train(run, products, *options)
    assert done.code == 0, done.err
    assert "23 photos of 4 classes to train, 14 photos of 4 classes that are asked for" in done.err
    told = {(row["split"], row["part"], row["photos"]) for row in told_rows(done)}
    assert told == {("products-leave-one-out", "test", 14)}
    assert "what epoch 2 of 2 had learned" in done.err
    assert "nan" not in done.err
    assert (tmp_path / "m.onnx").exists()


def test_other_splits_of_both_lists_are_said_to_be_such(run, products):
    done = train(run, products, "--shares", "0.4:0.3:0.3")
    assert done.code == 0, done.err
    assert "split classes deals the photos of both lists: figures compare with no published ones" in done.err
    assert {line.split("\t")[0] for line in done.out.splitlines()} == {"classes"}


@pytest.mark.parametrize("split", ["products-one-query", "products-leave-one-out"])
def test_protocols_go_by_the_lists(run, products, split, tmp_path):
    told = f"split {split}: it goes by the lists of Stanford Online Products, and labels do not come from these"
    done = run("train", "embedding", products, "-o", "m.onnx", *QUICK, "--split", split)
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(f"imgsim: {told}: give --labels products, or another --split\n")
    assert not (tmp_path / "m.run").exists()


def test_lists_that_are_not_right_are_one_line(run, products, tmp_path):
    (products / "bicycle_final" / "9000_2.png").unlink()
    done = train(run, products)
    told = "Ebay_train.txt: line 4: bicycle_final/9000_2.png is not there\n"
    assert (done.code, done.err) == (2, f"imgsim: {products}/{told}")
    (products / "Ebay_test.txt").unlink()
    done = train(run, products)
    assert done.code == 2
    assert "Ebay_test.txt: No such file or directory: a folder of Stanford Online Products has" in done.err
    assert not (tmp_path / "m.run").exists()
    keyed = run("evaluate", products, "--labels", "products", "--key", "path")
    assert (keyed.code, "--key only goes with a table" in keyed.err) == (2, True)


def test_linear_maps_too_take_classes_from_the_lists(run, products):
    labels = ("--labels", "products", "-x", "histogram:bins=2", "-j", 1)
    done = run("train", "linear", products, *labels, "--shrinkage", 0.5, "-o", "l.onnx")
    assert done.code == 0, done.err
    assert "of 8 classes" in done.err, done.err


def test_a_sweep_says_by_which_split_its_figures_are_and_those_published(run, products, tmp_path):
    (tmp_path / "s.toml").write_text(
        "epochs = 1\ndim = 64\nbatch = 8\nloss = 'contrastive'\n"
        "[[published]]\nsplit = 'products-one-query'\nfigure = 0.75\n"
    )
    folders = ("--labels", "products", "-o", "runs", "-j", 1, "--format", "jsonl")
    for split in ("products-one-query", "products-leave-one-out"):
        done = run("train", "sweep", "s.toml", products, *folders, "--split", split, "-o", split)
        assert done.code == 0, done.err
        told = [(row["split"], row["published"], row["published_split"]) for row in told_rows(done)]
        assert told == [(split, 0.75, "products-one-query")] * 2
