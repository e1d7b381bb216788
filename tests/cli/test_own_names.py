"""Names of one's own for imported models, used where an extractor is named."""

import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.features import load_extractor
from imgsim.models.cache import list_models
from imgsim.models.testing import random_network
from imgsim.models.vision import torch

SMALL = "squeezenet1_1"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("imgsim.models.packaged.find_packaged", lambda *_, **__: None)
    return tmp_path / "models"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    for seed in (1, 2):
        torch.save(random_network(SMALL, seed).state_dict(), folder / f"{seed}.pth")
    return folder


@pytest.fixture
def import_(run, weights):
    return lambda name, seed=1, *more: run(
        "models", "import", weights / f"{seed}.pth", "-a", SMALL, "--name", name, *more
    )


def test_a_model_is_used_by_its_name(run, import_, shelf):
    first = import_("shop-net")
    assert first.code == 0
    assert first.err.rstrip().endswith("use it as -x shop-net")
    import_("other", 2)
    weights = {name: load_extractor(name).spec for name in ("shop-net", "other", SMALL)}
    assert weights["other"] == weights[SMALL] != weights["shop-net"]  # the last import is what the network's name means
    assert weights["shop-net"].name == SMALL
    assert run("index", "shelf", "-x", "shop-net:pooling=max").code == 0
    asked = run("query", "shelf/0.png", "-x", "shop-net:pooling=max@0.5", "-x", "phash@0.5", "-k", "1")
    assert asked.code == 0, asked.err
    assert run("extract", "shelf/0.png", "-x", "other").out.count(SMALL) == 1
    assert run("index", "shelf", "--drop", "shop-net:pooling=max").code == 0
    assert SMALL not in run("info", "shelf").out


def test_names_are_listed_shown_exported_and_removed(run, import_, tmp_path):
    import_("shop")
    import_("other", 2)
    rows = [line.split("\t") for line in run("models", "list").out.splitlines()]
    assert [row[-1] for row in rows] == ["other", "shop"]
    shown = run("models", "show", "shop")
    assert shown.out.startswith(f"architecture: {SMALL}\n")
    assert shown.out.count("model: ") == 1
    assert run("models", "export", "shop", tmp_path / "shop.onnx").code == 0
    assert run("models", "remove", "shop").code == 0
    assert [row.rpartition("\t")[2] for row in run("models", "list").out.splitlines()] == ["other"]
    gone = run("extract", "x.png", "-x", "shop")
    assert gone.code == 2
    assert "unknown extractor 'shop'" in gone.err
    again = run("models", "import", tmp_path / "shop.onnx", "--name", "shop")  # as on another machine
    assert again.code == 0
    assert load_extractor("shop").spec.name == SMALL


def test_a_name_passes_to_the_next_import_and_says_so(import_):
    import_("shop")
    first = load_extractor("shop").spec
    answer = import_("shop", 2)
    assert answer.err.startswith(f"shop stood for {SMALL}, weights ")
    assert load_extractor("shop").spec != first


@pytest.mark.parametrize(
    "name",
    ["histogram", "resnet50", "resnet50@v1", "lite", "timm/x", "onnx", "external", "a b", "-x", "a:b", "a--b", "ü"],
)
def test_names_that_mean_something_else_are_refused_before_anything_is_imported(import_, name):
    answer = import_(name)
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert "is the name of something else already" in answer.err or "a model's name is of" in answer.err
    assert list_models() == []


def test_a_name_whose_model_is_gone_is_unknown(import_, cache):
    import_("shop")
    for file in list_models():
        (cache / file.name).unlink()
    with pytest.raises(Exception, match="unknown extractor 'shop'"):
        load_extractor("shop")
