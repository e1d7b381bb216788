"""`imgsim models`, and deep extractors from the shell."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.models.cache import list_models, store_model, weights_digest
from imgsim.models.export import export_network
from imgsim.models.model_limits import MEMORY, SECONDS
from imgsim.models.testing import random_network, store_random_model
from imgsim.models.trunk_spec import TrunkSpec
from imgsim.models.vision import torch
from tests.forging import REMOVED, forge, forge_sealed, in_format_1

SMALL = "squeezenet1_1"
NO_TORCH = (
    "import sys; sys.modules['torch'] = sys.modules['torchvision'] = None; from imgsim.cli.main import main; main()"
)


@pytest.fixture(autouse=True)
def without_packages(monkeypatch):
    """As where no weights are installed, which these tests are not about."""
    monkeypatch.setattr("imgsim.models.packaged.find_packaged", lambda *_, **__: None)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder that IMGSIM_MODELS names; it does not exist yet."""
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("IMGSIM_DEVICE", raising=False)
    return tmp_path / "models"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A weight file, and the folder of a cache that holds a model with the same weights."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGSIM_MODELS", str(folder / "models"))
        store_random_model(SMALL, 1)
    torch.save(random_network(SMALL, 1).state_dict(), folder / "weights.pth")
    return folder


@pytest.fixture
def model(made, cache):
    """A cached model."""
    shutil.copytree(made / "models", cache)
    return list_models()[0]


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr("imgsim.models.download.urllib.request.urlopen", refuse)
    with contextlib.suppress(ImportError):
        monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", refuse)


def without_digest(model):
    """Let an older imgsim have exported a model, in the cache."""
    data = forge(in_format_1(model.read()), digest=REMOVED)
    os.unlink(model.path)
    return store_model(data, **dict(zip(("architecture", "padding", "layer", "weights"), model[1:5], strict=True)))


def rows(run, *arguments):
    return [json.loads(line) for line in run("models", "list", "--format", "jsonl", *arguments).out.splitlines()]


def test_an_empty_list(run, cache):
    assert run("models", "list").code == 1
    assert rows(run) == []
    assert not cache.exists()


def test_list_and_show(run, model):
    (row,) = rows(run)
    assert row["architecture"] == SMALL
    assert row["weights"] == model.weights[:12]
    assert row["padding"] == "torch"
    assert row["path"] == model.path
    everything = rows(run, "--all")
    assert everything[0] == row
    assert "https://download.pytorch.org/models/resnet50-11ad3fa6.pth" in [one["path"] for one in everything]
    assert len([one for one in everything if one["architecture"] == SMALL]) == 1

    shown = run("models", "show", SMALL)
    assert shown.code == 0
    assert f"architecture: {SMALL}\n" in shown.out
    assert "values: 512\n" in shown.out
    assert f"weights={model.weights[:12]}" in shown.out
    assert run("models", "show", "resnet50").code == 1  # known, but not here
    unknown = run("models", "show", "resnet51")
    assert unknown.code == 2
    assert "did you mean resnet50?" in unknown.err


def test_list_and_show_say_what_models_are_and_whose(run, model):
    (row,) = rows(run)
    assert (row["kind"], row["licence"], row["source"]) == ("trunk", "", "")  # weights that nobody published
    published = store_published(model)
    row = next(one for one in rows(run) if one["path"] == published.path)
    url = "https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth"
    assert (row["kind"], row["licence"], row["source"]) == ("trunk", "BSD-3-Clause", url)
    shown = run("models", "show", SMALL).out
    assert f" kind=trunk licence=BSD-3-Clause source={url}\n" in shown
    assert "licence: BSD-3-Clause\n" in shown
    with open(published.path, "wb") as stream:
        stream.write(b"damaged")
    row = next(one for one in rows(run) if one["path"] == published.path)
    assert "kind" not in row  # it is listed by its name


def store_published(model):
    """Let a model say that it was made from weights that torchvision publishes."""
    weights = "b8a52dc0" * 8
    data = forge_sealed(in_format_1(model.read()), weights=weights)
    return store_model(data, architecture=SMALL, padding="torch", layer="final", weights=weights)


