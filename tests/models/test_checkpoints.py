"""Weight files, whole and broken."""

import argparse
import contextlib
import copy
import hashlib
import json
import os
import pickle
import random
import re
import struct
import warnings
import zipfile

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.errors import ImgsimError, WeightsError
from imgsim.models.architectures import ARCHITECTURES
from imgsim.models.cache import weights_digest
from imgsim.models.checkpoints import load_strictly, read_checkpoint
from imgsim.models.export import export_checkpoint
from imgsim.models.testing import random_network
from imgsim.models.trunk_spec import TrunkSpec
from imgsim.models.vision import torch


@pytest.fixture
def file(tmp_path):
    return tmp_path / "weights.pth"


def read(file, content):
    torch.save(content, file)
    return read_checkpoint(str(file))[0]


def test_half_precision_becomes_single_and_counts_stay_whole(file):
    network = torch.nn.BatchNorm1d(2)
    state = network.state_dict() | {
        "weight": torch.tensor([1.5, -2]).half(),
        "bias": torch.tensor([1, 2], dtype=torch.bfloat16),
        "num_batches_tracked": torch.tensor(7),
    }
    load_strictly(network, read(file, state), path="w.pth", architecture="tiny")
    loaded = network.state_dict()
    assert [loaded[key].dtype for key in state] == [torch.float32] * 4 + [torch.int64]
    assert [loaded[key].tolist() for key in ("weight", "bias", "num_batches_tracked")] == [[1.5, -2], [1, 2], 7]


def test_a_checkpoint_that_holds_its_state_dict_beside_other_things(file):
    state = read(file, {"epoch": 90, "state_dict": {"a": torch.zeros(2)}, "best": 0.7})
    assert list(state) == ["a"]


def test_safetensors(tmp_path):
    save_file = pytest.importorskip("safetensors.torch", reason="the extra timm is not installed").save_file
    file = tmp_path / "weights.safetensors"
    save_file({"a": torch.tensor([0.5]).half()}, file)
    assert read_checkpoint(str(file))[0]["a"].tolist() == [0.5]
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(WeightsError, match=r"weights\.safetensors: truncated, or not a safetensors file$"):
        read_checkpoint(str(file))


@pytest.mark.parametrize(
    "content",
    [
        [1, 2],
        {},
        {"epoch": 3},
        {1: torch.zeros(1)},
        {"state_dict": 3},
        {"a": torch.zeros(1), "b": None},
        torch.zeros(3),
        {"state_dict": torch.zeros(3)},
    ],
)
def test_what_is_no_state_dict(file, content):
    with pytest.raises(WeightsError, match=r"weights\.pth: no state dict, which maps parameter names to tensors$"):
        read(file, content)


def nested():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that they are a prototype
        return torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)])


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.eye(3).to_sparse(),
        lambda: torch.empty(3, device="meta"),
        lambda: torch.zeros(3, dtype=torch.complex64),
        nested,
    ],
    ids=["sparse", "meta", "complex", "nested"],
)
def test_tensors_that_no_network_holds(file, make):
    with pytest.raises(WeightsError, match=r"weights\.pth: b is not a dense tensor of real numbers$"):
        read(file, {"a": torch.zeros(1), "b": make()})


class Attack:
    def __init__(self, victim):
        self.victim = victim

    def __reduce__(self):
        return os.mkdir, (str(self.victim),)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_is_refused_and_not_run(tmp_path, file, zipped):
    victim = tmp_path / "executed"
    content = {"a": torch.zeros(1), "b": Attack(victim)}
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(
        WeightsError, match=r"weights\.pth: holds code \(\w+\.mkdir\), not only weights, and was not opened$"
    ):
        read_checkpoint(str(file))
    assert not victim.exists()
    torch.load(file, weights_only=False)
    assert victim.exists()  # the attack was a real one


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_bare_pickle_is_refused_and_not_run(tmp_path, file, protocol):
    victim = tmp_path / "executed"
    file.write_bytes(pickle.dumps(Attack(victim), protocol))
    with pytest.raises(WeightsError, match=r"weights\.pth: "):
        read_checkpoint(str(file))
    assert not victim.exists()


