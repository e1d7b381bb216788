"""Segmenters for tests: a tiny SegFormer with random weights, as transformers writes it, and a file as imported."""

import json

import numpy as np
import pytest

from imgsim.models.architectures import Preprocessing
from imgsim.models.graph_writer import node, write_graph
from imgsim.models.header import Header

NAMES = ["Background", "Hat", "Upper-clothes", "Left shoe", "Bag"]
WEIGHTS = "ef" * 32


def green_segmenter(names=("Background", "Upper-clothes", "Bag")):
    """Write a model that takes what is green or light for the first of its labels, and the rest for the second."""
    scores = np.zeros((len(names), 3, 1, 1), np.float32)
    scores[0, 1], scores[2:, 1] = 1, 0.5
    images = Preprocessing(64, 64, "bilinear", (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    outputs, details = {"scores": ("n", len(names), "h", "w")}, {"names": list(names)}
    header = Header("segmenter", {"weights": WEIGHTS}, images, outputs, details, "made-for-a-test")
    takes, gives = ("images", (3, 64, 64)), ("scores", (len(names), 64, 64))
    return write_graph([node("Conv", ["images", "w"], "scores")], {"w": scores}, takes, gives, header)


def save_segformer(folder, *, names=NAMES, seed=0, **preprocessing):
    """Write a tiny SegFormer and what it takes; skip where that cannot be done."""
    transformers = pytest.importorskip("transformers", reason="the extra segformer is not installed")
    pytest.importorskip("onnx", reason="the extra deep is not installed")
    from imgsim.models.vision import torch  # transformers imports torchvision, which it mends

    config = transformers.SegformerConfig(
        hidden_sizes=[8, 8, 8, 8],
        depths=[1, 1, 1, 1],
        num_attention_heads=[1, 1, 1, 1],
        decoder_hidden_size=8,
        num_labels=len(names),
        id2label=dict(enumerate(names)),
        label2id={name: place for place, name in enumerate(names)},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = transformers.SegformerForSemanticSegmentation(config)
    network.save_pretrained(folder)
    told = {"size": {"height": 64, "width": 64}, "image_mean": [0.5] * 3, "image_std": [0.25] * 3, "resample": 2}
    (folder / "preprocessor_config.json").write_text(json.dumps(told | preprocessing))
    (folder / "README.md").write_text("---\nlicense: other\nlicense_name: made-for-a-test\n---\n# Tiny\n")
    return folder


def store_segformer(folder, name, **options):
    """Keep a tiny SegFormer in the model cache under a name, exported here rather than in a process of its own."""
    written = save_segformer(folder, **options)
    from imgsim.models.segformer_export import export_segformer
    from imgsim.models.segmenter_model import store_segmenter

    return store_segmenter(export_segformer(str(written), str(written / "model.safetensors")), name)
