"""Learned embeddings and classifiers of tests: linear maps and tiny networks, written as their files are."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from imgsim.features import load_extractor
from imgsim.models.architectures import Preprocessing
from imgsim.models.classifier_model import classifier_header
from imgsim.models.ensemble_file import write_ensemble
from imgsim.models.header import CLASSIFIER, EMBEDDING, ENSEMBLE, LINEAR, LINEAR_CLASSIFIER, Header, header_of
from imgsim.models.linear_graph import write_linear, write_probe

HASH = "cd" * 32
PAPER = "A paper of tests, 2007"
LABELS = ("coat", "bag", "shoe")


def linear_map(rows_of: str = "histogram:bins=2", dim: int = 3, seed: int = 0, **details: object) -> bytes:
    """Make a model of a random map of an extractor's rows."""
    extractor = load_extractor(rows_of)
    mean, projection = random_map(extractor.dim, dim, seed)
    told = {"base": extractor.spec.to_json(), "recipe": {"method": "whitening", "paper": PAPER}} | details
    return write_linear(mean, projection, Header(LINEAR, {"photos": HASH}, None, {"rows": ("n", dim)}, told))


def random_map(width: int, dim: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random(width).astype(np.float32), rng.standard_normal((width, dim)).astype(np.float32)


def tiny_network(*, any_size: bool = True, crop: str = "whole", dim: int = 4) -> bytes:
    """Make a model of a network: one convolution, averaged."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from imgsim.models.header import write_header

    weights = np.random.default_rng(1).standard_normal((dim, 3, 3, 3)).astype(np.float32)
    sides = ["h", "w"] if any_size else [32, 32]
    takes = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, *sides])
    gives = helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", dim])
    nodes = [
        helper.make_node("Conv", ["images", "w"], ["maps"]),
        helper.make_node("ReduceMean", ["maps"], ["rows"], axes=[2, 3], keepdims=0),
    ]
    graph = helper.make_graph(nodes, "tiny", [takes], [gives], [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    images = Preprocessing(37, 32, "bilinear", (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    details = {"crop": crop, "recipe": {"loss": "triplet"}}
    header = Header(EMBEDDING, {"trunk": HASH}, images, {"rows": ("n", dim)}, details)
    return write_header(model.SerializeToString(), header)


def write_model(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def probe(
    rows_of: str | tuple[str, ...] = "histogram:bins=2", labels: tuple[str, ...] = LABELS, seed: int = 0
) -> bytes:
    """Make a classifier of a random map of extractors' rows."""
    extractors = [load_extractor(text) for text in ([rows_of] if isinstance(rows_of, str) else rows_of)]
    mean, coefficients, intercepts = random_probe(sum(one.dim for one in extractors), len(labels), seed)
    details = {"bases": [one.spec.to_json() for one in extractors], "counts": [2] * len(labels), "recipe": {}}
    return write_probe(
        mean, coefficients, intercepts, classifier_header(LINEAR_CLASSIFIER, labels, details, {"photos": HASH})
    )


def random_probe(width: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    mean, intercepts = rng.random(width), rng.standard_normal(classes)
    return mean.astype("f4"), rng.standard_normal((width, classes)).astype("f4"), intercepts.astype("f4")


def ensemble(
    *members: bytes, temperatures: Sequence[float] = (), weights: Sequence[float] = (), temperature: float = 1.0
) -> bytes:
    """Make an ensemble of classifiers' files."""
    count = len(members)
    given = zip(members, temperatures or [1.0] * count, weights or [1 / count] * count, strict=True)
    told = [
        {"sha256": hashlib.sha256(data).hexdigest(), "temperature": temperature, "weight": weight}
        for data, temperature, weight in given
    ]
    labels = header_of(members[0], CLASSIFIER, LINEAR_CLASSIFIER).details["labels"]
    details = {"members": told, "recipe": {"temperature": temperature}}
    return write_ensemble(members, classifier_header(ENSEMBLE, labels, details, {"photos": HASH}))


def tiny_classifier(
    *, crop: str = "whole", labels: tuple[str, ...] = LABELS, side: int = 32, seed: int = 1, **recipe: object
) -> bytes:
    """Make a classifier that is a network: one convolution, averaged, softmax; it writes without torch."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from imgsim.models.header import write_header

    weights = np.random.default_rng(seed).standard_normal((len(labels), 3, 3, 3)).astype(np.float32)
    sides = ["h", "w"] if crop == "whole" else [side, side]
    takes = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, *sides])
    gives = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(labels)])
    nodes = [
        helper.make_node("Conv", ["images", "w"], ["maps"]),
        helper.make_node("ReduceMean", ["maps"], ["logits"], axes=[2, 3], keepdims=0),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(nodes, "tiny", [takes], [gives], [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    images = Preprocessing(side + 5, side, "bilinear", (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    details = {"crop": crop, "counts": [2] * len(labels), "recipe": recipe}
    header = classifier_header(CLASSIFIER, labels, details, {"photos": HASH}, images=images)
    return write_header(model.SerializeToString(), header)
