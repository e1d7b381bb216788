"""A model cache of each test's own, and the segmenters that the contract is about."""

import json

import PIL.Image
import pytest

from imgsim.segment.segmenter_table import load_parts
from tests.conftest import SHARED
from tests.segment.checkpoints import store_segformer

PERSON = SHARED / "weights" / "segmentation" / "selfie_segmentation.tflite"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder that IMGSIM_MODELS names; it does not exist yet."""
    folder = tmp_path / "models"
    monkeypatch.setenv("IMGSIM_MODELS", str(folder))
    monkeypatch.delenv("IMGSIM_DEVICE", raising=False)
    return folder


@pytest.fixture
def describe_model(tmp_path):
    """Write what describes a model of OpenCV's: ``describe_model(model=..., size=256, labels=["person"])``."""

    def write(**told):
        path = tmp_path / "described.json"
        path.write_text(json.dumps({"model": str(PERSON), "size": 256, "labels": ["person"]} | told))
        return path

    return write


@pytest.fixture
def load(request, tmp_path, describe_model):
    """Load a segmenter of the table, with what it needs: ``load("mask", photos={"a": image})``."""

    def make(name, photos=()):
        if name == "mask":
            for stem, image in dict(photos or {"none": None}).items():
                size = (4, 4) if image is None else image.shape[1::-1]
                mask = PIL.Image.new("L", size, 0)
                mask.paste(1, (0, 0, max(1, size[0] // 2), size[1]))
                (tmp_path / "masks").mkdir(exist_ok=True)
                mask.save(tmp_path / "masks" / f"{stem}.png")
            return load_parts(f"mask:folder={tmp_path / 'masks'}").segmenter
        if name == "dnn":
            if not PERSON.exists():
                pytest.skip("no ../shared/weights beside this checkout")
            return load_parts(f"dnn:model={describe_model()}").segmenter
        if name == "segformer":
            store_segformer(tmp_path / "tiny", "tiny")
        return load_parts(name).segmenter

    return make
