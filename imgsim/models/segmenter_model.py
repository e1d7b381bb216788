"""Segmenters in the model cache, and which of them is meant."""

from __future__ import annotations

import hashlib
import os

from imgsim.errors import UnknownNameError, WeightsError
from imgsim.files import write_whole
from imgsim.models.cache import models_directory
from imgsim.models.header import SEGMENTER
from imgsim.models.model_shelf import DIGITS, LearnedModel, ModelShelf

SEGFORMER = "segformer"  # the architecture that `imgsim.models.segformer_export` exports
SEGMENTER_MODELS = ModelShelf(SEGMENTER, "segmenters.json", (SEGMENTER,))


def find_segmenter(text: str) -> LearnedModel:
    """Find a segmenter in the cache by its name, by the digits that its SHA-256 begins with, or the newest for ''."""
    names = SEGMENTER_MODELS.names()
    if text in names:
        return names[text]
    if DIGITS.fullmatch(text):
        return SEGMENTER_MODELS.find(text)
    if not (there := SEGMENTER_MODELS.models()):
        raise WeightsError(f"no segmenter is in {models_directory()}", remedy="import-segmenter")
    if text:
        written = [naming.partition(":")[2] for naming in SEGMENTER_MODELS.namings()]
        raise UnknownNameError("imported segmenter", text, written)
    return there[0]


def store_segmenter(data: bytes, name: str) -> tuple[LearnedModel, LearnedModel | None]:
    """Put a segmenter into the cache under a name; gives also the one that had the name before, if that is another."""
    digest = hashlib.sha256(data).hexdigest()
    path = os.path.join(models_directory(), f"{SEGMENTER}--{digest}.onnx")
    write_whole(path, data)
    model = LearnedModel(path, digest, SEGMENTER_MODELS)
    return model, SEGMENTER_MODELS.keep_name(name, model)
