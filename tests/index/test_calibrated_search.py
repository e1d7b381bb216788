"""Probabilities of matches: kept with the distance that they were fitted to, absent everywhere else."""

import json
from types import SimpleNamespace

import pytest

from imgsim.errors import CalibrationError, IndexFormatError
from imgsim.index.index import open_index
from imgsim.index.index_writer import IndexWriter
from imgsim.index.options import Options
from imgsim.index.update import update_index
from imgsim.metrics.calibration import Calibration
from tests.explained import explains

LINE = Calibration("isotonic", (0.0, 1.0), (1.0, 0.0))  # the probability is 1 less the distance


@pytest.fixture
def folder(make_photos):
    folder = make_photos(6)
    update_index(folder, extractors=["histogram:bins=4", "phash"])
    return folder


def write(folder, action):
    with IndexWriter(str(folder / ".imgsim")) as writer:
        action(writer)


def calibrate(folder, *extractors, metric=None, calibration=LINE):
    write(folder, lambda writer: writer.keep_calibration(writer.distance(extractors, metric), calibration))


def probabilities(folder, **options):
    with open_index(folder) as index:
        return [match.probability for match in index.search(folder / "0.png", **options)]


def test_matches_carry_the_probability_of_their_distance(folder):
    assert set(probabilities(folder)) == {None}
    calibrate(folder)
    with open_index(folder) as index:
        matches = index.search(folder / "0.png")
        assert [match.probability for match in matches] == pytest.approx([1 - match.distance for match in matches])
        least = matches[2].probability
        assert index.search(folder / "0.png", min_probability=least) == matches[:3]


def test_only_the_distance_that_was_calibrated_has_one(folder):
    calibrate(folder)
    assert None not in probabilities(folder, extractors=["histogram"])
    for other in ({"extractors": ["phash"]}, {"metric": "cosine"}, {"extractors": ["histogram", "phash"]}):
        assert set(probabilities(folder, **other)) == {None}


def test_a_fused_distance_has_one_of_its_own_whatever_the_order(folder):
    calibrate(folder, "histogram@2", "phash")
    assert None not in probabilities(folder, extractors=["phash@0.5", "histogram"])
    assert set(probabilities(folder, extractors=["phash", "histogram"])) == {None}


def test_a_match_that_lacks_an_extractor_has_none(folder, lose_features):
    calibrate(folder, "phash", "histogram")
    lose_features(folder, "3.png", 2)
    with open_index(folder) as index:
        matches = index.search(folder / "0.png", extractors=["phash", "histogram"])
        likely = index.search(folder / "0.png", extractors=["phash", "histogram"], min_probability=0)
    assert {match.path for match in matches if match.probability is None} == {"3.png"}
    assert [match.path for match in likely] == [match.path for match in matches if match.path != "3.png"]


def test_asking_without_calibration_says_what_to_run(folder):
    calibrate(folder, metric="cosine")
    with explains(CalibrationError, r"no calibration of histogram.* by hellinger: run `imgsim cal.* -x histogram"):
        probabilities(folder, min_probability=0.5)


@pytest.mark.parametrize("text", ["{}", "[]", json.dumps({"kind": "isotonic"}), "not json"])
def test_a_damaged_one_is_told(folder, text):
    calibrate(folder, calibration=SimpleNamespace(to_json=lambda: text))
    with pytest.raises(IndexFormatError, match="damaged calibration") as caught:
        probabilities(folder)
    assert caught.value.remedy == "fit-calibration"


def test_refitting_the_statistics_forgets_it(folder):
    calibrate(folder)
    update_index(folder)
    assert None not in probabilities(folder)
    update_index(folder, options=Options(refit=True))
    assert set(probabilities(folder)) == {None}


def test_dropping_an_extractor_forgets_its_own(folder):
    calibrate(folder)
    calibrate(folder, "phash")
    calibrate(folder, "phash", "histogram")
    write(folder, lambda writer: writer.drop_extractor(writer.find_extractor("phash")))
    with open_index(folder) as index:
        assert len(index.calibrations) == 1
    assert None not in probabilities(folder)
