"""What is told of photos without any training: ImageNet's kinds, and the categories of lost-property offices."""

from importlib.util import find_spec

import numpy as np
import pytest

from imgsim.core import ExtractorSpec
from imgsim.errors import ExtractorMismatchError, ParameterError, WeightsError
from imgsim.features import build_extractor
from imgsim.features.deep import prepare
from imgsim.features.kinds import THRESHOLD, ImageNetKinds, OfficeKinds
from imgsim.features.measure import measure, measure_all
from imgsim.features.office_categories import LANGUAGES, office_categories
from imgsim.features.ranked_labels import RankedLabel, rank_labels
from imgsim.models import packaged
from imgsim.models.efficientnet_lite import last_layer
from imgsim.models.imagenet_kinds import imagenet_synsets
from imgsim.models.packaged import PACKAGES, find_packaged
from imgsim.models.session import open_checked
from tests.features.test_features_contract import PHOTOS
from tests.photos import draw_photo

LITE0 = "efficientnet_lite0"
installed = pytest.mark.skipif(not find_spec(PACKAGES[LITE0].module), reason="the package of weights is not installed")
OFFICE_LIST = (
    "bag, jewellery, books, industrial goods, documents, shopping bag, sports goods, musical instrument, securities, "
    "clothing, car goods, electronics, certificates, wallet, card, computer, cash, phone"
)
BESIDE_IT = "umbrella, hat, glasses, shoes, watch, bicycle, toy, bottle"
IN_KOREAN = {
    "bag": "가방",
    "jewellery": "귀금속",
    "wallet": "지갑",
    "phone": "휴대폰",
    "umbrella": "우산",
    "other": "기타",
}


# ---------------------------------------------------------------- the table


def test_the_categories_are_those_of_an_office_and_what_is_asked_for_beside():
    assert ", ".join(category.english for category in office_categories()) == f"{OFFICE_LIST}, {BESIDE_IT}"


def test_a_kind_is_filed_once_and_exists():
    filed = [kind for category in office_categories() for kind in category.kinds]
    assert len(filed) == len(set(filed))
    assert set(filed) <= imagenet_synsets().keys()


def test_what_no_kind_covers_needs_training():
    empty = {category.english for category in office_categories() if not category.kinds}
    assert empty == {"card", "cash", "certificates", "securities"}


def test_every_category_has_one_name_in_each_language():
    for language in LANGUAGES:
        names = [category.name(language) for category in office_categories()]
        assert len({name.strip() for name in names} - {""}) == len(names) == 26


# ---------------------------------------------------------------- the classifiers


@installed
@pytest.mark.parametrize("made", [ImageNetKinds, OfficeKinds, lambda: OfficeKinds("ko")])
def test_they_keep_what_classifiers_keep(made):
    classifier = made()
    batch = classifier.extract(list(PHOTOS.values()))
    assert batch.shape == (len(PHOTOS), classifier.dim) == (len(PHOTOS), len(classifier.labels))
    assert batch.dtype == np.float32
    assert batch.min() >= 0
    assert np.allclose(batch.sum(axis=1), 1, atol=1e-6)
    assert np.array_equal(made().extract([PHOTOS["noise"]])[0], batch[list(PHOTOS).index("noise")])
    assert classifier.extract([]).shape == (0, classifier.dim)
    assert len(set(classifier.labels)) == classifier.dim
    again = build_extractor(ExtractorSpec.from_json(classifier.spec.to_json()))
    assert (again.spec, again.labels) == (classifier.spec, classifier.labels)


@installed
def test_probabilities_are_what_the_networks_last_layer_gives():
    file = find_packaged(LITE0)
    session, (weights, biases) = open_checked(file), last_layer(file.tensors())
    for photo in PHOTOS.values():
        given = prepare(photo, session.header.preprocessing, crop="center", size=0, rounded=True)
        scores = weights @ session.run(given)[0].mean(axis=(1, 2)) + biases
        expected = np.exp(scores) / np.exp(scores).sum()
        assert np.abs(ImageNetKinds().extract([photo])[0] - expected).max() < 1e-5


@installed
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_probabilities_of_what_is_filed_together_are_added(language):
    office, kinds = OfficeKinds(language), ImageNetKinds()
    added, row = office.extract([PHOTOS["noise"]])[0], kinds.extract([PHOTOS["noise"]])[0]
    of_kind = dict(zip(kinds.labels, row.tolist(), strict=True))
    expected = [sum(of_kind[kind] for kind in category.kinds) for category in office_categories()]
    assert np.allclose(added, [*expected, 1 - sum(expected)], atol=1e-6)
    assert office.filed == {category.name(language): list(category.kinds) for category in office_categories()} | {
        office.other: []
    }


