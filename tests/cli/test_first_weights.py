"""The weights that torchvision published first, beside those that its names mean now."""

import hashlib
import shutil

import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.features import load_extractor
from imgsim.models.architectures import ARCHITECTURES
from imgsim.models.cache import list_models
from imgsim.models.download import find_published
from imgsim.models.testing import random_network
from imgsim.models.trunk_spec import TrunkSpec
from imgsim.models.vision import torch

FIRST = "mobilenet_v2@v1"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Weight files of two trainings of one network."""
    folder = tmp_path_factory.mktemp("weights")
    for seed, name in ((1, "first.pth"), (2, "second.pth")):
        torch.save(random_network(FIRST, seed).state_dict(), folder / name)
    return folder


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("resnet50@v1", "resnet50-0676ba61.pth"),
        ("resnet50", "resnet50-11ad3fa6.pth"),
        ("vgg19@v1", "vgg19-dcbb9e9d.pth"),
        ("mobilenet_v3_large@v1", "mobilenet_v3_large-8738ca79.pth"),
        ("mobilenet_v3_small@v1", "mobilenet_v3_small-047dcff4.pth"),
    ],
)
def test_names_mean_the_published_file(name, file):
    published = find_published(TrunkSpec(name))
    assert published.url == f"https://download.pytorch.org/models/{file}"
    assert file.endswith(f"-{published.digest}.pth")


def test_first_and_second_weights_stand_beside_each_other(run, weights, cache, shelf, monkeypatch):
    def download(published, advance):
        asked.append(published.url.rpartition("/")[2])
        cache.mkdir(exist_ok=True)
        part = cache / "download.part"
        shutil.copy(weights / "first.pth", part)
        return str(part)

    asked = []
    monkeypatch.setattr("imgsim.models.download.download_weights", download)
    pulled = run("models", "pull", FIRST)
    assert pulled.code == 0
    assert pulled.err.rstrip().endswith(f"use it as -x {FIRST}")
    assert run("models", "import", weights / "second.pth", "-a", "mobilenet_v2").code == 0
    assert asked == ["mobilenet_v2-b0353104.pth"]
    assert {file.architecture for file in list_models()} == {FIRST, "mobilenet_v2"}
    assert run("index", "shelf", "-x", FIRST, "-x", "mobilenet_v2").code == 0
    both = run("query", "shelf/0.png", "-x", f"{FIRST}@0.7", "-x", "mobilenet_v2@0.3", "-k", "2")
    assert both.code == 0, both.err
    one, other = (run("query", "shelf/0.png", "-x", name).out for name in (FIRST, "mobilenet_v2"))
    assert one != other
    assert "resize" not in (shown := run("models", "show", FIRST)).err
    assert "shorter side 256 px, square 224 px" in shown.out
    assert "shorter side 232 px" in run("models", "show", "mobilenet_v2").out


def test_weights_come_from_a_file_where_there_is_no_network(run, weights, shelf):
    answer = run("index", "shelf", "-x", f"{FIRST}:pooling=max", "--weights", weights / "first.pth")
    assert answer.code == 0, answer.err
    assert run("query", "shelf/0.png", "-x", f"{FIRST}:pooling=max@2").code == 0
    assert [file.architecture for file in list_models()] == [FIRST]


def test_first_weights_under_the_name_of_the_second_are_told(run, weights, monkeypatch):
    digest = hashlib.sha256((weights / "first.pth").read_bytes()).hexdigest()
    row = ARCHITECTURES[FIRST]._replace(weights=f"mobilenet_v2-{digest[:8]}.pth")
    monkeypatch.setitem(ARCHITECTURES, FIRST, row)
    told = f"these weights are those of {FIRST}, which resizes photos as they were trained"
    assert told in run("models", "import", weights / "first.pth", "-a", "mobilenet_v2").err
    assert told not in run("models", "import", weights / "second.pth", "-a", "mobilenet_v2").err


def test_a_network_of_which_there_are_no_others_is_itself(tmp_path):
    found = load_extractor("vgg19@v1:pooling=max")
    assert (found.architecture, found.pooling) == ("vgg19", "max")


@pytest.mark.parametrize("name", ["resnet50@v2", "mobilenet_v3@v1", "efficientnet_lite0@v1"])
def test_weights_that_were_never_published_are_an_unknown_name(run, name):
    answer = run("models", "pull", name)
    assert answer.code == 2
    assert answer.err.startswith(f"imgsim: unknown architecture '{name}': ")
