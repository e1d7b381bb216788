"""`classify` ranks labels of photos, whatever they come as, by any classifier."""

import numpy as np
import pytest
from PIL import Image

import imgsim
from imgsim.errors import ImageReadError, UnknownNameError, WeightsError
from imgsim.features.classifier import load_classifier
from imgsim.features.kinds import OfficeKinds
from tests.features.test_classifier import probe
from tests.learned import write_model


@pytest.fixture
def photos(make_photos):
    return sorted(make_photos(3).iterdir())


def test_a_photo_is_the_same_as_pixels_and_alone(photos):
    pixels = np.asarray(Image.open(photos[1]).convert("RGB"))
    assert imgsim.classify(pixels) == imgsim.classify(photos[1]) == [imgsim.classify(photos)[1]]
    assert imgsim.classify([]) == []
    assert len(imgsim.classify(pixels, k=None)[0]) == OfficeKinds().dim


def test_any_classifier_is_named_or_given(model_cache, tmp_path, monkeypatch, photos):
    path = write_model(tmp_path / "m.onnx", probe())
    by_path, given = imgsim.classify(photos, path), imgsim.classify(photos, load_classifier(str(path)))
    assert by_path == given
    assert {label.label for label in by_path[0]} <= set(load_classifier(str(path)).labels)
    korean = imgsim.classify(photos, "kinds:language=ko", k=1)
    assert [one[0].label for one in korean] == [one[0].label for one in imgsim.classify(photos, OfficeKinds("ko"), k=1)]
    assert len(imgsim.classify(photos[0], "imagenet", k=None)[0]) == 1000
    monkeypatch.chdir(tmp_path)
    path.rename("kinds")  # a file that is there comes before the name
    assert imgsim.classify(photos, "kinds") == by_path


def test_what_is_wrong_is_told(model_cache, photos, tmp_path):
    with pytest.raises(WeightsError, match="no such file"):
        imgsim.classify(photos, "gone")
    with pytest.raises((UnknownNameError, WeightsError, imgsim.ImgsimError), match="colour"):
        imgsim.classify(photos, "kinds:colour=ko")
    (tmp_path / "text.jpg").write_text("no photo")
    with pytest.raises(ImageReadError, match=r"text\.jpg"):
        imgsim.classify([photos[0], tmp_path / "text.jpg"])