@installed
def test_names_are_in_english_or_korean():
    pairs = dict(zip(OfficeKinds().labels, OfficeKinds("ko").labels, strict=True))
    assert {name: pairs[name] for name in IN_KOREAN} == IN_KOREAN
    with pytest.raises(ParameterError, match="the language is en or ko, not fr"):
        OfficeKinds("fr")


@installed
def test_photos_are_told_alike_here_and_in_processes(tmp_path):
    photos = [tmp_path / f"{seed}.png" for seed in range(40)]
    for seed, path in enumerate(photos):
        draw_photo(path, seed, (400, 300))
    alone, shared = ([photo.features[0] for photo in measure(photos, [OfficeKinds()], jobs=jobs)] for jobs in (1, 2))
    assert np.abs(np.concatenate(alone) - np.concatenate(shared)).max() < 1e-6


@installed
def test_things_are_told_from_each_other(shared_data):
    photos = {
        "musical instrument": "neardup/base_images/ukbench09012.jpg",
        "books": "neardup/base_images/ukbench01380.jpg",
        "shoes": "clothing/photos/shoes/abea332f-bcad-413b-9d82-9e3f4bc22ffa.jpg",
        "clothing": "outfits/photos/0289.jpg",
        "other": "grocery/photos/**/Banana_031.jpg",
    }
    office = OfficeKinds()
    (rows,) = measure_all([next(shared_data.glob(pattern)) for pattern in photos.values()], [office])
    assert [rank_labels(office, row, 1)[0].label for row in rows] == list(photos)


def test_without_the_weights_they_say_what_to_install(monkeypatch):
    monkeypatch.setattr(packaged, "find_spec", lambda name: None)
    for made in (ImageNetKinds, OfficeKinds):
        with pytest.raises(WeightsError, match="the weights of efficientnet_lite0 are not installed"):
            made()


@installed
def test_another_table_or_version_is_not_taken_for_this_one():
    spec = OfficeKinds().spec
    with pytest.raises(ParameterError, match="has another table of categories than 0123"):
        build_extractor(ExtractorSpec(spec.name, (("table", "0123"),), spec.version))
    with pytest.raises(ExtractorMismatchError):
        build_extractor(ExtractorSpec(spec.name, spec.params, spec.version + 1))


# ---------------------------------------------------------------- ranks


class Made:
    """A classifier of four labels."""

    labels = ("a", "b", "c", "none")


class Doubtful(Made):
    """One whose last label stands for none of the others."""

    other, threshold = "none", 0.25


@pytest.mark.parametrize(
    ("made", "row", "ranked"),
    [
        (Made, (0.1, 0.3, 0.2, 0.4), "none b c a"),
        (Made, (0.25, 0.25, 0.25, 0.25), "a b c none"),  # equal ones as the columns stand
        (Doubtful, (0.1, 0.3, 0.2, 0.4), "b c a none"),  # enough, whatever is left for none
        (Doubtful, (0.1, 0.2, 0.2, 0.5), "none b c a"),  # too little
        (Doubtful, (0.2, 0.25, 0.15, 0.4), "b a c none"),  # just enough
    ],
)
def test_the_likeliest_comes_first_unless_nothing_is_likely(made, row, ranked):
    answer = rank_labels(made(), np.array(row, np.float32))
    assert [one.label for one in answer] == ranked.split()
    assert [one.rank for one in answer] == [1, 2, 3, 4]
    assert [one.probability for one in answer] == pytest.approx([row[Made.labels.index(one.label)] for one in answer])


def test_only_so_many_are_ranked():
    assert rank_labels(Made(), np.array([0.5, 0.25, 0.125, 0.125], np.float32), 1) == [RankedLabel(1, "a", 0.5)]


def test_the_page_says_the_threshold_and_the_table():
    from pathlib import Path

    page = Path(__file__).resolve().parents[2].joinpath("docs", "kinds.md").read_text("utf-8")
    assert f"**{THRESHOLD}**" in page
    for category in office_categories():
        kinds = ", ".join(category.kinds) or "none"
        assert f"| {category.english} | {category.korean} | {kinds} |" in page
