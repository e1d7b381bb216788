"""Models that an older imgsim made: they open as they are, without torch, and give what they gave."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from imgsim.colors.names import load_namer
from imgsim.features import load_extractor
from imgsim.images.read import read_image
from imgsim.models.cache import find_models, list_models
from imgsim.models.defaults import FILE
from imgsim.models.header import read_header
from imgsim.models.imported_model import import_model

FIXTURE = Path(__file__).parents[1] / "fixtures" / "format2"
LAYER = "squeezenet1_1:layer=features.3"
WHITENED = f"{LAYER},whitening=95be484c19d2"
ROUNDING = 2**-21  # of values up to 1: ONNX Runtime adds in another order on another processor


@pytest.fixture(autouse=True)
def old_cache(cache):
    """A copy of a cache that an older imgsim filled."""
    shutil.copytree(FIXTURE / "models", cache)
    return cache


def rows_of(text):
    extractor = load_extractor(text)
    photos = sorted((FIXTURE / "photos").rglob("*.png"))
    return np.concatenate([extractor.extract([read_image(path, scale=extractor.scale)]) for path in photos])


@pytest.mark.parametrize(("text", "expected"), [(LAYER, "rows.npy"), (WHITENED, "whitened.npy")])
def test_rows_are_what_they_were(text, expected):
    np.testing.assert_allclose(rows_of(text), np.load(FIXTURE / expected), rtol=0, atol=ROUNDING)


def test_no_torch_is_needed_and_nothing_is_written(old_cache):
    before = sorted(os.listdir(old_cache))
    code = f"""if True:
        import sys
        sys.modules["torch"] = sys.modules["onnx"] = None
        from tests.models.test_format_1 import *
        print(len(rows_of({WHITENED!r})), load_namer("rgb").name([[255, 0, 0]])[0][0])
    """
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (result.stdout, result.stderr) == ("6 red\n", "")
    assert sorted(os.listdir(old_cache)) == before


def test_a_trunk_says_what_it_is():
    (file,) = list_models()
    header = read_header(file.path)
    assert (header.kind, header.dim, header.preprocessing.crop) == ("trunk", 128, 224)
    assert header.identity == {key: getattr(file, key) for key in ("architecture", "padding", "layer", "weights")}
    assert (header.licence, header.source) == ("", "")  # weights that nobody published


def test_it_may_be_exported_and_imported(tmp_path, monkeypatch):
    (file,) = list_models()
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "other"))
    assert import_model(file.path)._replace(path="") == file._replace(path="")
    assert json.loads((tmp_path / "other" / FILE).read_text()) == {
        "squeezenet1_1--torch--features.3": os.path.basename(file.path)
    }
    assert find_models("squeezenet1_1", layer="features.3")[0].content == file.content


@pytest.mark.parametrize(("model", "count"), [("lab", 11), ("rgb", 9)])
def test_the_shipped_colour_models_say_what_they_are(model, count):
    header = load_namer(model).header
    assert (header.kind, header.dim, header.images, header.digest) == ("color-names", count, None, "")
    assert header.parents == {"data": "a409839b8289c7a47bcdc2997264825819e5db8eeb2fb1674bb8d9bbb9d98ba0"}
