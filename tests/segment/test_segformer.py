"""SegFormer, from what transformers writes to a label map."""

import json
import shutil

import cv2
import numpy as np
import pytest

from imgsim.errors import ParameterError, UnknownNameError, WeightsError
from imgsim.models.segformer_export import export_segformer, import_segformer, licence_of, read_preprocessing
from imgsim.models.segmenter_model import SEGMENTER_MODELS, store_segmenter
from imgsim.segment.segmenter_table import build_segmenter, load_parts
from tests.segment.checkpoints import NAMES, green_segmenter, save_segformer, store_segformer

IMAGE = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (90, 70, 3), np.uint8), (0, 0), 5)


def test_a_folder_becomes_a_segmenter_by_name(tmp_path):
    folder = save_segformer(tmp_path / "tiny")
    model, before = import_segformer(str(folder), "fashion")
    assert before is None
    assert SEGMENTER_MODELS.names() == {"fashion": model}
    header = model.header()
    assert header.licence == "other, made-for-a-test"
    assert header.details == {"names": NAMES}
    asked = load_parts("fashion:upper-clothes,hat+bag")
    assert asked.labels == (("upper-clothes",), ("hat", "bag"))
    assert asked.segmenter.names == ("background", "hat", "upper-clothes", "left-shoe", "bag")
    assert load_parts("segformer").segmenter.spec == asked.segmenter.spec
    assert build_segmenter(asked.segmenter.spec).spec == asked.segmenter.spec


def test_its_map_is_that_of_torch(tmp_path):
    store_segformer(folder := tmp_path / "tiny", "tiny")
    import transformers

    from imgsim.models.vision import torch

    network = transformers.SegformerForSemanticSegmentation.from_pretrained(folder).eval()
    square = IMAGE[:64, :64]
    given = torch.from_numpy(((square / 255 - 0.5) / 0.25).astype(np.float32).transpose(2, 0, 1)[None])
    with torch.inference_mode():
        scores = network(pixel_values=given).logits[0].numpy()
    larger = [cv2.resize(one, (64, 64), interpolation=cv2.INTER_LINEAR) for one in scores]
    labels = load_parts("tiny").segmenter.segment(square)
    assert (labels == np.argmax(larger, axis=0)).mean() > 0.999
    assert load_parts("tiny").segmenter.segment(IMAGE).shape == (90, 70)


def test_a_name_may_be_given_to_other_weights(tmp_path):
    first = store_segformer(tmp_path / "one", "fashion")[0]
    spec = load_parts("fashion").segmenter.spec
    second, before = store_segformer(tmp_path / "two", "fashion", seed=1)
    assert before == first
    assert len(SEGMENTER_MODELS.models()) == 2
    assert load_parts("fashion").segmenter.spec != spec
    assert build_segmenter(spec).spec == spec  # an index goes on with what it was made with
    assert dict(load_parts("fashion").segmenter.spec.params) == {"sha256": second.sha256}


def test_an_unknown_label_or_model_is_one_line(tmp_path):
    with pytest.raises(WeightsError, match=r"^no segmenter is in .*models$"):
        load_parts("segformer")
    store_segformer(tmp_path / "tiny", "fashion")
    with pytest.raises(UnknownNameError, match=r"^unknown label of segformer 'left-sho': did you mean left-shoe\?$"):
        load_parts("fashion:left-sho")
    with pytest.raises(UnknownNameError, match=r"^unknown imported segmenter 'fashon': did you mean fashion\?$"):
        load_parts("segformer:model=fashon")
    with pytest.raises(UnknownNameError, match=r"^unknown segmenter 'fasion': did you mean fashion\?$"):
        load_parts("fasion")


def test_a_damaged_model_is_one_line(tmp_path):
    model, _ = store_segformer(tmp_path / "tiny", "fashion")
    with open(model.path, "r+b") as stream:
        stream.write(b"damaged")
    with pytest.raises(WeightsError, match=r"onnx: damaged or tampered with$"):
        load_parts("fashion")


@pytest.mark.parametrize("names", [["Background"], [str(number) for number in range(300)]])
def test_a_model_of_too_few_or_too_many_labels_is_one_line(names):
    store_segmenter(green_segmenter(names), "odd")
    count = len(names) if len(names) > 1 else 0
    with pytest.raises(ParameterError, match=rf"^segformer: a model of {count} labels, where 1 to 255 do$"):
        load_parts("odd")


def test_what_is_no_segformer_is_one_line(tmp_path):
    folder = save_segformer(tmp_path / "tiny")
    weights = str(folder / "model.safetensors")
    with pytest.raises(WeightsError, match="no such folder, nor OWNER/NAME of a model on the hub"):
        import_segformer(str(tmp_path / "nowhere"), "a")
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match=r"empty: no config\.json with model\.safetensors or pytorch_model\.bin"):
        import_segformer(str(tmp_path / "empty"), "a")
    other = shutil.copytree(folder, tmp_path / "vit")
    (other / "config.json").write_text(json.dumps({"model_type": "vit"}))
    with pytest.raises(WeightsError, match=r"vit: a vit, not a segformer$"):
        export_segformer(str(other), weights)
    cut = shutil.copytree(folder, tmp_path / "cut")
    (cut / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:2000])
    with pytest.raises(WeightsError, match=r"cut: not a SegFormer that transformers can load \(.+\)$") as caught:
        export_segformer(str(cut), weights)
    assert "\n" not in str(caught.value)


def test_a_trunk_without_a_head_is_one_line(tmp_path):
    folder = save_segformer(tmp_path / "tiny")
    import transformers

    trunk = transformers.SegformerForSemanticSegmentation.from_pretrained(folder).segformer
    trunk.save_pretrained(tmp_path / "trunk")
    with pytest.raises(
        WeightsError, match=r"trunk: a SegFormer without its head: \d+ weights are missing \(decode_head"
    ):
        export_segformer(str(tmp_path / "trunk"), str(tmp_path / "trunk" / "model.safetensors"))


def test_a_hub_that_cannot_be_reached_is_one_line(tmp_path, monkeypatch):
    save_segformer(tmp_path / "tiny")  # skips without what exports
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(
        WeightsError, match=r"^owner/tiny: no such folder, and it cannot be fetched from the hub \("
    ) as caught:
        import_segformer("owner/tiny", "a")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, (512, "bilinear", (0.485, 0.456, 0.406))),
        ({"size": 128, "resample": 3, "image_mean": [0, 0, 0]}, (128, "bicubic", (0, 0, 0))),
        ({"size": {"height": 96, "width": 96}, "do_normalize": False}, (96, "bilinear", (0, 0, 0))),
    ],
)
def test_what_it_takes_is_read_from_its_folder(tmp_path, told, expected):
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(told))
    form = read_preprocessing(str(tmp_path))
    assert (form.crop, form.interpolation, form.mean) == expected


@pytest.mark.parametrize(
    "told", [{"size": {"height": 96, "width": 64}}, {"size": 5000}, {"size": "big"}, [], {"resample": 9}]
)
def test_what_it_takes_must_be_a_square(tmp_path, told):
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(told))
    with pytest.raises(WeightsError, match=r"preprocessor_config\.json: (does not say a square size|5000 pixels)"):
        read_preprocessing(str(tmp_path))


def test_a_card_without_a_licence_says_none(tmp_path):
    assert licence_of(str(tmp_path)) == ""
    (tmp_path / "README.md").write_text("# A model\nlicense: mit\n")
    assert licence_of(str(tmp_path)) == ""