def test_a_whole_module_is_code(file):
    with pytest.raises(WeightsError, match="holds code"):
        read(file, torch.nn.Linear(2, 2))


@pytest.mark.parametrize("zipped", [True, False])
def test_damage_anywhere_is_told_in_one_line(file, zipped):
    torch.save({"a.weight": torch.ones(9, 9), "b": torch.zeros(3)}, file, _use_new_zipfile_serialization=zipped)
    whole = file.read_bytes()
    chance = random.Random(5)
    damaged = [whole[:end] for end in range(0, len(whole), 13)]
    for _ in range(250):
        flipped = bytearray(whole)
        for _ in range(3):
            flipped[chance.randrange(len(whole))] = chance.randrange(256)
        damaged.append(bytes(flipped))
    for content in damaged:
        file.write_bytes(content)
        if len(content) == len(whole):  # what a flipped bit leaves may be sound
            with contextlib.suppress(WeightsError):
                read_checkpoint(str(file))
            continue
        with pytest.raises(WeightsError, match=r"^[^\n]*weights\.pth: (truncated|not a weight file|holds code)[^\n]*$"):
            read_checkpoint(str(file))


def test_a_flipped_bit_of_a_weight_is_found(file):
    torch.save({"a": torch.full((9,), 3.0)}, file)
    whole = bytearray(file.read_bytes())
    whole[whole.index(np.full(9, 3, np.float32).tobytes())] ^= 1
    file.write_bytes(whole)
    assert torch.load(file, weights_only=True)["a"][0] != 3  # torch does not notice
    with pytest.raises(WeightsError, match=r"weights\.pth: damaged at weights/data/0: copy or download it again$"):
        read_checkpoint(str(file))


def test_weights_that_were_saved_without_checksums_are_read(file):
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        assert read(file, {"a": torch.ones(2)})["a"].tolist() == [1, 1]
    finally:
        torch.serialization.set_crc32_options(before)


def test_a_file_of_a_published_name_must_be_the_published_file(tmp_path, monkeypatch):
    file = tmp_path / "resnet18-f37072fd.pth"
    file.write_bytes(b"something else")
    digest = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(
        WeightsError, match=rf"resnet18-f37072fd\.pth: not what is published .* \(SHA-256 {digest[:8]}\)"
    ):
        weights_digest(str(file))
    file.rename(tmp_path / "mine-f37072fd.pth")
    assert weights_digest(str(tmp_path / "mine-f37072fd.pth")) == digest
    row = ARCHITECTURES["resnet18"]
    monkeypatch.setitem(ARCHITECTURES, "resnet18", row._replace(weights=f"resnet18-{digest[:8]}.pth"))
    file = tmp_path / f"resnet18-{digest[:8]}.pth"
    file.write_bytes(b"something else")
    assert weights_digest(str(file)) == digest


@pytest.mark.parametrize("name", ["missing.pth", "."])
def test_no_such_file(tmp_path, name):
    for opened in (read_checkpoint, weights_digest):
        with pytest.raises(WeightsError, match="No such file|Is a directory"):
            opened(str(tmp_path / name))


def difference(state):
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4))
    with pytest.raises(WeightsError) as caught:
        load_strictly(network, state, path="/far/away/w.pth", architecture="tiny")
    return str(caught.value)


def test_the_difference_is_readable():
    state = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4)).state_dict()
    lacking = {key: value for key, value in state.items() if not key.startswith("1.")}
    assert difference(lacking) == "w.pth: not the weights of tiny: 4 missing (1.weight, 1.bias, ...)"
    assert difference(state | {"head": torch.zeros(1)}) == "w.pth: not the weights of tiny: 1 unexpected (head)"
    reshaped = state | {"0.weight": torch.zeros(4, 1, 1, 1)}
    assert difference(reshaped) == (
        "w.pth: not the weights of tiny: 1 of another shape (0.weight (4, 1, 1, 1) instead of (4, 3, 1, 1))"
    )


def test_counters_of_batch_normalisation_may_be_missing():
    network = torch.nn.BatchNorm2d(4)
    state = {key: value + 1 for key, value in network.state_dict().items() if key != "num_batches_tracked"}
    load_strictly(network, state, path="w.pth", architecture="tiny")
    np.testing.assert_array_equal(network.weight.detach().numpy(), np.full(4, 2))


