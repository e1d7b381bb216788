"""A network of torch's as a classifier's file."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")
pytest.importorskip("onnx", reason="the extra deep is not installed")

from imgsim.errors import WeightsError
from imgsim.features.classifier import load_classifier
from imgsim.features.deep import prepare
from imgsim.models.architectures import Preprocessing
from imgsim.models.classifier_export import write_classifier
from imgsim.models.tensors import torch
from tests.features.test_features_contract import PHOTOS
from tests.learned import HASH, LABELS

FORM = Preprocessing(40, 32)
TOLD = {"counts": [3, 2, 1], "parents": {"photos": HASH, "weights": HASH}}


@pytest.fixture(autouse=True)
def cache(model_cache):
    return model_cache


def network():
    torch.manual_seed(0)
    pooled = torch.nn.AdaptiveAvgPool2d(1)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 3, 3), torch.nn.Dropout(0.5), pooled, torch.nn.Flatten())


@pytest.mark.parametrize("crop", ["whole", "center", "squash", "letterbox"])
def test_the_file_says_what_the_network_does_its_logits_divided_by_the_temperature(tmp_path, crop):
    path = tmp_path / "m.onnx"
    path.write_bytes(write_classifier(network(), FORM, LABELS, crop=crop, recipe={"temperature": 2.5}, **TOLD))
    classifier = load_classifier(str(path))
    image = PHOTOS["noise"]
    given = torch.from_numpy(prepare(image, FORM, crop=crop, size=0, rounded=True))
    with torch.inference_mode():
        expected = torch.softmax(network().eval()(given) / 2.5, dim=1).numpy()
    assert np.abs(classifier.extract([image]) - expected).max() < 1e-5
    assert classifier.header.details["counts"] == [3, 2, 1]
    assert classifier.header.parents["weights"] == HASH


def test_a_network_of_another_number_of_classes_is_refused():
    with pytest.raises(WeightsError, match="does not make the 2 values of probabilities that it says"):
        write_classifier(network(), FORM, LABELS[:2], crop="squash", recipe={}, **TOLD | {"counts": [1, 1]})
