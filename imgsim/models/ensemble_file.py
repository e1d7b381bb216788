"""An ensemble as one ONNX file: its members' files whole, as tensors of bytes, and a graph that takes the vote."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import WeightsError
from imgsim.models.graph import check_graph, fields_of
from imgsim.models.graph_additions import bytes_field, number_field
from imgsim.models.graph_writer import integer, node, write_graph
from imgsim.models.header import CLASSIFIER, LINEAR_CLASSIFIER, Header, check_seal, header_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_GRAPH, _TENSOR, _LENGTH, _TYPE, _NAME, _RAW = 7, 5, 1, 2, 8, 9  # fields of a model, of its graph, of a tensor
_BYTES = 3  # a tensor's type: unsigned, of 8 bits
_MEMBER = b"member "
_LEAST = 1e-30  # of a probability whose logarithm is taken


class PackedMember(NamedTuple):
    """A member of an ensemble: what it says of itself, and its file's content."""

    header: Header
    data: bytes


def write_ensemble(members: Sequence[bytes], header: Header) -> bytes:
    """Write classifiers and their soft vote in one file, members first: what follows them is a model of the vote alone.

    Of what members say, p (N, M, C), it gives softmax(log(sum of w softmax(log(p) / t)) / T); the header has w, t, T.
    """
    told = header.details["members"]
    inverse = np.array([1 / one["temperature"] for one in told], np.float32).reshape(1, -1, 1)
    weights = np.array([one["weight"] for one in told], np.float32).reshape(1, -1, 1)
    nodes = (
        node("Max", ["votes", "least"], "likely"),
        node("Log", ["likely"], "logits"),
        node("Mul", ["logits", "inverse"], "scaled"),
        node("Softmax", ["scaled"], "each", integer("axis", 2)),
        node("Mul", ["each", "weights"], "weighted"),
        node("ReduceSum", ["weighted", "axis"], "mean", integer("keepdims", 0)),
        node("Max", ["mean", "least"], "likely mean"),
        node("Log", ["likely mean"], "logits of all"),
        node("Mul", ["logits of all", "inverse of all"], "scaled of all"),
        node("Softmax", ["scaled of all"], "probabilities", integer("axis", 1)),
    )
    tensors: dict[str, NDArray[np.float32] | NDArray[np.int64]] = {
        "least": np.array([_LEAST], np.float32),
        "inverse": inverse,
        "inverse of all": np.array([1 / header.details["recipe"].get("temperature", 1)], np.float32),
        "weights": weights,
        "axis": np.array([1], np.int64),
    }
    packed = b"".join(_pack(number, data) for number, data in enumerate(members, 1))
    shape = len(told), header.dim
    return write_graph(nodes, tensors, ("votes", shape), ("probabilities", shape[1:]), header, before=packed)


def _pack(number: int, data: bytes) -> bytes:
    tensor = number_field(_LENGTH, len(data)) + number_field(_TYPE, _BYTES)
    tensor += bytes_field(_NAME, _MEMBER + str(number).encode()) + bytes_field(_RAW, data)
    return bytes_field(_GRAPH, bytes_field(_TENSOR, tensor))


def unpack_ensemble(data: bytes, header: Header) -> tuple[list[PackedMember], bytes]:
    """Take an ensemble's file apart: its members, each found to be what its header says, and the model of the vote."""
    members, end = [], 0
    for one in header.details["members"]:
        content, end = _member_at(data, end)
        if hashlib.sha256(content).hexdigest() != one["sha256"]:
            raise WeightsError("a member of it is not the one that it names")
        check_seal(content)
        check_graph(content)
        member = header_of(content, CLASSIFIER, LINEAR_CLASSIFIER)
        if member.details["labels"] != header.details["labels"]:
            raise WeightsError("a member of it tells other classes apart than it says")
        members.append(PackedMember(member, content))
    return members, data[end:]


def _member_at(data: bytes, start: int) -> tuple[bytes, int]:
    """Give the member whose field begins at a place, and where it ends."""
    place, end, path = start, len(data), (_GRAPH, _TENSOR, _RAW)
    for depth, wanted in enumerate(path):
        found = next((field for field in fields_of(data, place, end) if depth < 2 or field[0] == wanted), None)
        if found is None or found[0] != wanted or found[2] < 0:
            raise WeightsError("it has not the members that it names")
        place, end = found[1], found[1] + found[2]
    return data[place:end], end
