"""The literal table against torchvision's own."""

import pytest

pytest.importorskip("torch", reason="the extra deep is not installed")

from imgsim.errors import UnknownNameError
from imgsim.models.architectures import ARCHITECTURES, find_architecture, is_architecture, provenance
from imgsim.models.trunks import TRUNKS, build_network, cut_trunk
from imgsim.models.vision import torch, torchvision

PUBLISHED = [row for row in ARCHITECTURES.values() if row.source == "torchvision"]
NAMES = [row.name for row in PUBLISHED]


def published(name):
    weights = torchvision.models.get_model_weights(name.removesuffix("@v1"))
    return weights.IMAGENET1K_V1 if name.endswith("@v1") else weights.DEFAULT


@pytest.mark.parametrize("row", PUBLISHED, ids=NAMES)
def test_weights_are_torchvisions_default_or_its_first(row):
    assert row.url == published(row.name).url
    assert row.megabytes == pytest.approx(published(row.name).meta["_file_size"], abs=0.06)


@pytest.mark.parametrize("row", PUBLISHED, ids=NAMES)
def test_preprocessing_is_that_of_the_weights(row):
    theirs = published(row.name).transforms()
    ours = row.preprocessing
    assert [ours.resize] == theirs.resize_size
    assert [ours.crop] == theirs.crop_size
    assert ours.interpolation == theirs.interpolation.value
    assert list(ours.mean) == list(theirs.mean)
    assert list(ours.std) == list(theirs.std)


@pytest.mark.parametrize("row", PUBLISHED, ids=NAMES)
def test_trunks_give_maps_of_the_dimension_in_the_table(row):
    """Of every network, on torch's meta device, which computes shapes only."""
    side = row.preprocessing.crop
    with torch.device("meta"):
        trunk = cut_trunk(row.name, build_network(row.name)).eval()
        maps = trunk(torch.empty(2, 3, side, side))
    transformer = row.name.startswith("vit")
    places = 1 if transformer else -(-side // (16 if row.name.startswith("squeezenet") else 32))
    assert maps.shape[:2] == (2, row.dim)
    assert abs(maps.shape[2] - places) <= 1
    assert maps.shape[2] == maps.shape[3]


def test_every_family_that_was_asked_for_is_there():
    wanted = "resnet18 resnet152 vgg16 vgg19 mobilenet_v2 mobilenet_v3_small mobilenet_v3_large squeezenet1_1"
    wanted += " efficientnet_b0 efficientnet_b7 convnext_tiny vit_b_16 swin_t"
    assert set(wanted.split()) <= set(ARCHITECTURES)


def test_every_network_has_its_first_weights_by_name_once():
    for name in (row.name for row in PUBLISHED if not row.name.endswith("@v1")):
        first = find_architecture(f"{name}@v1")
        assert first.url == published(f"{name}@v1").url
        assert first.name == (name if first.url == published(name).url else f"{name}@v1")
    assert not is_architecture("resnet50@v2")
    assert not is_architecture("efficientnet_lite0@v1")
    assert not is_architecture("resnet50@v1@v1")


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UnknownNameError, match=r"did you mean resnet50\?$"):
        find_architecture("resnet51")


def test_a_record_says_what_can_be_said_of_a_network_of_timm():
    record = find_architecture("timm/xception41.tf_in1k")
    assert (record.name, record.source, record.one_size, record.padding) == (
        "timm/xception41.tf_in1k",
        "timm",
        True,
        "torch",
    )
    assert (record.preprocessing, record.dim, record.licence) == (None, 0, "")
    assert not record.publishes("ab" * 32)
    assert not record.publishes("")


@pytest.mark.parametrize("row", ARCHITECTURES.values(), ids=list(ARCHITECTURES))
def test_a_record_is_whole(row):
    assert (row.trunk in TRUNKS) == (row.source == "torchvision")
    assert bool(row.package) == (row.source == "package")
    assert row.one_size == (row.name.partition("_")[0] in ("vit", "swin"))
    assert all((row.dim, row.paper, row.licence, row.padding))
    assert row.publishes(row.digest + "0" * 56)


def test_licence_and_source_are_those_of_published_weights_only():
    record = find_architecture("resnet18")
    published = {"licence": "BSD-3-Clause", "source": record.url}
    assert provenance("resnet18", record.digest + "0" * 56) == published
    assert provenance("resnet18", "ab" * 32) == provenance("timm/xception41", "ab" * 32) == {}
