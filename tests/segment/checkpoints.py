"""Segmenters for tests: a tiny SegFormer with random weights, as transformers writes it."""

import json

import pytest

NAMES = ["Background", "Hat", "Upper-clothes", "Left shoe", "Bag"]


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
