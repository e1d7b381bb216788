"""A name that stands for several extractors, as `lite` does for three networks."""

import pytest

from imgsim import distances
from imgsim.errors import ParameterError
from imgsim.evaluation.candidates import parse_candidates
from imgsim.features import FUSIONS, load_extractor
from imgsim.index.index import open_index
from imgsim.index.options import Options
from imgsim.index.update import update_index
from imgsim.models.packaged import PACKAGES


@pytest.fixture(autouse=True)
def pair(monkeypatch):
    monkeypatch.setitem(FUSIONS, "pair", ("lbp", "phash"))


def default_of(folder):
    with open_index(folder) as index:
        return [(one.spec.name, weight) for one, weight in index.default.extractors]


def test_a_new_index_compares_by_all_of_it(make_photos):
    folder = make_photos(6)
    update_index(folder, extractors=["pair"])
    assert default_of(folder) == [("lbp", 1), ("phash", 1)]
    with open_index(folder) as index:
        expected = index.search(folder / "0.png", extractors=["lbp", "phash"])
        assert index.search(folder / "0.png") == index.search(folder / "0.png", extractors=["pair"]) == expected
        weighted = index.search(folder / "0.png", extractors=["pair@0.5", "lbp@0.5"])
        assert weighted == index.search(folder / "0.png", extractors=["lbp@0.25", "phash@0.25", "lbp@0.5"])


def test_an_index_that_has_a_default_keeps_it_until_told(make_photos):
    folder = make_photos(3)
    update_index(folder, extractors=["histogram:bins=4"])
    update_index(folder, extractors=["pair"])
    assert default_of(folder) == [("histogram", 1)]
    update_index(folder, options=Options(default="pair"))
    assert default_of(folder) == [("lbp", 1), ("phash", 1)]
    update_index(folder)
    assert default_of(folder) == [("lbp", 1), ("phash", 1)]


def test_whatever_takes_several_extractors_takes_it(make_photos, run):
    folder = make_photos(3)
    photos = [folder / f"{number}.png" for number in range(3)]
    expected = distances(photos, extractors=["lbp", "phash"])
    assert distances(photos, extractors="pair").tolist() == expected.tolist()
    assert [candidate.extractors for candidate in parse_candidates(["pair@2+hog"])] == [("lbp@1", "phash@1", "hog")]
    assert len(run("extract", *photos, "-x", "pair").out.splitlines()) == 6
    assert run("distances", *photos, "-x", "pair").out == run("distances", *photos, "-x", "lbp", "-x", "phash").out


def test_what_takes_one_extractor_says_which_there_are():
    with pytest.raises(ParameterError, match="pair is several extractors: name one of lbp, phash"):
        load_extractor("pair")
    with pytest.raises(ParameterError, match="pair takes no parameters"):
        distances([], extractors="pair:radius=2")


def test_lite_stands_for_the_networks_that_come_as_packages():
    assert FUSIONS["lite"] == tuple(PACKAGES)


def test_beside_another_it_counts_as_one(make_photos, run):
    folder = make_photos(4)
    update_index(folder, extractors=["pair", "hog"])
    with open_index(folder) as index:
        expected = index.search(folder / "0.png", extractors=["lbp@0.5", "phash@0.5", "hog"])
        assert index.search(folder / "0.png", extractors=["pair", "hog"]) == expected
        assert expected != index.search(folder / "0.png", extractors=["lbp", "phash", "hog"])
    photos = [folder / f"{number}.png" for number in range(4)]
    assert run("distances", *photos, "-x", "pair", "-x", "hog").out == (
        run("distances", *photos, "-x", "lbp@0.5", "-x", "phash@0.5", "-x", "hog").out
    )
    shared = distances(photos, extractors=["lbp@0.5", "phash@0.5", "hog"])
    assert distances(photos, extractors=["pair", "hog"]).tolist() == shared.tolist()
    assert parse_candidates(["pair+hog"])[0].extractors == ("lbp@0.5", "phash@0.5", "hog")
