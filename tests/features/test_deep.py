"""Deep features: preprocessing, specs that name weights, and what two real networks find."""

import hashlib
import os

import numpy as np
import PIL.Image
import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.cli.remedies import explain
from imgsim.core import WORKING_SIZE, ExtractorSpec
from imgsim.errors import ParameterError, UnknownNameError, WeightsError
from imgsim.features import build_extractor, load_extractor
from imgsim.features.deep import prepare
from imgsim.features.whiten import fit_to_photos
from imgsim.images.read import read_image
from imgsim.index.index import open_index
from imgsim.index.options import Options
from imgsim.index.update import update_index
from imgsim.models.architectures import ARCHITECTURES, Preprocessing
from imgsim.models.cache import find_models
from imgsim.models.export import export_checkpoint
from imgsim.models.testing import store_random_model
from imgsim.models.trunk_spec import TrunkSpec
from imgsim.models.vision import torch, torchvision
from tests.photos import draw_photo

SMALL = "squeezenet1_1"
PUBLISHED = "pooling=avg,crop=center,flip=no"
REAL = {"squeezenet1_1": "squeezenet1_1_fp16.pth", "mobilenet_v2": "mobilenet_v2_coral_ptq_dequant_fp16.pth"}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """As in tests/models."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", autouse=True)
def models(one_thread, tmp_path_factory):
    """A cache with three models: two of the same network, one of a layer of it."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGSIM_MODELS", str(folder))
        patch.delenv("IMGSIM_DEVICE", raising=False)
        old, new = store_random_model(SMALL, 1), store_random_model(SMALL, 2)
        os.utime(old.path, (1, 1))
        store_random_model(SMALL, 1, layer="features.4")
        yield {"old": old, "new": new}


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "empty"))
    return tmp_path / "empty"


def photo(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_b0", "efficientnet_b1", "efficientnet_v2_l", "vit_l_16"])
@pytest.mark.parametrize("size", [(36, 48), (53, 37), (225, 341), (480, 640), (100, 399), (1, 1), (2, 3)])
def test_center_is_what_torchvision_does(name, size):
    theirs = torchvision.models.get_model_weights(name).DEFAULT.transforms()(PIL.Image.fromarray(photo(*size)))
    ours = prepare(photo(*size), ARCHITECTURES[name].preprocessing, crop="center", size=0)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours[0], theirs.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("crop", "size", "photo_size", "expected"),
    [
        ("whole", 200, (300, 600), (200, 400)),
        ("whole", 200, (600, 300), (400, 200)),
        ("whole", 96, (50, 50), (96, 96)),
        ("squash", 0, (300, 600), (224, 224)),
        ("squash", 64, (300, 600), (64, 64)),
        ("center", 112, (300, 600), (112, 112)),
    ],
)
def test_shapes(crop, size, photo_size, expected):
    assert prepare(photo(*photo_size), Preprocessing(256, 224), crop=crop, size=size).shape == (1, 3, *expected)


@pytest.mark.parametrize(("rounded", "longer"), [(False, 343), (True, 344)])
def test_the_longer_side_is_rounded_down_or_to_the_nearest(rounded, longer):
    prepared = prepare(photo(300, 403), Preprocessing(256, 224), crop="whole", size=256, rounded=rounded)
    assert prepared.shape == (1, 3, 256, longer)


@pytest.mark.parametrize("crop", ["whole", "squash", "center"])
@pytest.mark.parametrize("size", [(2, 3000), (3000, 2), (1, 65000)])
def test_a_long_photo_does_not_blow_up(crop, size):
    prepared = prepare(photo(*size), Preprocessing(256, 224), crop=crop, size=0)
    assert min(prepared.shape[2:]) >= 224
    assert max(prepared.shape[2:]) <= 4 * min(prepared.shape[2:])
    assert np.isfinite(prepared).all()


def test_squash_and_whole_normalise_by_channel():
    white = np.full((30, 40, 3), 255, np.uint8)
    for crop in ("squash", "whole"):
        prepared = prepare(white, Preprocessing(64, 64, "bicubic", (0.5, 0.25, 0), (0.5, 0.5, 1)), crop=crop, size=0)
        np.testing.assert_allclose(prepared.mean(axis=(0, 2, 3)), [1, 1.5, 1], rtol=1e-6)


VARIANTS = [
    "",
    ":pooling=avg",
    ":pooling=max,crop=center",
    ":pooling=gem,p=4.5,crop=squash,size=96,flip=yes",
    ":layer=features.4",
    ":padding=torch,crop=whole",
]


