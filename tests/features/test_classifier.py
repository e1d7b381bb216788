"""Classifiers as extractors: a map of other extractors' rows, and a network."""

import numpy as np
import pytest

from imgsim.core import CLASSIFIER, ExtractorSpec
from imgsim.errors import ParameterError, WeightsError
from imgsim.features import build_extractor, load_extractor
from imgsim.features.classifier import load_classifier
from imgsim.features.deep import resample
from imgsim.features.measure import measure, measure_all
from imgsim.models.architectures import Preprocessing
from imgsim.models.classifier_model import CLASSIFIER_MODELS, check_labels, classifier_header
from imgsim.models.header import LINEAR_CLASSIFIER, UNSEALED, seal
from imgsim.models.linear_graph import write_probe
from tests.features.test_features_contract import PHOTOS
from tests.learned import HASH, LABELS, ensemble, probe, random_probe, tiny_classifier, write_model
from tests.photos import draw_photo

SIZES = ("lbp", "histogram:bins=2", "phash")


@pytest.fixture(autouse=True)
def cache(model_cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return model_cache


def probes():
    vote = ensemble(probe(seed=3), probe(SIZES))
    return {"a probe": probe(), "of bits": probe("phash"), "of several": probe(SIZES), "a vote": vote}


def networks():
    pytest.importorskip("onnx", reason="the extra deep is not installed")
    forms = {crop: tiny_classifier(crop=crop) for crop in ("whole", "center", "squash", "letterbox")}
    return {**forms, "a mixed vote": ensemble(forms["whole"], probe("hog"), tiny_classifier(crop="squash", side=48))}


PROBES = ["a probe", "of bits", "of several", "a vote"]
FORMS = [*PROBES, "whole", "center", "squash", "letterbox", "a mixed vote"]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_keeps_what_classifiers_keep(tmp_path, form):
    """What extractors keep, and rows of probabilities beside it."""
    data = (probes() if form in PROBES else networks())[form]
    classifier = load_classifier(str(write_model(tmp_path / "m.onnx", data)))
    batch = classifier.extract(list(PHOTOS.values()))
    assert batch.shape == (len(PHOTOS), classifier.dim) == (len(PHOTOS), 3)
    assert batch.dtype == np.float32
    assert batch.min() >= 0
    assert np.allclose(batch.sum(axis=1), 1, atol=1e-6)
    for place, photo in enumerate(PHOTOS.values()):
        assert np.array_equal(classifier.extract([photo])[0], batch[place])
    assert classifier.extract([]).shape == (0, 3)
    assert classifier.labels == LABELS
    again = build_extractor(ExtractorSpec.from_json(classifier.spec.to_json()))
    assert (again.spec, again.dim, again.scale) == (classifier.spec, 3, classifier.scale)
    assert np.array_equal(again.extract([PHOTOS["noise"]]), classifier.extract([PHOTOS["noise"]]))


def test_a_probe_is_what_numpy_makes_of_the_joined_rows(tmp_path):
    bases = [load_extractor(text) for text in SIZES]
    images = list(PHOTOS.values())
    rows = np.concatenate([one.extract(images) for one in bases], axis=1).astype(np.float64)
    mean, coefficients, intercepts = random_probe(rows.shape[1], 3)
    logits = (rows - mean) @ coefficients + intercepts
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    answer = load_classifier(str(write_model(tmp_path / "m.onnx", probe(SIZES)))).extract(images)
    assert np.abs(answer - expected).max() < 1e-5


def test_photos_of_any_scale_give_each_part_what_it_gives_alone(tmp_path):
    """A file is decoded for each scale that a probe's extractors want, as for these extractors themselves."""
    draw_photo(tmp_path / "p.jpg", 3, (1023, 767))
    texts = ("histogram:bins=2", "efficientnet_lite0:size=400", "hog")
    bases = [load_extractor(text) for text in texts]
    assert len({one.scale for one in bases}) == 2
    classifier = load_classifier(str(write_model(tmp_path / "m.onnx", probe(texts))))
    rows = np.concatenate(measure_all([tmp_path / "p.jpg"], bases), axis=1).astype(np.float64)
    mean, coefficients, intercepts = random_probe(rows.shape[1], 3)
    logits = (rows - mean) @ coefficients + intercepts
    expected = np.exp(logits) / np.exp(logits).sum()
    assert np.abs(measure_all([tmp_path / "p.jpg"], [classifier])[0] - expected).max() < 1e-5


def test_processes_say_the_same_and_one_bad_photo_shifts_no_other(tmp_path):
    classifier = load_classifier(str(write_model(tmp_path / "m.onnx", probe())))
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    photos = [PHOTOS["noise"], str(tmp_path / "bad.png"), PHOTOS["ramp"]] * 15
    alone, shared = (list(measure(photos, [classifier], jobs=jobs)) for jobs in (1, 2))
    for place, (one, other) in enumerate(zip(alone, shared, strict=True)):
        assert isinstance(one, Exception) == isinstance(other, Exception) == (place % 3 == 1)
        if place % 3 != 1:
            assert np.array_equal(one.features[0], other.features[0])


def test_an_ensemble_is_the_weighted_mean_of_what_its_members_say_at_their_temperatures(tmp_path):
    data = [probe("hog"), probe(SIZES, seed=2), probe("phash", seed=5)]
    temperatures, weights = [0.5, 1.0, 4.0], [0.5, 0.3, 0.2]
    images = list(PHOTOS.values())
    expected = 0
    for place, (one, temperature, weight) in enumerate(zip(data, temperatures, weights, strict=True)):
        said = load_classifier(str(write_model(tmp_path / f"{place}.onnx", one))).extract(images).astype(np.float64)
        powers = said ** (1 / temperature)
        expected = expected + weight * powers / powers.sum(axis=1, keepdims=True)
    expected = expected ** (1 / 0.8)
    expected /= expected.sum(axis=1, keepdims=True)
    whole = ensemble(*data, temperatures=temperatures, weights=weights, temperature=0.8)
    answer = load_classifier(str(write_model(tmp_path / "all.onnx", whole))).extract(images)
    assert np.abs(answer - expected).max() < 1e-5


def test_an_ensemble_with_another_member_than_it_names_is_refused(tmp_path):
    """Sealed as it is, so that only the member tells."""
    first, second, other = probe("phash"), probe("phash", seed=2), probe("phash", seed=3)
    told = ensemble(first, second)
    swapped = told.replace(second, other)
    assert len(swapped) == len(told)
    place = swapped.rindex(b'"digest": "') + 11
    blank = swapped[:place] + UNSEALED + swapped[place + 64 :]
    fewer = ensemble(first, second)[len(first) :]
    fewer = fewer[: fewer.rindex(b'"digest": "') + 11] + UNSEALED + fewer[fewer.rindex(b'"digest": "') + 75 :]
    for data, reason in ((seal(blank), "a member of it is not the one that it names"), (seal(fewer), "not ")):
        with pytest.raises(WeightsError, match=reason):
            load_classifier(str(write_model(tmp_path / "m.onnx", data)))


def test_other_programs_read_an_ensemble_as_an_onnx_file(tmp_path):
    onnx = pytest.importorskip("onnx", reason="the extra deep is not installed")
    model = onnx.load_from_string(ensemble(probe("phash"), probe("hog")))
    assert [one.name for one in model.graph.initializer][:2] == ["member 1", "member 2"]
    assert [one.name for one in model.graph.input] == ["votes"]
    assert [one.name for one in model.graph.output] == ["probabilities"]


def test_what_a_letterbox_shows_is_the_whole_photo_and_black(tmp_path):
    photo = np.full((30, 90, 3), 200, np.uint8)
    square = resample(photo, Preprocessing(64, 64), crop="letterbox", size=0)
    assert square.shape == (64, 64, 3)
    assert (square[22:42] == 200).all()  # 64 x 30 / 90 = 21.3 rows: 21, from the 21st on
    assert not square[:21].any()
    assert not square[42:].any()
    assert resample(photo[:1], Preprocessing(64, 64), crop="letterbox", size=0).any()


def test_a_classifier_is_named_by_path_name_or_digits(tmp_path):
    path = str(write_model(tmp_path / "classifier:a.onnx", probe()))
    first = load_classifier(path)
    model = CLASSIFIER_MODELS.find(first.spec.name.removeprefix(CLASSIFIER))
    CLASSIFIER_MODELS.keep_name("things", model)
    (tmp_path / "classifier:a.onnx").unlink()
    for text in ("things", "classifier:things", model.sha256, model.sha256[:12], model.naming):
        assert load_classifier(text).spec == first.spec
    assert str(first.spec) == model.naming == f"classifier:{model.sha256[:12]}"
    with pytest.raises(WeightsError, match=r"^classifier:gone: no such file, and no model was imported under that"):
        load_classifier("gone")
    with pytest.raises(WeightsError, match=r"^the classifier abababababab is not in ") as caught:
        load_classifier(HASH[::-1] if HASH[::-1].startswith("ab") else "ab" * 6)
    assert caught.value.remedy == "import-learned"
    with pytest.raises(ParameterError, match="is not the model"):
        build_extractor(ExtractorSpec(first.spec.name, (("sha256", HASH),)))


def test_what_is_no_classifier_is_refused(tmp_path):
    from tests.learned import linear_map

    for place, (data, told) in enumerate(
        ((linear_map(), "of kind linear-embedding"), (probe().replace(b"Softmax", b"Sigmoid"), "damaged or tampered"))
    ):
        with pytest.raises(WeightsError, match=told):
            load_classifier(str(write_model(tmp_path / f"{place}.onnx", data)))


def test_a_probe_of_other_rows_than_its_extractors_give_is_refused(tmp_path):
    details = {"bases": [load_extractor("phash").spec.to_json()], "counts": [1, 1, 1], "recipe": {}}
    header = classifier_header(LINEAR_CLASSIFIER, LABELS, details, {"photos": HASH})
    path = write_model(tmp_path / "m.onnx", write_probe(*random_probe(9, 3), header))
    with pytest.raises(WeightsError, match="takes rows of 9 values, not the 64 values of phash"):
        load_classifier(str(path)).extract([PHOTOS["noise"]])


def test_names_of_classes_that_no_file_can_have_are_told():
    check_labels([f"{number:04} 단추 " + "x" * 40 for number in range(1000)])
    for labels, told in (
        (["coat", "a\nb"], r"class 'a\\nb': a name is printable"),
        (["x" * 301], "300 characters at most"),
        (["coat", "coat"], "two classes have the same name"),
    ):
        with pytest.raises(WeightsError, match=told):
            check_labels(labels)
    details = {"bases": [], "counts": [], "recipe": {}}
    with pytest.raises(WeightsError, match="too long for a model file"):
        classifier_header(LINEAR_CLASSIFIER, [f"{n}" + "단" * 290 for n in range(1000)], details, {"photos": HASH})


def test_a_thousand_classes_are_read_back(tmp_path):
    labels = tuple(f"{number:04} 단추, " + "x" * 60 for number in range(1000))
    classifier = load_classifier(str(write_model(tmp_path / "m.onnx", probe("phash", labels))))
    assert classifier.labels == labels
    assert classifier.extract([PHOTOS["noise"]]).shape == (1, 1000)
