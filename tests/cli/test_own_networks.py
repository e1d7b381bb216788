"""An ONNX file of another program's, from its import to a query by it, and what is told of one that does not fit."""

import json

import pytest

pytest.importorskip("onnx", reason="the extra deep is not installed")

from imgsim.models.cache import list_models
from tests.models.graphs import network


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("imgsim.models.packaged.find_packaged", lambda *_, **__: None)
    return tmp_path / "models"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small-net.onnx"
    path.write_bytes(network(gives="maps"))
    return path


def test_a_network_is_imported_under_a_name_and_asked(run, file, shelf, cache):
    came = run("models", "import", file, "--name", "mine", "--size", "96", "--mean", "0.5", "--deviation", "1/255")
    assert came.code == 0
    assert came.err.splitlines()[0] == (
        f"{file}: input pixels, 96 x 96 px or any other size, rgb, mean 0.5,0.5,0.5, "
        "deviation 0.00392157,0.00392157,0.00392157; output out, 4 values"
    )
    assert came.err.rstrip().endswith("use it as -x mine")
    assert run("index", "shelf", "-x", "mine", "-x", "phash").code == 0
    by_name = run("query", "shelf/0.png", "-x", "mine@0.5", "-x", "phash@0.5")
    assert by_name.code == 0, by_name.err
    assert run("query", "shelf/0.png", "-x", "onnx/mine@0.5", "-x", "phash@0.5").out == by_name.out
    (listed,) = [json.loads(line) for line in run("models", "list", "--format", "jsonl").out.splitlines()]
    assert (listed["architecture"], listed["name"], listed["kind"]) == ("onnx/mine", "mine", "network")
    assert run("models", "show", "mine").out.startswith("architecture: onnx/mine\nmodel: ")
    assert "onnx/mine" in run("info", "shelf").out
    assert run("models", "remove", "mine").code == 0
    gone = run("query", "shelf/0.png", "-x", "onnx/mine")
    assert gone.code == 2
    assert "no onnx/mine model with weights " in gone.err
    assert gone.err.rstrip().endswith(
        "`imgsim models export onnx/mine FILE.onnx` there, `imgsim models import FILE.onnx` here"
    )


def test_it_goes_to_another_machine_by_export_and_import(run, file, tmp_path, monkeypatch):
    run("models", "import", file, "--size", "64")
    assert [one.architecture for one in list_models()] == ["onnx/small_net"]
    assert run("models", "export", "onnx/small_net", tmp_path / "sent.onnx").code == 0
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "elsewhere"))
    came = run("models", "import", tmp_path / "sent.onnx", "--name", "sent")
    assert came.err == f"imported onnx/small_net, weights {list_models()[0].weights[:12]}: use it as -x sent\n"
    told = run("models", "import", tmp_path / "sent.onnx", "--size", "64")
    assert told.code == 2
    assert "--size is for an ONNX file of another program's, which " in told.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "not a model that imgsim exported, or a truncated one; of another program's, --size, --mean and"),
        (["--mean", "0.5,0.5"], "one number for all channels, or three as 0.485,0.456,0.406"),
        (["--mean", "nan"], "one number for all channels"),
        (["--deviation", "0"], "of 1e-06 to 1000"),
        (["--deviation", "1/0"], "one number for all channels"),
        (["--size", "5"], "32 to 4096 pixels wide, not 5"),
        (["--size", "64", "-a", "resnet18"], "--architecture and --padding are for weights"),
        (["--name", "histogram"], "'histogram' is the name of something else already"),
        (["--size", "64", "--layer", "nope"], "it computes no 'nope': its outputs are out"),
        (["--size", "64", "--input", "nope"], "it takes no 'nope', but pixels"),
    ],
)
def test_what_does_not_fit_is_told_and_imports_nothing(run, file, options, told):
    answer = run("models", "import", file, *options)
    assert answer.code == 2
    assert told in answer.err
    assert list_models() == []


def test_options_of_networks_are_not_for_weights(run, tmp_path):
    (tmp_path / "w.pth").write_bytes(b"PK\x03\x04")
    answer = run("models", "import", tmp_path / "w.pth", "-a", "resnet18", "--mean", "0.5")
    assert answer.code == 2
    assert "--mean is for an ONNX file of another program's" in answer.err


@pytest.mark.parametrize("line", [["models", "pull", "onnx/mine"], ["index", "shelf", "-x", "onnx/mine"]])
def test_a_network_that_nobody_brought_is_published_nowhere(run, shelf, line):
    answer = run(*line)
    assert answer.code == 2
    assert "onnx/mine is a network of somebody's own, published nowhere" in answer.err
