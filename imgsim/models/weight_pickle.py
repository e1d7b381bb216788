"""Weight files in the form that torch wrote until version 1.5, read without torch and without running any code."""

from __future__ import annotations

import io
import math
import pickle
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}
_COUNT = 8  # bytes before each storage's values: how many there are


class _Storage(NamedTuple):
    """Where values lie that tensors are views of."""

    key: str
    dtype: str
    size: int


class _Tensor(NamedTuple):
    """A view of a storage, whose values are read later."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]  # values


class _Unpickler(pickle.Unpickler):
    """Knows tensors of numbers, and nothing else: no name in a file is looked up anywhere."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (the names that it knows)
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
            **{("torch", storage): storage for storage in DTYPES},
        }
        if (module, name) not in known:
            raise WeightsError(f"names {module}.{name}: it holds code, not only weights, and was not opened"[:200])
        return known[module, name]

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401 (whatever the file held)
        kind, storage, key, _, size, view = pid
        if kind != "storage" or view is not None or storage not in DTYPES or type(size) is not int or size < 0:
            raise ValueError
        return _Storage(str(key), DTYPES[storage], size)


def _rebuild(storage: object, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object) -> _Tensor:
    """Check that a tensor lies in its storage and is no larger."""
    numbers = (offset, *shape, *strides)
    if not isinstance(storage, _Storage) or not all(type(one) is int and one >= 0 for one in numbers):
        raise ValueError
    last = offset + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True))
    if 0 in shape or last >= storage.size or math.prod(shape) > storage.size:
        raise ValueError
    return _Tensor(storage, offset, shape, strides)


def read_tensors(data: bytes) -> dict[str, NDArray[Any]]:
    """Read a state dict of dense tensors of float32 and int64; WeightsError where it is anything else."""
    stream = io.BytesIO(data)
    try:
        _check_start(*(_Unpickler(stream).load() for _ in range(3)))
        tensors = _Unpickler(stream).load()
        values = _read_storages(data, stream, tensors)
        return {name: _view(tensor, values) for name, tensor in tensors.items()}
    except WeightsError:
        raise
    except Exception as error:  # damage surfaces as almost anything
        raise WeightsError("truncated, or not a weight file of torch's older form") from error


def _check_start(magic: object, protocol: object, system: Mapping[str, object]) -> None:
    if (magic, protocol, system["little_endian"]) != (MAGIC, PROTOCOL, True):
        raise ValueError


def _read_storages(data: bytes, stream: io.BytesIO, tensors: Mapping[Any, Any]) -> dict[str, NDArray[Any]]:
    """Find each storage's values, which follow in the order that a list of keys tells."""
    if not tensors or not all(isinstance(key, str) and isinstance(one, _Tensor) for key, one in tensors.items()):
        raise WeightsError("no state dict, which maps parameter names to tensors")
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    values, keys = {}, _Unpickler(stream).load()
    place = stream.tell()
    for key in keys:
        storage = storages[key]
        if int.from_bytes(data[place : place + _COUNT], "little") != storage.size:
            raise ValueError
        values[key] = np.frombuffer(data, storage.dtype, storage.size, place + _COUNT)
        place += _COUNT + values[key].nbytes
    return values


def _view(tensor: _Tensor, values: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    flat = values[tensor.storage.key][tensor.offset :]
    strides = tuple(stride * flat.itemsize for stride in tensor.strides)
    return np.ascontiguousarray(np.lib.stride_tricks.as_strided(flat, tensor.shape, strides, writeable=False))