def test_a_model_is_hashed_once_a_process(run, model, made, make_photos, monkeypatch):
    folder = make_photos(3)
    monkeypatch.chdir(folder)
    hashed = []
    whole = hashlib.file_digest

    def count(stream, algorithm):
        if str(stream.name).endswith((".onnx", ".pth")):
            hashed.append(os.path.basename(stream.name))
        return whole(stream, algorithm)

    monkeypatch.setattr("imgsim.models.cache.hashlib.file_digest", count)
    monkeypatch.setattr("imgsim.models.cache._DIGESTS", {})
    assert run("index", ".", "-x", SMALL, "-x", f"{SMALL}:pooling=max", "-q", "--jobs", "1").code == 0
    assert run("query", "0.png", "-x", SMALL).code == 0
    assert run("models", "export", SMALL, "x.onnx").code == 0
    assert hashed == [os.path.basename(model.path)]
    os.utime(model.path, (1, 1))  # it may have been changed
    assert run("query", "0.png", "-x", SMALL).code == 0
    assert hashed == [os.path.basename(model.path)] * 2
    with open(model.path, "ab") as stream:
        stream.write(b"x")
    assert "damaged or tampered with" in run("query", "0.png", "-x", SMALL).err
    assert len(hashed) == 3
    name = f"{SMALL}:weights={model.weights[:12]}"
    run("index", ".", "-x", name, "--weights", made / "weights.pth", "-q")
    assert hashed.count("weights.pth") == 1


def test_a_model_that_goes_away_while_it_is_listed(run, model, monkeypatch):
    gone = model._replace(path=model.path + ".gone")
    monkeypatch.setattr("imgsim.models.cache.list_models", lambda: [gone, model])
    assert [row["path"] for row in rows(run)] == [model.path]
    assert run("models", "show", SMALL).out.count("model: ") == 1


def test_importing_twice_is_fine(run, made):
    first = run("models", "import", made / "weights.pth", "--architecture", SMALL)
    assert first.code == 0
    assert first.out == ""
    assert f"imported {SMALL}, weights " in first.err
    before = list_models()
    assert run("models", "import", made / "weights.pth", "-a", SMALL) == first
    assert list_models() == before
    assert len(before) == 1


def test_an_import_says_what_it_left_out(run, made, tmp_path):
    state = torch.load(made / "weights.pth", weights_only=True)
    state |= {"classifier.1.weight": torch.zeros(10, 512, 1, 1), "classifier.1.bias": torch.zeros(10)}
    content = {"epoch": 3, "model": {f"module.{name}": tensor for name, tensor in state.items()}}
    torch.save(content, tmp_path / "mine.pth")
    result = run("models", "import", tmp_path / "mine.pth", "-a", SMALL)
    assert (result.code, result.out) == (0, "")
    left_out, imported = result.err.splitlines()
    assert left_out == "left out: classifier.1.weight, classifier.1.bias (10 classes), epoch"
    assert imported.startswith(f"imported {SMALL}, weights ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["weights.pth"], "--architecture says which network"),
        (["weights.pth", "-a", "resnet51"], "did you mean resnet50?"),
        (["weights.pth", "-a", "squeezenet1_0"], "weights.pth: not the weights of squeezenet1_0: 12 missing"),
        (["weights.pth", "-a", SMALL, "--layer", "nowhere"], "no layer 'nowhere'; there are "),
        (["missing.pth", "-a", SMALL], "missing.pth: No such file"),
        (["missing.onnx"], "missing.onnx: No such file"),
        (["text.pth", "-a", SMALL], "text.pth: "),
        (["text.onnx"], "text.onnx: not a model that imgsim exported"),
    ],
)
def test_what_cannot_be_imported_is_told_in_one_line(run, made, tmp_path, monkeypatch, cache, arguments, message):
    shutil.copy(made / "weights.pth", tmp_path)
    for name in ("text.pth", "text.onnx"):
        (tmp_path / name).write_text("just text")
    monkeypatch.chdir(tmp_path)
    result = run("models", "import", *arguments)
    assert result.code == 2
    assert message in result.err
    assert result.err.splitlines()[-1].startswith(("imgsim: ", "Error: "))
    assert not list(cache.glob("*"))


def test_export_remove_import_without_torch(run, model, tmp_path, cache):
    carried = tmp_path / "carried.onnx"
    assert run("models", "export", SMALL, carried).err == f"exported {SMALL} to {carried}\n"
    removed = run("models", "remove", SMALL)
    assert removed.code == 0
    assert model.path in removed.err
    assert list(cache.iterdir()) == []
    assert run("models", "remove", SMALL).code == 1
    command = [sys.executable, "-c", NO_TORCH, "models", "import", str(carried)]
    imported = subprocess.run(command, capture_output=True, text=True, check=True)
    assert imported.stderr.startswith(f"imported {SMALL}, weights {model.weights[:12]}")
    assert list_models() == [model]


