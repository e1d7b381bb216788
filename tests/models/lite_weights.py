"""Weights of EfficientNet-Lite made up, and files in torch's older form written opcode by opcode, without torch."""

import pickle
import struct

import numpy as np

from imgsim.models.efficientnet_lite import CLASSES, HEAD, blocks_of
from imgsim.models.weight_pickle import MAGIC, PROTOCOL

ONES = ("weight", "running_var")


def made_up_weights(architecture, seed=0):
    """Random weights, under the package's names, whose maps neither vanish nor all clip."""
    rng = np.random.default_rng(seed)
    weights = {}
    for layer in (layer for block in blocks_of(architecture) for layer in block.layers):
        deviation = (2 / np.prod(layer.shape[1:])) ** 0.5
        weights[f"{layer.convolution}.weight"] = rng.normal(0, deviation, layer.shape)
        for name in ("weight", "bias", "running_mean", "running_var"):
            weights[f"{layer.normalisation}.{name}"] = rng.uniform(-0.2, 0.2, layer.outputs) + (name in ONES)
    weights |= {"_fc.weight": rng.normal(0, 0.02, (CLASSES, HEAD)), "_fc.bias": rng.normal(0, 0.02, CLASSES)}
    return {name: values.astype(np.float32) for name, values in weights.items()}


def text(value):
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def whole(value):
    return b"J" + struct.pack("<i", value)


def tuple_of(*items):
    return b"(" + b"".join(items) + b"t"


def called(module, name, *arguments):
    return f"c{module}\n{name}\n".encode() + tuple_of(*arguments) + b"R"


def tensor_ops(key, values, kind="FloatStorage", size=None, offset=0, shape=None, strides=None):
    """The opcodes of a tensor that is a view of a storage."""
    shape = values.shape if shape is None else shape
    strides = [stride // values.itemsize for stride in values.strides] if strides is None else strides
    size = values.size if size is None else size
    storage = tuple_of(text("storage"), f"ctorch\n{kind}\n".encode(), text(key), text("cpu"), whole(size), b"N") + b"Q"
    sides = [tuple_of(*map(whole, numbers)) for numbers in (shape, strides)]
    hooks = called("collections", "OrderedDict")
    return called("torch._utils", "_rebuild_tensor_v2", storage, whole(offset), *sides, b"\x89", hooks)


def older_file(items, storages, magic=MAGIC):
    """A whole file, of opcodes by name and of the values by key."""
    system = {"protocol_version": PROTOCOL, "little_endian": True, "type_sizes": {}}
    parts = [pickle.dumps(one, 2) for one in (magic, PROTOCOL, system)]
    parts.append(b"\x80\x02}(" + b"".join(text(name) + ops for name, ops in items.items()) + b"u.")
    parts.append(pickle.dumps(list(storages), 2))
    for values in storages.values():
        parts += [struct.pack("<q", values.size), values.tobytes()]
    return b"".join(parts)


def saved(weights):
    """A state dict as torch saved it."""
    items = {name: tensor_ops(str(key), values) for key, (name, values) in enumerate(weights.items())}
    return older_file(items, {str(key): values for key, values in enumerate(weights.values())})