@pytest.mark.parametrize("variant", VARIANTS)
def test_specs_come_back(variant, models):
    extractor = load_extractor(SMALL + variant)
    stored = extractor.spec.to_json()
    rebuilt = build_extractor(ExtractorSpec.from_json(stored))
    assert rebuilt.spec.to_json() == stored
    assert load_extractor(str(extractor.spec)).spec == extractor.spec
    expected = models["old" if "layer" in variant else "new"].weights
    assert dict(extractor.spec.params)["weights"] == expected[:12]
    np.testing.assert_array_equal(rebuilt.extract([photo(40, 50)]), extractor.extract([photo(40, 50)]))


@pytest.mark.parametrize("variant", VARIANTS)
def test_rows_keep_the_contract(variant):
    extractor = load_extractor(SMALL + variant)
    views = [photo(40, 50), photo(2, 3000), photo(1, 1), photo(90, 70)[::-2, 1::2], np.zeros((9, 5, 3), np.uint8)]
    rows = extractor.extract(views)
    assert rows.shape == (5, extractor.dim)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    for view, row in zip(views, rows, strict=True):
        np.testing.assert_array_equal(extractor.extract([view.copy()])[0], row)
    assert extractor.extract([]).shape == (0, extractor.dim)
    assert extractor.scale.working_size >= WORKING_SIZE


def test_variants_tell_apart():
    rows = [
        load_extractor(SMALL + variant).extract([photo(40, 90)])[0] for variant in VARIANTS if "layer" not in variant
    ]
    assert len(np.unique(rows, axis=0)) >= 3  # some of them may spell out the default


def test_flip_makes_mirror_images_alike():
    view = photo(40, 90)
    both = load_extractor(f"{SMALL}:flip=yes").extract([view, view[:, ::-1]])
    one = load_extractor(f"{SMALL}:flip=no").extract([view, view[:, ::-1]])
    np.testing.assert_allclose(both[0], both[1], atol=1e-6)
    assert abs(one[0] - one[1]).max() > 1e-4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p=0", "p is 0.1 to 100, not 0"),
        ("p=nan", "p is 0.1 to 100, not nan"),
        ("size=31", "size is 32 to 1024 pixels, or 0, not 31"),
        ("pooling=sum", "pooling is one of avg, max, gem, not 'sum'"),
        ("crop=tall", "crop is one of whole, center, squash, not 'tall'"),
        ("colour=1", "takes no parameter 'colour'"),
    ],
)
def test_what_does_not_fit_is_explained(text, message):
    with pytest.raises(ParameterError, match=message):
        load_extractor(f"{SMALL}:{text}")


@pytest.mark.parametrize("name", ["vit_b_16", "swin_t", "timm/xception41"])
def test_networks_of_one_size_take_no_other(name):
    with pytest.raises(ParameterError, match=f"^{name} takes images of its own size only: leave out size"):
        load_extractor(f"{name}:size=320")


def test_a_decode_is_large_enough_for_what_is_asked():
    for crop in ("whole", "center", "squash"):
        assert load_extractor(f"efficientnet_b7:crop={crop}").scale.working_size >= 600
    assert load_extractor(f"{SMALL}:size=700,crop=whole").scale.working_size == 700
    assert load_extractor(f"{SMALL}:size=448,crop=center").scale.working_size == 512


def test_an_unknown_network_gets_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean resnet50"):
        load_extractor("resnet51")


def test_a_missing_model_is_told_with_all_that_is_needed(empty):
    with pytest.raises(WeightsError) as caught:
        load_extractor("resnet18").extract([photo(9, 9)])
    for needed in (
        str(empty),
        "https://download.pytorch.org/models/resnet18-f37072fd.pth",
        "44.7 MB",
        "`imgsim models pull resnet18`",
        "`imgsim models import FILE --architecture resnet18`",
    ):
        assert needed in explain(caught.value)
    assert "\n" not in explain(caught.value)
    assert load_extractor("resnet18").dim == 512  # known without it


@pytest.fixture
def folder(make_photos):
    return make_photos(4)


def index(folder, *texts):
    return update_index(folder, extractors=texts, options=Options(jobs=1))


def best(folder, *texts):
    with open_index(folder) as opened:
        return opened.search(folder / "0.png", extractors=texts, include_self=True)[0]


