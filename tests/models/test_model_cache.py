"""The model cache: names, damage, races, and places that cannot be written."""

import os
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

import onnx

from imgsim.cli.remedies import explain
from imgsim.errors import WeightsError
from imgsim.models.cache import ModelFile, find_models, list_models, models_directory, store_model
from imgsim.models.imported_model import import_model, is_model
from imgsim.models.imported_weights import import_weights
from imgsim.models.testing import random_network, store_random_model
from imgsim.models.trunk_spec import TrunkSpec
from imgsim.models.vision import torch
from tests.forging import REMOVED, forge, forge_sealed, in_format_1

HASH = "ab" * 32


def store(data=b"x", **fields):
    return store_model(
        data, **{"architecture": "resnet18", "padding": "torch", "layer": "final", "weights": HASH} | fields
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "squeezenet.pth"
    torch.save(random_network("squeezenet1_1", 4).state_dict(), path)
    return str(path)


@pytest.fixture(scope="module", params=[1, 2])
def exported(request, tmp_path_factory):
    """The content of a model file, of either format."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGSIM_MODELS", str(tmp_path_factory.mktemp("models")))
        data = store_random_model("squeezenet1_1", 4, layer="features.9", padding="tensorflow").read()
    return in_format_1(data) if request.param == 1 else data


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"architecture": "timm/xception41.tf_in1k"},
        {"layer": "features.12", "padding": "tensorflow", "architecture": "mobilenet_v2"},
    ],
)
def test_names_tell_what_is_in_them(fields):
    stored = store(**fields)
    assert list_models() == [stored]
    assert stored.read() == b"x"
    assert stored.size == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"architecture": "nonesuch"},
        {"layer": "../../../outside"},
        {"layer": "/outside"},
        {"weights": "a--b"},
        {"padding": "a/b"},
    ],
)
def test_a_name_that_could_not_be_read_back_is_refused(tmp_path, cache, fields):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(WeightsError, match="not a model of imgsim"):
        store(**fields)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_newest_comes_first_and_strangers_are_passed_over(cache):
    files = [store(weights=digit * 64) for digit in "123"]
    for place, file in enumerate(files):
        os.utime(file.path, (place, place))
    (cache / "holiday.onnx").write_bytes(b"")
    (cache / "a--b--c--d--e.onnx").write_bytes(b"")
    assert list_models() == files[::-1]
    assert find_models("resnet18", weights="2") == [files[1]]
    assert find_models("resnet18", layer="layer3") == find_models("resnet34") == []
    assert find_models("resnet18", padding="tensorflow") == []


def test_what_went_away_is_passed_over(cache, monkeypatch):
    """A link to nothing, a folder, and a file that another process removes while the cache is listed."""
    stored, removed = store(), store(weights="2" * 64)
    name = os.path.basename(stored.path)
    (cache / name.replace("resnet18", "resnet34")).symlink_to(cache / "nothing")
    (cache / name.replace("resnet18", "resnet50")).mkdir()
    whole = os.stat

    def stat(path, *arguments, **options):
        if str(path) == removed.path:
            raise FileNotFoundError(2, "No such file or directory")
        return whole(path, *arguments, **options)

    monkeypatch.setattr("imgsim.models.cache.os.stat", stat)
    assert list_models() == [stored]


def test_the_size_of_what_went_away_is_told():
    file = store()
    os.unlink(file.path)
    with pytest.raises(WeightsError, match=r"\.onnx: No such file"):
        _ = file.size


def test_an_absent_cache_is_empty_and_is_made_when_needed(cache):
    assert list_models() == []
    assert not cache.exists()
    store()
    assert models_directory() == str(cache)
    assert cache.is_dir()


@pytest.mark.parametrize("look", [ModelFile.read, ModelFile.verify])
@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"y" + data[1:], lambda data: b""])
def test_damage_is_told_and_breaks_nothing_else(cache, damage, look):
    good = store(b"good model", weights="1" * 64)
    bad = store(b"some model", weights="2" * 64)
    content = (cache / os.path.basename(bad.path)).read_bytes()
    (cache / os.path.basename(bad.path)).write_bytes(damage(content))
    with pytest.raises(WeightsError, match=r"damaged or tampered with$") as caught:
        look(bad)
    assert explain(caught.value).endswith(": `imgsim models remove resnet18`, then import it again")
    assert good.read() == b"good model"
    assert good.verify() == good.path


@pytest.mark.parametrize("look", [ModelFile.read, ModelFile.verify])
def test_a_model_that_went_away_is_told(look):
    file = store()
    os.unlink(file.path)
    with pytest.raises(WeightsError, match="No such file"):
        look(file)


def test_a_cache_below_a_file_cannot_be_written(tmp_path, monkeypatch, file):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "file" / "models"))
    assert list_models() == []
    with pytest.raises(WeightsError, match=r"cannot be written \(Not a directory\); choose another folder"):
        import_weights(file, TrunkSpec("squeezenet1_1"))


def test_a_full_disk_leaves_nothing(left, monkeypatch):
    store()
    before = left()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(WeightsError, match="No space left"):
        store(b"another")
    assert left() == before


@pytest.fixture
def imported(file, cache, imported_once):
    """A cache with the export of a weight file."""
    shutil.copytree(imported_once, cache)
    return list_models()[0]


@pytest.fixture(scope="module")
def imported_once(file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("imported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGSIM_MODELS", str(folder))
        import_weights(file, TrunkSpec("squeezenet1_1"))
    return folder


def test_importing_again_makes_a_model_the_default(file, imported):
    other = store(b"other", architecture="squeezenet1_1")
    assert find_models("squeezenet1_1")[0] == other
    assert import_weights(file, TrunkSpec("squeezenet1_1")) == imported
    assert find_models("squeezenet1_1") == [imported, other]


def test_importing_again_into_a_read_only_cache(file, monkeypatch, imported):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("imgsim.files.open_part", refuse)
        assert import_weights(file, TrunkSpec("squeezenet1_1")) == imported
    store(b"other", architecture="squeezenet1_1")
    monkeypatch.setattr("imgsim.files.open_part", refuse)
    with pytest.raises(WeightsError, match=r"cannot become the default \(Permission denied\)$") as caught:
        import_weights(file, TrunkSpec("squeezenet1_1"))
    assert explain(caught.value).endswith(f": use -x squeezenet1_1:weights={imported.weights[:12]},padding=torch")


def test_importing_again_repairs_what_was_damaged(file, imported):
    other = store(b"other", architecture="squeezenet1_1")
    data = imported.read()
    os.truncate(imported.path, 1000)
    repaired = import_weights(file, TrunkSpec("squeezenet1_1"))
    assert repaired == imported
    assert repaired.read() == data
    assert set(list_models()) == {imported, other}


@pytest.mark.parametrize(
    "change", [lambda data: forge(data, digest=REMOVED), lambda data: forge_sealed(data, weights=HASH), lambda _: b"x"]
)
def test_importing_again_replaces_what_is_not_what_was_exported(file, imported, change):
    """A model without a digest, one that was renamed, and none at all."""
    data = change(imported.read())
    os.unlink(imported.path)
    other = store(data, architecture="squeezenet1_1", weights=imported.weights)
    assert other != imported
    assert import_weights(file, TrunkSpec("squeezenet1_1")) == imported
    assert list_models() == [imported]


IMPORT = """
import sys
from imgsim.models.trunk_spec import TrunkSpec
from imgsim.models.imported_weights import import_weights
print("ready", flush=True)
sys.stdin.readline()
print(import_weights(sys.argv[1], TrunkSpec("squeezenet1_1")).path)
"""


def test_two_processes_at_once_leave_one_good_model(file, left):
    command = [sys.executable, "-c", IMPORT, file]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    paths = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    assert len(paths) == 1
    assert left() == ["defaults.json", os.path.basename(paths.pop().strip())]
    assert list_models()[0].read()


def test_an_exported_model_comes_in_as_what_it_is(tmp_path, exported):
    carried = tmp_path / "carried.onnx"
    carried.write_bytes(exported)
    stored = import_model(str(carried))
    assert stored[1:4] == ("squeezenet1_1", "tensorflow", "features.9")
    assert stored.read() == exported
    assert import_model(str(carried)) == stored
    assert list_models() == [stored]


def test_what_is_no_exported_model_is_told_in_one_line(tmp_path, left, exported):
    stranger = onnx.load_from_string(exported)
    del stranger.metadata_props[:]
    for content in (b"", b"text", exported[:-100], exported[:9999], stranger.SerializeToString()):
        (tmp_path / "x.onnx").write_bytes(content)
        with pytest.raises(WeightsError, match=r"x\.onnx: not a model that ") as caught:
            import_model(str(tmp_path / "x.onnx"))
        assert "\n" not in str(caught.value)
    with pytest.raises(WeightsError, match="No such file"):
        import_model(str(tmp_path / "missing.onnx"))
    assert left() == []


PREPROCESSING = {
    "resize": 256,
    "crop": 224,
    "interpolation": "bilinear",
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
}


@pytest.mark.parametrize(
    ("forged", "message"),
    [
        ({"layer": "../../outside"}, "it calls itself 'squeezenet1_1--tensorflow--../../outside--"),
        ({"layer": "a b"}, "it calls itself"),
        ({"padding": "mirror"}, "it calls itself"),
        ({"architecture": "nonesuch"}, "it calls itself 'nonesuch--"),
        ({"architecture": "a/b"}, "it calls itself 'a/b--"),
        ({"architecture": "timm/x\ny"}, r"it calls itself 'timm/x\ny--"),
        ({"architecture": ["resnet50"]}, "it calls itself \"['resnet50']--"),
        ({"architecture": "resnet50", "layer": "final"}, "channels instead of 2048"),
        ({"weights": 5}, "it calls itself"),
        ({"weights": "a\0b"}, "it calls itself"),
        ({"weights": "AB" * 32}, "it calls itself"),
        ({"dim": "x"}, "its maps would have 'x' channels"),
        ({"dim": 0}, "its maps would have 0 channels"),
        ({"dim": True}, "its maps would have True channels"),
        ({"preprocessing": "none"}, "exported\n"),
        ({"preprocessing": None}, "exported\n"),
        ({"extra": 1}, "exported\n"),
        *(
            ({"preprocessing": PREPROCESSING | wrong}, message)
            for wrong, message in (
                ({"crop": 0}, "its input would be resized to 256 and cut to 0 pixels"),
                ({"crop": "a"}, "cut to 'a' pixels"),
                ({"crop": 100000}, "cut to 100000 pixels"),
                ({"resize": 10**400}, "its input would be resized to 1000"),
                ({"resize": 224.5}, "its input would be resized to 224.5"),
                ({"interpolation": "nearest"}, "its interpolation would be 'nearest'"),
                ({"std": [0.2, 0, 0.2]}, "its deviation (0.2, 0, 0.2)"),
                ({"std": 0}, "exported\n"),
                ({"std": [0.2]}, "its deviation (0.2,)"),
                ({"std": [0.2, 0.2, float("inf")]}, "its deviation (0.2, 0.2, inf)"),
                ({"mean": [0, 0, float("nan")]}, "its mean would be (0, 0, nan)"),
                ({"mean": [0, 0, 10**400]}, "its mean would be (0, 0, 1000"),
                ({"mean": "abc"}, "its mean would be ('a', 'b', 'c')"),
            )
        ),
    ],
)
def test_a_forged_header_is_refused(tmp_path, left, exported, forged, message):
    (tmp_path / "x.onnx").write_bytes(forge_sealed(exported, **forged))
    with pytest.raises(WeightsError) as caught:
        import_model(str(tmp_path / "x.onnx"))
    told = f"{caught.value}\n"
    assert told.startswith(f"{tmp_path / 'x.onnx'}: not a model that imgsim exported")
    assert message in told
    assert told.count("\n") == 1
    assert left() == []
    assert not list(tmp_path.rglob("*outside*"))


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.9999])
def test_a_flipped_bit_is_not_imported(tmp_path, left, exported, share):
    place = int(share * len(exported))
    flipped = exported[:place] + bytes([exported[place] ^ 1]) + exported[place + 1 :]
    (tmp_path / "x.onnx").write_bytes(flipped)
    with pytest.raises(WeightsError, match=r"x\.onnx: (damaged or tampered with since it was exported|not a model)"):
        import_model(str(tmp_path / "x.onnx"))
    assert left() == []


def test_forged_weights_do_not_pass_the_digest(tmp_path, left, exported):
    (tmp_path / "x.onnx").write_bytes(forge(exported, weights=HASH))
    with pytest.raises(WeightsError, match="damaged or tampered with since it was exported: export it again"):
        import_model(str(tmp_path / "x.onnx"))
    assert left() == []


def test_a_model_without_a_digest_is_not_imported(tmp_path, left, exported):
    (tmp_path / "x.onnx").write_bytes(forge(exported, digest=REMOVED))
    message = "(exported by an older imgsim, without a digest to check it by: import its|not a model that imgsim)"
    with pytest.raises(WeightsError, match=message):
        import_model(str(tmp_path / "x.onnx"))
    assert left() == []


@pytest.mark.parametrize(
    ("forged", "message"),
    [
        ({"dim": 7}, "does not make the 7 channels"),
        ({"architecture": "resnet50", "layer": "final", "dim": 2048}, "does not make the 2048 channels"),
    ],
)
def test_a_header_of_another_network_is_refused(tmp_path, left, exported, forged, message):
    (tmp_path / "x.onnx").write_bytes(forge_sealed(exported, **forged))
    with pytest.raises(WeightsError, match=rf"x\.onnx: {message}") as caught:
        import_model(str(tmp_path / "x.onnx"))
    assert "\n" not in str(caught.value)
    assert left() == []


def test_a_header_of_another_size_is_refused(tmp_path, left, exported):
    model = onnx.load_from_string(exported)
    for place in (2, 3):
        model.graph.input[0].type.tensor_type.shape.dim[place].dim_value = 224
    fixed = model.SerializeToString()
    (tmp_path / "x.onnx").write_bytes(forge_sealed(fixed, preprocessing=PREPROCESSING | {"crop": 96}))
    with pytest.raises(WeightsError, match=r"x\.onnx: cannot be run on 96 x 96 pixels"):
        import_model(str(tmp_path / "x.onnx"))
    assert left() == []
    (tmp_path / "x.onnx").write_bytes(forge_sealed(fixed))
    import_model(str(tmp_path / "x.onnx"))


def test_a_model_is_told_from_weights(tmp_path, exported, file):
    for content, expected in (
        (exported, True),
        (b"", False),
        (b"\x80\x02", False),
        (b"\x08\x08\x12\0\0\0\0\0{}", False),  # safetensors: an eight-byte length, then JSON
    ):
        (tmp_path / "x.bin").write_bytes(content)
        assert is_model(str(tmp_path / "x.bin")) == expected
    assert not is_model(file)
    assert not is_model("missing.pth")
    assert is_model("missing.ONNX")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"architecture": "resnet18"}, "a model of squeezenet1_1, not of resnet18"),
        ({"padding": "torch"}, "exported with padding tensorflow, not torch"),
        ({"layer": "features.3"}, r"exported with layer features\.9, not features\.3"),
    ],
)
def test_an_exported_model_is_not_imported_as_another(tmp_path, left, exported, asked, message):
    (tmp_path / "x.onnx").write_bytes(exported)
    with pytest.raises(WeightsError, match=rf"x\.onnx: {message}"):
        import_model(str(tmp_path / "x.onnx"), **asked)
    assert left() == []
    same = {"architecture": "squeezenet1_1", "padding": "tensorflow", "layer": "features.9"}
    assert import_model(str(tmp_path / "x.onnx"), **same).read() == exported