def test_only_what_can_be_imported_again_is_exported(run, model, tmp_path):
    """A renamed model, and one that an older imgsim exported, which gave it no digest."""
    os.rename(model.path, model.path.replace(SMALL, "squeezenet1_0"))
    renamed = run("models", "export", "squeezenet1_0", tmp_path / "x.onnx")
    assert (
        f"renamed: it has architecture {SMALL}, not squeezenet1_0: `imgsim models remove squeezenet1_0`" in renamed.err
    )
    os.rename(list_models()[0].path, model.path)
    old = without_digest(model)
    told = run("models", "export", SMALL, tmp_path / "x.onnx")
    assert f"{old.path}: exported by an older imgsim, without a digest to check it by: import its weights" in told.err
    assert [told.code, renamed.code] == [2, 2]
    assert not (tmp_path / "x.onnx").exists()


def test_a_model_without_a_digest_goes_on_working(run, model, make_photos):
    folder = make_photos(2)
    old = without_digest(model)
    assert "2 added" in run("index", folder, "-x", SMALL).err
    assert list_models() == [old]


@pytest.mark.parametrize("name", ["carried.ONNX", "carried.bin", "carried"])
def test_an_exported_model_is_known_by_what_is_in_it(run, model, tmp_path, name):
    assert run("models", "export", SMALL, tmp_path / "carried.onnx").code == 0
    os.rename(tmp_path / "carried.onnx", tmp_path / name)
    assert run("models", "remove", SMALL).code == 0
    assert run("models", "import", tmp_path / name).code == 0
    assert list_models() == [model]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--padding", "tensorflow"], "exported with padding torch, not tensorflow; only"),
        (["--layer", "features.3"], "exported with layer final, not features.3; only"),
        (["-a", "resnet50"], f"a model of {SMALL}, not of resnet50"),
    ],
)
def test_an_exported_model_is_not_changed(run, model, options, message):
    result = run("models", "import", model.path, *options)
    assert result.code == 2
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert f"{model.path}: {message}" in result.err
    assert list_models() == [model]
    assert run("models", "import", model.path, "--padding", "torch", "-a", SMALL).code == 0


def test_weights_need_torch_and_say_so(made, cache):
    command = [sys.executable, "-c", NO_TORCH, "models", "import", str(made / "weights.pth"), "-a", SMALL]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith("imgsim: torch is not installed: pip install 'imgsim[deep]'; or use a machine that")
    assert f"`imgsim models export {SMALL} FILE.onnx` there, `imgsim models import FILE.onnx` here" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not cache.exists()


def test_weights_whose_model_is_here_need_no_torch(made, make_photos):
    """As a machine has it that was handed the cache, and the weights that its scripts name."""
    file = str(made / "weights.pth")
    there = export_network(random_network(SMALL, 1), TrunkSpec(SMALL), weights_digest(file))
    command = [sys.executable, "-c", NO_TORCH, "index", str(make_photos(2)), "-x", SMALL, "--weights", file]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr.splitlines()[0]) == (
        0,
        f"imported {SMALL}, weights {there.weights[:12]}: use it as -x {SMALL}",
    )
    assert "2 added" in result.stderr


def test_limits_of_an_import_are_options(run, model, tmp_path, monkeypatch):
    monkeypatch.setenv(SECONDS, "30")  # the command sets it: it is restored afterwards
    monkeypatch.setenv(MEMORY, "3000")
    file = tmp_path / "x.onnx"
    assert run("models", "export", SMALL, file).code == 0
    assert run("models", "import", file, "--max-seconds", "20", "--max-memory", "2000").code == 0
    assert [os.environ[name] for name in (SECONDS, MEMORY)] == ["20", "2000"]
    for option, wrong in (("--max-seconds", "0"), ("--max-memory", "much")):
        result = run("models", "import", file, option, wrong)
        assert (result.code, result.err.count("\n")) == (2, 1)
        assert f"is a number above 0, not '{wrong}'" in result.err
        monkeypatch.setenv(SECONDS, "30")
        monkeypatch.setenv(MEMORY, "3000")


