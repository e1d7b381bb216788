"""`imgsim train linear --pairs`: a map learned from what people decided about pairs."""

import json
import shutil
import tomllib

import numpy as np
import pytest

from imgsim.index.store.pair_store import CONFIRMED, REJECTED, SAID
from imgsim.index.update import update_index
from tests.cli.test_pair_sources import EXTRACTOR, decide, draw, some

THINGS = 8


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Eight lost things, each of which was found, one of them twice, and two others."""
    folder = tmp_path_factory.mktemp("office")
    for seed in range(THINGS):
        draw(folder / "lost" / f"l{seed:02}.png", seed, 40)
    for seed in range(THINGS + 2):
        draw(folder / "found" / f"f{seed:02}.png", seed, 40)
    draw(folder / "found" / "again.png", 0, 40)
    for side in ("lost", "found"):
        update_index(folder / side, extractors=[EXTRACTOR])
    return folder


@pytest.fixture
def office(drawn, tmp_path, monkeypatch):
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))
    shutil.copytree(drawn, tmp_path / "office")
    monkeypatch.chdir(tmp_path / "office")
    return tmp_path / "office"


@pytest.fixture
def train(run, office):
    return lambda *more: run("train", "linear", "found", "-o", "m.onnx", "--pairs", "--lost", "lost", *more)


def metrics(office):
    return json.loads((office / "m.run" / "metrics.json").read_text())


def test_confirmed_pairs_are_classes_and_chain(train, office):
    decide(*some(THINGS), ("l00", "again", CONFIRMED), ("l01", "f08", REJECTED), ("l02", "f09", SAID))
    trained = train("--where", "path <> 'x'")
    assert trained.code == 0, trained.err
    assert "9 confirmed pairs chain 17 photos into 8 things, which are taken to be different ones" in trained.err
    assert "since they were rejected: 1" in trained.err
    assert "whitening of 17 photos of 8 classes, shrinkage " in trained.err
    told = metrics(office)
    assert (told["photos"], told["classes"], told["left_out"]) == (17, 8, 0)
    assert told["held_out"]["mapped"]["map@r"] > 0
    config = tomllib.loads((office / "m.run" / "config.toml").read_text())
    assert (config["pairs"], config["lost"], config["where"]) == (True, "lost", ["path <> 'x'"])
    assert "labels" not in config
    assert (config["scale"], told["scaled"]) == (False, False)
    before = (office / "m.onnx").read_bytes()
    assert train().code == 0
    assert (office / "m.onnx").read_bytes() == before  # what a run is told of is not in the model


def test_rejected_pairs_count_where_maps_are_judged(train, office):
    decide(*some(THINGS))
    assert train("--shrinkage", "0.5").code == 0
    alone = metrics(office)
    decide(*((f"l{number:02}", f"f{other:02}", REJECTED) for number in range(THINGS) for other in (8, 9)))
    assert train("--shrinkage", "0.5").code == 0
    beside = metrics(office)
    assert beside["held_out"]["unmapped"]["map@r"] <= alone["held_out"]["unmapped"]["map@r"]
    assert beside["learned_from"] != alone["learned_from"]
    assert beside["photos"] == alone["photos"]


def test_a_rejection_within_a_chain_takes_the_chain_out(train, office):
    decide(*some(THINGS), ("l00", "f01", CONFIRMED), ("l01", "f00", REJECTED))
    trained = train()
    assert trained.code == 0, trained.err
    assert (
        "1 rejected pairs are of what confirmed pairs chain into one thing, and those things are left out: "
        "f00.png and l01.png"
    ) in trained.err.replace("l01.png and f00.png", "f00.png and l01.png")
    assert metrics(office)["classes"] == THINGS - 2
    strict = train("--strict")
    assert strict.code == 2
    assert "--strict was given" in strict.err


def test_too_few_things_are_refused_in_one_line(train, office):
    decide(*some(4))
    refused = train()
    assert refused.code == 2
    assert refused.err.splitlines()[-1].startswith(
        "imgsim: by confirmed pairs 4 things have two photos or more: 5 are needed; `imgsim match --new` shows some"
    )
    assert not (office / "m.onnx").exists()
    assert not (office / "m.run").exists()


def test_nothing_is_passed_over_in_silence(run, train, office):
    assert "is for classes" in train("--labels", "folders").err
    refused = run("train", "linear", "found", "-o", "m.onnx", "--lost", "lost")
    assert refused.code == 2
    assert "--lost goes with --pairs" in refused.err
    assert "no pair is decided" in train().err


def test_one_index_of_both_in_which_a_photo_is_on_both_sides(run, office):
    shutil.move(office / "lost", office / "both" / "lost")
    shutil.move(office / "found", office / "both" / "found")
    update_index("both", extractors=[EXTRACTOR])
    pairs = [(f"lost/l{number:02}", f"found/f{number:02}", CONFIRMED) for number in range(THINGS)]
    decide(*pairs, ("found/f00", "found/again", CONFIRMED), lost="both", found="both")
    trained = run("train", "linear", "both", "-o", "m.onnx", "--pairs")
    assert trained.code == 0, trained.err
    assert (metrics(office)["photos"], metrics(office)["classes"]) == (17, THINGS)


def test_copies_on_both_sides_teach_nothing(train, office):
    shutil.copy(office / "lost" / "l00.png", office / "found" / "copy.png")
    update_index("found", extractors=[EXTRACTOR])
    decide(*some(THINGS)[1:], ("l00", "copy", CONFIRMED))
    trained = train()
    assert trained.code == 0, trained.err
    assert "1 photo is a copy of others and left out" in trained.err
    assert "1 photo left out: alone in its class" in trained.err
    assert metrics(office)["classes"] == THINGS - 1


def test_the_model_is_an_extractor(run, train, office, monkeypatch):
    monkeypatch.setattr("imgsim.models.model_shelf.look_limited", lambda _path, look, *given: look(*given))
    decide(*some(THINGS))
    assert train().code == 0
    judged = run("evaluate", "found", "--pairs", "--lost", "lost", "-x", "embedding:m.onnx", "--format", "json")
    assert judged.code == 0, judged.err
    assert np.isfinite(json.loads(judged.out)[0]["recall@1"])
