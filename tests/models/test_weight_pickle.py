"""A reader that knows tensors of numbers and nothing else."""

import numpy as np
import pytest

from imgsim.errors import WeightsError
from imgsim.models.weight_pickle import read_tensors
from tests.models.lite_weights import called, older_file, saved, tensor_ops, text

VALUES = np.arange(6, dtype=np.float32)
NOT_READ = "truncated, or not a weight file of torch's older form"


def test_tensors_come_back():
    tensors = {"a": VALUES.reshape(2, 3), "b": VALUES[:1], "none": np.zeros((), np.float32)}
    read = read_tensors(saved(tensors))
    assert list(read) == list(tensors)
    for name, values in tensors.items():
        np.testing.assert_array_equal(read[name], values)


def test_views_of_one_storage_and_whole_numbers_are_read():
    counts = np.array([7, -1], np.int64)
    items = {
        "turned": tensor_ops("0", VALUES, shape=(3, 2), strides=(1, 3)),
        "end": tensor_ops("0", VALUES, offset=4, shape=(2,), strides=(1,)),
        "counts": tensor_ops("1", counts, "LongStorage"),
    }
    read = read_tensors(older_file(items, {"0": VALUES, "1": counts}))
    np.testing.assert_array_equal(read["turned"], VALUES.reshape(2, 3).T)
    np.testing.assert_array_equal(read["end"], [4, 5])
    np.testing.assert_array_equal(read["counts"], counts)


def test_what_torch_saved_is_read(tmp_path):
    torch = pytest.importorskip("torch", reason="the extra deep is not installed")
    state = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).state_dict()
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    read = read_tensors((tmp_path / "old.pth").read_bytes())
    assert list(read) == list(state)
    for name, tensor in state.items():
        np.testing.assert_array_equal(read[name], tensor.numpy())


@pytest.mark.parametrize(
    ("module", "name"), [("os", "system"), ("builtins", "eval"), ("torch", "load"), ("collections", "ChainMap")]
)
def test_no_other_name_is_looked_up(module, name):
    data = older_file({"a": called(module, name, text("true"))}, {"0": VALUES})
    with pytest.raises(WeightsError, match=rf"names {module}\.{name}: it holds code"):
        read_tensors(data)


FORGED = {
    "a storage beyond the file": tensor_ops("0", VALUES, size=10**9),
    "a view beyond its storage": tensor_ops("0", VALUES, offset=1),
    "strides beyond it": tensor_ops("0", VALUES, shape=(2, 2), strides=(5, 1)),
    "a view larger than it": tensor_ops("0", VALUES, shape=(10**6, 10**6), strides=(0, 0)),
    "a negative side": tensor_ops("0", VALUES, shape=(-1,), strides=(1,)),
    "a negative offset": tensor_ops("0", VALUES, offset=-1),
    "as many strides as not": tensor_ops("0", VALUES, shape=(2, 3), strides=(1,)),
    "storage that is not there": tensor_ops("5", VALUES),
    "another kind of numbers": tensor_ops("0", VALUES, "HalfStorage"),
}


@pytest.mark.parametrize("ops", FORGED.values(), ids=list(FORGED))
def test_a_forged_tensor_is_refused(ops):
    with pytest.raises(WeightsError, match=f"{NOT_READ}|names torch.HalfStorage"):
        read_tensors(older_file({"a": ops}, {"0": VALUES}))


@pytest.mark.parametrize("data", [b"", b"no weights", b"PK\x03\x04", saved({"a": VALUES})[:-1]])
def test_what_is_no_whole_file_is_refused(data):
    with pytest.raises(WeightsError, match=NOT_READ):
        read_tensors(data)


def test_every_truncation_is_refused():
    data = saved({"a": VALUES[:2]})
    for length in range(len(data)):
        with pytest.raises(WeightsError):
            read_tensors(data[:length])


def test_a_file_of_something_else_is_told():
    with pytest.raises(WeightsError, match=NOT_READ):
        read_tensors(older_file({"a": tensor_ops("0", VALUES)}, {"0": VALUES}, magic=5))
    with pytest.raises(WeightsError, match="no state dict"):
        read_tensors(older_file({"a": text("b")}, {}))
    with pytest.raises(WeightsError, match="no state dict"):
        read_tensors(older_file({}, {}))