def test_weights_of_another_network_leave_nothing(file, left):
    torch.save(random_network("squeezenet1_0", 0).state_dict(), file)
    with pytest.raises(ImgsimError, match=r"^weights\.pth: not the weights of squeezenet1_1: 12 missing"):
        export_checkpoint(str(file), TrunkSpec("squeezenet1_1"))
    assert left() == []


@pytest.mark.parametrize(
    ("name", "layer", "blamed"),
    [
        ("resnet18", "", "layer2.0.conv1.weight"),
        ("resnet18", "layer3", "bn1.running_var"),
        ("timm/test_resnet", "", "layer1.0.conv1.weight"),
    ],
)
def test_weights_that_are_not_finite_are_named(file, left, name, layer, blamed):
    if name.startswith("timm/"):
        pytest.importorskip("timm", reason="the extra timm is not installed")
    state = random_network(name, 0).state_dict()
    state["fc.weight"][0] = np.nan
    state[blamed][0] = np.nan
    torch.save(state, file)
    with pytest.raises(
        WeightsError, match=rf"weights\.pth: weights that .* finite numbers, {re.escape(blamed)} among them$"
    ):
        export_checkpoint(str(file), TrunkSpec(name, layer))
    assert left() == []


@pytest.mark.parametrize(
    ("name", "classifier"), [("squeezenet1_1", "classifier.1.weight"), ("timm/test_resnet", "fc.weight")]
)
def test_a_classifier_that_is_not_finite_does_not_matter(file, left, name, classifier):
    if name.startswith("timm/"):
        pytest.importorskip("timm", reason="the extra timm is not installed")
    state = random_network(name, 0).state_dict()
    state[classifier][0] = np.nan
    torch.save(state, file)
    imported = export_checkpoint(str(file), TrunkSpec(name))[0]
    assert left() == ["defaults.json", imported.name]


def test_finite_weights_whose_features_are_not(file):
    state = random_network("squeezenet1_1", 0).state_dict()
    state["features.3.squeeze.weight"] *= 1e38
    state["features.4.squeeze.weight"] *= 1e38
    torch.save(state, file)
    with pytest.raises(
        WeightsError, match=r"weights\.pth: features that are not finite numbers come of these weights$"
    ):
        export_checkpoint(str(file), TrunkSpec("squeezenet1_1"))


def test_a_file_that_would_unpack_to_more_than_it_has(file):
    torch.save({"a": torch.zeros(1 << 20)}, file)
    with zipfile.ZipFile(file) as whole:
        records = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in records.items():
            packed.writestr(name, content)
    assert file.stat().st_size < 1 << 15
    with pytest.raises(
        WeightsError, match=r"weights\.pth: would unpack to more than its own size, which no weight file"
    ):
        read_checkpoint(str(file))


def test_records_that_are_one_and_the_same(file):
    torch.save({"a": torch.zeros(1 << 10)}, file)
    with zipfile.ZipFile(file, "a") as archive:
        one = max(archive.infolist(), key=lambda record: record.file_size)
        for number in range(5000):
            again = copy.copy(one)
            again.filename = f"{one.filename}.{number}"
            archive.filelist.append(again)
        archive._didModify = True
    with pytest.raises(WeightsError, match=r"weights\.pth: would unpack to more"):
        read_checkpoint(str(file))


@pytest.mark.parametrize("name", ["0.weight", "more"])
def test_tensors_of_vast_shapes_are_not_laid_out(file, name):
    """One number that stands for a trillion, in half precision: to convert it would take 4 TB."""
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1))
    vast = torch.ones(1).half().expand(10**6, 10**6)
    state = read(file, network.state_dict() | {name: vast})
    with pytest.raises(WeightsError, match=r"1 unexpected \(more\)|0\.weight \(1000000, 1000000\) instead of"):
        load_strictly(network, state, path="w.pth", architecture="tiny")