def test_export_needs_a_model_and_a_name(run, model, tmp_path):
    assert "name it x.pth.onnx" in run("models", "export", SMALL, "x.pth").err
    absent = run("models", "export", "resnet18", tmp_path / "x.onnx")
    assert absent.code == 2
    assert "no such model of resnet18" in absent.err
    assert run("models", "export", SMALL, tmp_path / "x.onnx", "--weights", "0000").code == 2
    assert not (tmp_path / "x.onnx").exists()


def test_only_some_weights_are_removed(run, model, cache):
    assert run("models", "remove", SMALL, "--weights", "0000").code == 1
    assert run("models", "remove", SMALL, "--weights", model.weights[:6]).code == 0
    assert list_models() == []


def test_removing_removes_what_killed_processes_left(run, model, cache):
    for name in ("imgsim-abcdefgh.part", "imgsim-12345678.part.pth", "imgsim-in_work0.part"):
        (cache / name).write_bytes(b"half")
        if "in_work" not in name:
            os.utime(cache / name, (1, 1))
    assert run("models", "remove", "resnet18").code == 1
    assert sorted(path.name for path in cache.iterdir() if path.name != "defaults.json") == [
        "imgsim-in_work0.part",
        os.path.basename(model.path),
    ]


def test_a_model_that_another_process_removes(run, model, monkeypatch):
    monkeypatch.setattr("imgsim.models.cache.list_models", lambda: [model._replace(path=model.path + ".gone"), model])
    result = run("models", "remove", SMALL)
    assert (result.code, result.err) == (0, f"removed {model.path}\n")


def test_whiten_gives_a_hash_that_extractors_take(run, model, make_photos, monkeypatch):
    folder = make_photos(6)
    result = run("models", "whiten", folder, "-x", SMALL, "--dimensions", "3")
    assert result.code == 0
    digest = result.out.strip()
    assert len(digest) == 12
    monkeypatch.chdir(folder.parent)
    assert run("index", "photos", "-x", f"{SMALL}:whitening={digest}", "-q").code == 0
    facts = json.loads(run("info", "photos", "--format", "json").out)
    assert f"whitening={digest}" in facts["extractors"][0]["name"]
    few = run("models", "whiten", folder, "-x", SMALL, "--dimensions", "6")
    assert few.code == 2
    assert "6 axes cannot be fitted to 6 photos: at most 5" in few.err
    run("index", "photos", "-q", "--exclude", "0.png", "--exclude", "1.png")
    assert "fitted to 4 photos" in run("models", "whiten", folder, "-x", SMALL, "--dimensions", "6").err


def test_pull_imports_and_leaves_no_download(run, made, cache, monkeypatch):
    def download(architecture, advance):
        cache.mkdir(exist_ok=True)
        part = cache / "download.part"
        shutil.copy(made / "weights.pth", part)
        advance(3)
        return str(part)

    monkeypatch.setattr("imgsim.models.download.download_weights", download)
    result = run("models", "pull", SMALL)
    assert result.code == 0
    assert "https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth (4.7 MB)" in result.err
    assert [file.architecture for file in list_models()] == [SMALL]
    assert not list(cache.glob("*.part"))


def test_pull_without_a_network(run, no_network, cache):
    result = run("models", "pull", "resnet18")
    assert result.code == 2
    assert "cannot be downloaded (Network is unreachable)" in result.err
    assert not list(cache.glob("*"))


def test_networks_of_timm(run, no_network, make_photos):
    pytest.importorskip("timm", reason="the extra timm is not installed")
    shown = run("models", "show", "timm/xception41")
    assert shown.code == 1  # known, but not here
    assert "weights: https://" in shown.out
    unknown = run("models", "show", "timm/xeption41")
    assert unknown.code == 2
    assert "xception41" in unknown.err
    index = run("index", make_photos(2), "-x", "timm/xception41")
    pull = run("models", "pull", "timm/xception41")
    assert index == pull
    assert pull.code == 2
    assert "cannot be downloaded (Network is unreachable); download that file on a machine with a network" in pull.err
    assert "`imgsim models import FILE --architecture timm/xception41`" in pull.err