def test_an_index_keeps_to_the_weights_that_it_was_made_with(folder, models):
    index(folder, f"{SMALL}:weights={models['old'].weights[:8]}")
    assert best(folder).path == "0.png"
    assert best(folder).distance == pytest.approx(0, abs=1e-6)
    data = models["old"].read()
    os.unlink(models["old"].path)
    try:
        for asked in ((), (SMALL,)):
            with pytest.raises(WeightsError) as caught:
                best(folder, *asked)
            message = str(caught.value)
            assert message.startswith(f"no {SMALL} model with weights {models['old'].weights[:12]} in ")
            assert f"but with weights {models['new'].weights[:12]}" in message
            assert "pull" not in message  # what is published are other weights
    finally:
        with open(models["old"].path, "wb") as stream:
            stream.write(data)
        os.utime(models["old"].path, (1, 1))
    assert best(folder).path == "0.png"


def test_a_tampered_model_answers_no_query(folder, models):
    index(folder, SMALL)
    data = models["new"].read()
    with open(models["new"].path, "r+b") as stream:
        stream.seek(len(data) // 2)
        stream.write(bytes([data[len(data) // 2] ^ 1]))
    try:
        with pytest.raises(WeightsError, match="damaged or tampered with"):
            best(folder)
    finally:
        with open(models["new"].path, "wb") as stream:
            stream.write(data)
    assert best(folder).path == "0.png"


def test_no_index_is_begun_with_a_tampered_model(folder, models):
    index(folder, "phash")
    data = models["new"].read()
    os.truncate(models["new"].path, 1000)
    try:
        with pytest.raises(WeightsError, match="damaged or tampered with"):
            index(folder, SMALL)
    finally:
        with open(models["new"].path, "wb") as stream:
            stream.write(data)
    assert index(folder).unchanged == 4  # as later runs do, and not stopped by what was not begun
    with open_index(folder) as opened:
        assert [stored.spec.name for stored in opened.extractors] == ["phash"]


@pytest.fixture
def only(empty, models):
    """A cache that holds one model under another name, or with another content: ``only(weights="0" * 64)``."""

    def make(data=None, **forged):
        data = models["new"].read() if data is None else data
        empty.mkdir(exist_ok=True)
        fields = dict(zip(("architecture", "padding", "layer", "weights"), models["new"][1:5], strict=True)) | forged
        name = "--".join([*fields.values(), hashlib.sha256(data).hexdigest()[:16]])
        path = empty / f"{name}.onnx"
        path.write_bytes(data)
        return path

    return make


@pytest.mark.parametrize(
    ("forged", "message"),
    [
        ({"architecture": "resnet50"}, rf"architecture {SMALL}, not resnet50$"),
        ({"architecture": "squeezenet1_0"}, rf"architecture {SMALL}, not squeezenet1_0$"),  # of as many channels
        ({"padding": "tensorflow"}, r"padding torch, not tensorflow$"),
        ({"layer": "features.3"}, r"layer final, not features.3$"),
        ({"weights": "0" * 64}, r"weights [0-9a-f]{12}, not 0{12}$"),
    ],
)
def test_a_renamed_model_describes_nothing(folder, only, forged, message):
    only(**forged)
    extractor = load_extractor(
        forged.get("architecture", SMALL) + (f":layer={forged['layer']}" if "layer" in forged else "")
    )
    with pytest.raises(WeightsError, match=rf"\.onnx: renamed: it has {message}") as caught:
        extractor.extract([photo(40, 50)])
    assert "\n" not in str(caught.value)
    assert explain(caught.value).endswith(f": `imgsim models remove {extractor.architecture}`, then import it again")
    with pytest.raises(WeightsError, match=r"renamed"):
        index(folder, extractor.architecture + (f":layer={extractor.layer}" if extractor.layer else ""))


def test_a_renamed_model_answers_no_query(folder, models, only):
    honest = only(models["old"].read(), weights=models["old"].weights)
    index(folder, SMALL)
    assert best(folder).path == "0.png"
    honest.unlink()
    only(weights=models["old"].weights)
    with pytest.raises(WeightsError, match="renamed: it has weights "):
        best(folder)


def test_a_model_with_another_dim_describes_nothing(only, models):
    data = models["new"].read()
    only(data.replace(b'"maps": ["n", 512,', b'"maps": ["n", 513,'))
    with pytest.raises(WeightsError, match=r"its maps would have 513 channels instead of 512$"):
        load_extractor(SMALL).extract([photo(40, 50)])


def test_two_weights_live_in_one_index(folder, models):
    for file in models.values():
        index(folder, f"{SMALL}:weights={file.weights[:12]}")
    with open_index(folder) as opened:
        assert len(opened.extractors) == 2
    assert best(folder, f"{SMALL}:weights={models['old'].weights[:12]}").path == "0.png"


def test_a_whitening_is_part_of_the_spec(make_photos):
    folder = make_photos(12)
    (folder / "bad.jpg").write_bytes(b"\xff\xd8\xff no photo")
    skipped = []
    digest = fit_to_photos(sorted(folder.iterdir()), SMALL, 5, skipped.append)
    assert len(skipped) == 1
    assert skipped[0].path == str(folder / "bad.jpg")
    whitened = load_extractor(f"{SMALL}:whitening={digest}")
    assert whitened.dim == 5
    assert f"whitening={digest}" in str(whitened.spec)
    rows = whitened.extract([read_image(folder / f"{n}.png") for n in range(12)])
    assert rows.shape == (12, 5)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    index(folder, str(whitened.spec))
    assert best(folder).path == "0.png"
    with pytest.raises(ParameterError, match=f"whitening {digest} was fitted to 512 values, not to the 1280 of"):
        _ = load_extractor(f"mobilenet_v2:whitening={digest}").dim
    with pytest.raises(
        ParameterError, match=rf"^whitening {digest} was fitted to {SMALL}:.*avg.*, not to {SMALL}:.*max"
    ):
        _ = load_extractor(f"{SMALL}:pooling=max,whitening={digest}").dim
    with pytest.raises(WeightsError, match=r"^no whitening--0123\.npz in "):
        _ = load_extractor(f"{SMALL}:whitening=0123").dim


def test_a_whitening_is_fitted_to_deep_extractors_only(make_photos):
    with pytest.raises(ParameterError, match=r"^phash is no deep extractor"):
        fit_to_photos(make_photos(3).iterdir(), "phash", 2, print)


@pytest.fixture(scope="module")
def real(models, shared_data):
    """Real weights, imported: file by network."""
    weights = shared_data.parent / "weights"
    if not weights.is_dir():
        pytest.skip("no ../shared/weights beside this checkout")
    return {name: export_checkpoint(str(weights / file), TrunkSpec(name))[0] for name, file in REAL.items()}


def test_real_features_equal_plain_torchvision(real, shared_data):
    paths = sorted((shared_data / "textures").glob("*/*.jpg"))[::16]
    for name, file in real.items():
        network = torchvision.models.get_model(name)
        network.load_state_dict(torch.load(shared_data.parent / "weights" / REAL[name], weights_only=True))
        transforms = torchvision.models.get_model_weights(name).DEFAULT.transforms()
        extractor = load_extractor(f"{name}:{PUBLISHED},weights={file.weights[:12]}")
        for path in paths:
            image = read_image(path, scale=extractor.scale)
            with torch.inference_mode():
                maps = network.features.eval()(transforms(PIL.Image.fromarray(image))[None])
                expected = torch.nn.functional.normalize(maps.mean((2, 3)))[0].numpy()
            np.testing.assert_allclose(extractor.extract([image])[0], expected, atol=1e-4)


def recall_at_1(extractor, paths):
    """Leave one out, by cosine; a photo's class is its folder."""
    images = (read_image(path, scale=extractor.scale) for path in paths)
    rows = np.concatenate([extractor.extract([image]) for image in images])
    similarity = rows @ rows.T
    np.fill_diagonal(similarity, -np.inf)
    classes = np.array([path.parent.name for path in paths])
    return (classes[similarity.argmax(axis=1)] == classes).mean()


@pytest.mark.parametrize(
    ("name", "data", "least"),
    [
        ("mobilenet_v2", "textures", 0.56),
        ("mobilenet_v2", "clothing", 0.63),
        ("squeezenet1_1", "textures", 0.53),
        ("squeezenet1_1", "clothing", 0.50),
    ],
)
def test_real_weights_find_what_they_should(real, shared_data, name, data, least):
    """As they are by default; on another processor rounding may turn one photo."""
    paths = sorted(path for path in (shared_data / data).rglob("*") if path.suffix in (".jpg", ".png", ".jpeg"))
    extractor = load_extractor(f"{name}:weights={real[name].weights[:12]}")
    assert recall_at_1(extractor, paths) >= least - 1 / len(paths)


def test_the_newest_import_is_what_a_name_means(real):
    for name, file in real.items():
        assert find_models(name)[0] == file
        assert load_extractor(name).spec == load_extractor(f"{name}:weights={file.weights[:12]}").spec


def test_a_run_without_the_model_says_so_and_keeps_what_there_is(make_photos, monkeypatch, tmp_path):
    folder = make_photos(4)
    index(folder, SMALL)
    draw_photo(folder / "new.png", 9)
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "elsewhere"))
    with pytest.raises(WeightsError, match=rf"^no {SMALL} model with weights "):
        update_index(folder)
    with open_index(folder) as opened:
        assert opened.counts["photos"] == 4
    summary = update_index(folder, options=Options(files=[str(folder / "0.png")], colors=True))
    assert summary.unchanged == 1