@pytest.mark.parametrize("kind", [torch.int64, torch.bool, torch.uint8])
def test_weights_that_are_whole_numbers_are_another_networks(kind):
    state = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4)).state_dict()
    state["1.weight"] = state["1.weight"].to(kind)
    assert difference(state) == "w.pth: not the weights of tiny: 1 of whole numbers (1.weight)"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("blamed", ["layer2.0.bn1.running_var", "layer4.1.bn2.bias"])
def test_weights_that_are_not_finite_are_refused_though_maps_are(file, left, value, blamed):
    """An infinite variance makes zeros of its channel; 1e300 is infinite in single precision."""
    state = random_network("resnet18", 0).state_dict()
    state[blamed] = state[blamed].double()
    state[blamed][0] = value
    torch.save(state, file)
    with pytest.raises(
        WeightsError, match=rf"weights\.pth: weights that are not finite numbers, {re.escape(blamed)} among"
    ):
        export_checkpoint(str(file), TrunkSpec("resnet18"))
    assert left() == []


def header(raw, data=b"", length=None):
    text = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def place(start, end, shape=(4,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


FORGED = {
    "nothing": b"",
    "a header of 2**63 bytes": header(b"{}", length=2**63),
    "a header longer than the file": header(b"{}", length=10**12),
    "no JSON": header(b"{{{{"),
    "nested JSON": header(b"[" * 100_000),
    "values beyond the end": header({"a": place(0, 1600, [400])}, bytes(16)),
    "values before the start": header({"a": place(-16, 0)}, bytes(16)),
    "values that end before they start": header({"a": place(16, 0)}, bytes(16)),
    "values that overlap": header({"a": place(0, 16), "b": place(8, 24)}, bytes(24)),
    "a hole": header({"a": place(0, 16), "b": place(32, 48)}, bytes(48)),
    "another size than its shape": header({"a": place(0, 16, [5])}, bytes(16)),
    "a shape beyond all numbers": header({"a": place(0, 16, [2**62, 2**62])}, bytes(16)),
    "an unknown kind of numbers": header({"a": place(0, 16, [4], "Q99")}, bytes(16)),
}


@pytest.mark.parametrize("content", FORGED.values(), ids=FORGED)
def test_forged_safetensors(tmp_path, content):
    pytest.importorskip("safetensors", reason="the extra timm is not installed")
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(WeightsError, match=r"x\.safetensors: truncated, or not a safetensors file$"):
        read_checkpoint(str(tmp_path / "x.safetensors"))


def test_safetensors_without_tensors_and_with_empty_ones(tmp_path):
    pytest.importorskip("safetensors", reason="the extra timm is not installed")
    file = tmp_path / "x.safetensors"
    for nothing in ({}, {"__metadata__": {"a": "b"}}):
        file.write_bytes(header(nothing))
        with pytest.raises(WeightsError, match="no state dict"):
            read_checkpoint(str(file))
    file.write_bytes(header({"0.weight": place(0, 0, [0])}))
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1, bias=False))
    with pytest.raises(WeightsError, match=r"1 of another shape \(0\.weight \(0,\) instead of \(4, 3, 1, 1\)\)$"):
        load_strictly(network, read_checkpoint(str(file))[0], path="x", architecture="tiny")


def test_a_lack_of_memory_is_not_called_damage(file):
    """As torch words it, of a record or a number of bytes that a pickle asks for."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "a/data.pkl", b"\x80\x02c__builtin__\nbytearray\n\x8a\x07" + (10**16).to_bytes(7, "little") + b"\x85R."
        )
        archive.writestr("a/version", "3\n")
    with pytest.raises(MemoryError):
        read_checkpoint(str(file))


def test_what_a_checkpoint_of_a_trainer_holds_beside_weights_is_named(file):
    content = {"state_dict": {"a": torch.zeros(1)}, "args": argparse.Namespace(lr=0.1)}
    with pytest.raises(
        WeightsError, match=r"holds code \(argparse\.Namespace\), not only weights, and was not opened$"
    ):
        read(file, content)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among its files")
def test_a_pipe_or_a_device_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.pth")
    for path in (str(tmp_path / "pipe.pth"), "/dev/zero"):
        with pytest.raises(WeightsError, match="not a regular file$"):
            weights_digest(path)
