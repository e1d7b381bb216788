"""A network that is cut anew: its old models and features keep their meaning, under a version of their own."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra deep is not installed")

from onnx import helper

from imgsim.errors import ExtractorMismatchError, WeightsError
from imgsim.features import build_extractor, load_extractor
from imgsim.index.index import open_index
from imgsim.index.update import update_index
from imgsim.models.architectures import ARCHITECTURES, find_architecture
from imgsim.models.cache import list_models, store_model
from tests.cases.trunks import sealed_trunk, tensor

NAME, WEIGHTS = "convnext_tiny", "ab" * 32
PHOTO = np.random.default_rng(1).integers(0, 256, (64, 80, 3), np.uint8)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("IMGSIM_DEVICE", raising=False)


def store(layer):
    """Put a model of that cut into the cache, other maps for each."""
    kernel = np.random.default_rng(len(layer)).standard_normal((768, 3, 8, 8))
    node = helper.make_node("Conv", ["images", "kernel"], ["maps"], kernel_shape=[8, 8], strides=[8, 8])
    data = sealed_trunk([node], [tensor("kernel", kernel)], architecture=NAME, dim=768, layer=layer)
    return store_model(data, architecture=NAME, padding="torch", layer=layer, weights=WEIGHTS)


def test_cuts_have_names_and_versions_of_their_own():
    assert [find_architecture(name).final() for name in ("resnet18", NAME, "timm/convnext_atto")] == [
        "final",
        "final.2",
        "final.2",
    ]
    store("final.2")
    for layer in ("", "final", "final.2"):
        extractor = load_extractor(f"{NAME}:layer={layer}" if layer else NAME)
        assert (extractor.spec.version, dict(extractor.spec.params)["layer"]) == (3, "")
    assert load_extractor(f"{NAME}:layer=features.1").version == 2  # layers are what they were


def test_an_old_model_is_not_taken_for_the_present_one():
    store("final")
    with pytest.raises(WeightsError, match=f"no {NAME} model in "):
        load_extractor(NAME).spec  # noqa: B018 (which looks for it)


def test_old_features_are_made_by_the_old_model():
    old, new = store("final"), store("final.2")
    extractor = load_extractor(NAME)
    before = build_extractor(replace(extractor.spec, version=2))
    assert (before.spec.version, extractor.spec.version) == (2, 3)
    assert before.spec.params == extractor.spec.params
    rows = [one.extract([PHOTO]) for one in (before, extractor)]
    assert abs(rows[0] - rows[1]).max() > 0.01
    for file in (old, new):
        assert file in list_models()
    with pytest.raises(ExtractorMismatchError, match="indexed as version 1, this imgsim makes version 3"):
        build_extractor(replace(extractor.spec, version=1))


def test_an_index_of_before_goes_on_with_the_old_model(make_photos, monkeypatch):
    folder = make_photos(3)
    store("final")
    with monkeypatch.context() as patch:
        patch.setitem(ARCHITECTURES, NAME, ARCHITECTURES[NAME]._replace(cut=1))
        update_index(folder, extractors=[NAME])
        with open_index(folder) as index:
            (stored,) = index.extractors
            before = index.search(folder / "0.png", k=3)
    assert stored.spec.version == 2
    store("final.2")
    (folder / "more.png").write_bytes((folder / "1.png").read_bytes())
    assert update_index(folder).added == 1
    with open_index(folder) as index:
        assert [one.spec for one in index.extractors] == [stored.spec]
        after = {match.path: match.distance for match in index.search(folder / "0.png", k=4)}
    assert {match.path: after[match.path] for match in before} == {match.path: match.distance for match in before}
    assert after["more.png"] == after["1.png"]
    update_index(folder, extractors=[NAME])
    with open_index(folder) as index:
        assert [one.spec.version for one in index.extractors] == [2, 3]
        assert index.find_extractor(NAME).spec.version == 3
