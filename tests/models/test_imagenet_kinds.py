"""The names of ImageNet's kinds, and that they stand in the order of the weights."""

import re

import pytest

from imgsim.features.kinds import ImageNetKinds
from imgsim.features.measure import measure_all
from imgsim.models.imagenet_kinds import FILE, imagenet_synsets

# Photos whose kind is unmistakable, of all parts of the list.
SHOWN = {
    "neardup/base_images/ukbench09012.jpg": "acoustic guitar",
    "outfits/photos/0289.jpg": "fur coat",
    "clothing/photos/shoes/abea332f-bcad-413b-9d82-9e3f4bc22ffa.jpg": "sandal",
    "textures/cobwebbed/cobwebbed_0063.jpg": "spider web",
    "streets/photos/img582.jpg": "traffic light",
    "grocery/photos/**/Cabbage_010.jpg": "head cabbage",
    "grocery/photos/**/Green-Bell-Pepper_025.jpg": "bell pepper",
    "grocery/photos/**/Granny-Smith_016.jpg": "Granny Smith",
    "grocery/photos/**/Lemon_020.jpg": "lemon",
    "grocery/photos/**/Pineapple_010.jpg": "pineapple",
    "grocery/photos/**/Banana_031.jpg": "banana",
}


def test_there_are_a_thousand_of_different_names():
    names = imagenet_synsets()
    assert len({name.casefold() for name in names}) == len(names) == 1000
    assert list(names.values()) == sorted(set(names.values()))  # which is the order of the weights
    assert all(re.fullmatch(r"n\d{8}", synset) for synset in names.values())


def test_their_source_and_licence_stand_beside_them():
    head = "".join(line for line in FILE.read_text("utf-8").splitlines(keepends=True) if line.startswith("#"))
    (licence,) = re.findall(r"[\w-]+\.txt", head)
    for text in (head, FILE.with_name(licence).read_text("utf-8")):
        assert re.search(r"Copyright 2006 by Princeton\s+University", text)


def test_they_are_torchvisions_in_its_order():
    pytest.importorskip("torch", reason="the extra deep is not installed")
    from imgsim.models.vision import torchvision

    theirs = torchvision.models.MobileNet_V2_Weights.IMAGENET1K_V1.meta["categories"]
    differ = {ours: other for ours, other in zip(imagenet_synsets(), theirs, strict=True) if ours != other}
    assert differ == {"Cardigan Welsh corgi": "Cardigan"}


def test_they_stand_in_the_order_of_the_weights(shared_data):
    photos = [next(shared_data.glob(pattern)) for pattern in SHOWN]
    kinds = ImageNetKinds()
    (rows,) = measure_all(photos, [kinds])
    assert [kinds.labels[place] for place in rows.argmax(axis=1)] == list(SHOWN.values())
