"""Which model an architecture means where no weights are named."""

import json
import os

import pytest

from imgsim.models.cache import find_models, list_models, make_default, store_model
from imgsim.models.defaults import FILE, read_defaults, write_defaults


def store(weights, architecture="resnet18", padding="torch", layer="final", data=b"x"):
    return store_model(data, architecture=architecture, padding=padding, layer=layer, weights=weights * 64)


def meant(**wanted):
    return find_models("resnet18", **wanted)[0].weights[0]


def test_the_last_import_is_meant_whatever_the_files_times_say(cache):
    first, second = store("1"), store("2")
    os.utime(second.path, (1, 1))
    assert meant() == "2"
    assert list_models() == [first, second]  # the newest first
    store("1")
    assert meant() == "1"
    assert json.loads((cache / FILE).read_text()) == {"resnet18--torch--final": os.path.basename(first.path)}
    assert list_models() == [first, second]  # importing again touches no model


def test_each_padding_and_layer_has_its_own(cache):
    store("1")
    store("2", padding="tensorflow")
    store("3", layer="layer3")
    store("4", architecture="resnet34")
    assert (meant(), meant(padding="torch"), meant(layer="layer3")) == ("2", "1", "3")
    assert set(read_defaults(str(cache))) == {
        "resnet18--torch--final",
        "resnet18--tensorflow--final",
        "resnet18--torch--layer3",
        "resnet34--torch--final",
    }


def test_a_network_of_timm_has_one():
    for weights in "12":
        store(weights, "timm/xception41.tf_in1k")
    store("1", "timm/xception41.tf_in1k")
    assert find_models("timm/xception41.tf_in1k")[0].weights == "1" * 64


@pytest.mark.parametrize(
    "damage", [None, b"", b"[]", b"5", b"{", b'{"resnet18--torch--final": 5}', b"\xff", b"[" * 100_000]
)
def test_without_a_record_the_newest_is_meant(cache, damage):
    """As in a cache that an older imgsim filled; a damaged record is none, and the next import mends it."""
    files = [store(weights) for weights in "132"]
    for place, file in enumerate(sorted(files)):
        os.utime(file.path, (place, place))
    if damage is None:
        (cache / FILE).unlink()
    else:
        (cache / FILE).write_bytes(damage)
    assert meant() == "3"
    make_default(files[0])
    assert meant() == "1"
    assert read_defaults(str(cache)) == {"resnet18--torch--final": os.path.basename(files[0].path)}


def test_what_was_removed_is_not_meant(cache):
    store("1")
    last = store("2")
    os.unlink(last.path)
    assert meant() == "1"
    write_defaults(str(cache), read_defaults(str(cache)))
    assert not (cache / FILE).exists()


def test_a_record_names_no_file_elsewhere(cache, tmp_path):
    """Only models of the cache are found, whatever is recorded."""
    store("1")
    (tmp_path / "x.onnx").write_bytes(b"x")
    (cache / FILE).write_text(json.dumps({"resnet18--torch--final": "../x.onnx", "": str(tmp_path / "x.onnx")}))
    assert [file.weights[0] for file in find_models("resnet18")] == ["1"]


def test_a_relative_cache_has_one_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMGSIM_MODELS", "./models/")
    for weights in "121":
        store(weights)
    assert meant() == "1"