def test_index_without_model_and_network_says_all_that_is_needed(run, no_network, make_photos, cache):
    folder = make_photos(2)
    result = run("index", folder, "-x", "resnet18")
    assert result.code == 2
    assert result.out == ""
    message = result.err.splitlines()[-1]
    assert message.startswith("imgsim: ")
    for needed in (
        "https://download.pytorch.org/models/resnet18-f37072fd.pth",
        "44.7 MB",
        "`imgsim models import FILE --architecture resnet18`",
    ):
        assert needed in message
    assert "Traceback" not in result.err
    assert not (folder / ".imgsim").exists()
    assert not list(cache.glob("*"))


@pytest.mark.parametrize(
    "text", [f"{SMALL}:weights=0123", f"{SMALL}:layer=features.4", "timm/xception41", f"{SMALL}:whitening=0123"]
)
def test_no_index_is_begun_that_could_not_be_filled(run, no_network, model, make_photos, text):
    folder = make_photos(2)
    result = run("index", folder, "-x", text)
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert not (folder / ".imgsim").exists()


@pytest.mark.parametrize(
    ("params", "options"),
    [("layer=layer3", "--layer layer3"), ("padding=tensorflow", "--padding tensorflow"), ("pooling=max", "")],
)
def test_the_command_to_import_by_is_the_whole_of_it(run, no_network, make_photos, params, options):
    result = run("index", make_photos(2), "-x", f"resnet18:{params}")
    assert result.code == 2
    assert f"`imgsim models import FILE --architecture resnet18 {options}".rstrip() + "`" in result.err


def test_weights_that_are_not_published_are_not_looked_for_there(run, no_network, make_photos):
    result = run("index", make_photos(2), "-x", "resnet18:weights=deadbeef")
    assert result.code == 2
    assert "downloading" not in result.err
    assert "no resnet18 model with weights deadbeef in " in result.err
    published = run("index", make_photos(2), "-x", "resnet18:weights=F37072")
    assert "`imgsim models pull resnet18`, or download https://" in published.err


def test_a_layer_is_used_by_its_name(run, made, make_photos):
    result = run("models", "import", made / "weights.pth", "-a", SMALL, "--layer", "features.4")
    named = result.err.rstrip().rpartition(": use it as -x ")[2]
    assert named == f"{SMALL}:layer=features.4"
    assert run("index", make_photos(2), "-x", named).code == 0


def test_a_device_that_is_not_here_begins_no_index(run, model, make_photos):
    folder = make_photos(2)
    result = run("index", folder, "-x", SMALL, "--device", "tpu")
    assert result.code == 2
    assert "device tpu: this ONNX Runtime has " in result.err
    assert not (folder / ".imgsim").exists()


def test_index_with_weights_then_query(run, made, make_photos, monkeypatch, cache):
    folder = make_photos(4)
    monkeypatch.chdir(folder.parent)
    result = run("index", "photos", "-x", SMALL, "--weights", made / "weights.pth")
    assert result.code == 0
    assert "photos: 4 added" in result.err
    assert len(list_models()) == 1
    answer = run("query", "photos/2.png", "--include-self", "--format", "jsonl", "-k", "1")
    assert json.loads(answer.out)["path"] == "2.png"
    shutil.rmtree(cache)
    refused = run("query", "photos/2.png")
    assert refused.code == 2
    assert f"no {SMALL} model with weights " in refused.err


def test_index_with_an_exported_model_in_place_of_weights(run, model, make_photos, tmp_path, cache):
    assert run("models", "export", SMALL, tmp_path / "small.onnx").code == 0
    shutil.rmtree(cache)
    other = run("index", make_photos(2), "-x", "resnet18", "--weights", tmp_path / "small.onnx")
    assert other.code == 2
    assert f"a model of {SMALL}, not of resnet18" in other.err
    assert run("index", make_photos(2), "-x", SMALL, "--weights", tmp_path / "small.onnx").code == 0
    assert list_models() == [model]


def test_a_renamed_model_begins_no_index(run, model, make_photos):
    folder = make_photos(2)
    os.rename(model.path, model.path.replace("--torch--", "--tensorflow--"))
    result = run("index", folder, "-x", SMALL)
    assert result.code == 2
    assert "renamed: it has padding torch, not tensorflow" in result.err
    assert not (folder / ".imgsim").exists()


def test_only_what_was_asked_for_is_imported(run, made, model, make_photos, tmp_path, cache):
    folder = make_photos(2)
    assert run("models", "import", made / "weights.pth", "-a", SMALL, "--layer", "features.4").code == 0
    assert run("models", "export", SMALL, tmp_path / "cut.onnx", "--layer", "features.4").code == 0
    shutil.rmtree(cache)
    cut = run("index", folder, "-x", SMALL, "--weights", tmp_path / "cut.onnx")
    assert "exported with layer features.4, not final" in cut.err
    other = run("index", folder, "-x", f"{SMALL}:weights=abcdef", "--weights", made / "weights.pth")
    assert "weights.pth: weights " in other.err
    assert ", not abcdef" in other.err
    assert (cut.code, other.code) == (2, 2)
    assert list_models() == []


def test_the_last_layer_may_be_named_as_it_is_listed(run, made, make_photos):
    assert run("models", "import", made / "weights.pth", "-a", SMALL, "--layer", "final").code == 0
    folder = make_photos(2)
    assert run("index", folder, "-x", f"{SMALL}:layer=final").code == 0
    assert run("index", folder, "-x", SMALL).code == 0
    assert run("info", folder).out.count(SMALL) == 1


def test_what_is_not_there_is_said_before_anything_is_asked_for(run, tmp_path):
    assert "missing.pth: No such file" in run("models", "import", tmp_path / "missing.pth").err
    assert f"{tmp_path}: Is a directory" in run("models", "import", tmp_path).err


def test_weights_of_another_network_begin_no_index(run, made, make_photos):
    folder = make_photos(2)
    result = run("index", folder, "-x", "squeezenet1_0", "--weights", made / "weights.pth")
    assert result.code == 2
    assert "not the weights of squeezenet1_0" in result.err
    assert not (folder / ".imgsim").exists()


def test_a_damaged_model_is_told_and_mended(run, made, model, make_photos, cache):
    folder = make_photos(2)
    os.truncate(model.path, 1000)
    result = run("index", folder, "-x", SMALL)
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert f"damaged or tampered with: `imgsim models remove {SMALL}`" in result.err
    assert run("models", "remove", SMALL).code == 0
    shutil.copytree(made / "models", cache, dirs_exist_ok=True)
    assert "2 added" in run("index", folder, "-x", SMALL).err


@pytest.mark.parametrize("command", ["import", "index"])
def test_importing_the_weights_mends_a_damaged_model(run, made, make_photos, command):
    folder = make_photos(2)
    arguments = ("models", "import", made / "weights.pth", "-a", SMALL)
    assert run(*arguments).code == 0
    (model,) = list_models()
    data = model.read()
    os.truncate(model.path, 1000)
    if command == "index":
        arguments = ("index", folder, "-x", SMALL, "--weights", made / "weights.pth")
    assert run(*arguments).code == 0
    assert list_models()[0].read() == data


def test_a_cache_that_cannot_be_written(run, made, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "file" / "models"))
    assert run("models", "list").code == 1
    result = run("models", "import", made / "weights.pth", "-a", SMALL)
    assert result.code == 2
    assert "(for the cache: IMGSIM_MODELS)" in result.err


def test_a_model_that_cannot_be_removed(run, model, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("imgsim.cli.commands.models_remove.os.unlink", refuse)
    result = run("models", "remove", SMALL)
    assert result.code == 2
    assert result.err.endswith("cannot be removed (Permission denied)\n")


def test_a_query_with_a_deep_model_imports_no_torch_and_no_scipy(run, model, make_photos):
    folder = make_photos(3)
    assert run("index", folder, "-x", SMALL, "-q").code == 0
    (folder / "0.png").rename(folder.parent / "claim.png")
    command = [sys.executable, "-X", "importtime", "-m", "imgsim", "query", "../claim.png"]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    assert result.stdout.count("\n") == 3
    lines = (line.rpartition("|")[2].strip() for line in result.stderr.splitlines() if line.startswith("import time"))
    imported = {name.partition(".")[0] for name in lines}
    assert "onnxruntime" in imported
    assert not imported & {"torch", "torchvision", "onnx", "timm", "scipy", "sklearn", "rich", "pandas"}


def test_weights_without_a_network_are_a_mistake(run, make_photos, tmp_path):
    folder = make_photos(1)
    (tmp_path / "weights.pth").write_bytes(b"x")
    result = run("index", folder, "-x", "phash", "--weights", tmp_path / "weights.pth")
    assert result.code == 2
    assert "--weights is for a deep extractor" in result.err
    assert not (folder / ".imgsim").exists()
