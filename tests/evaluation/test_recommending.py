"""Trials: which extractor suits photos best, judged in an index that leaves nothing behind."""

import os

import numpy as np
import PIL.Image
import pytest

from imgsim.evaluation.recommending import recommend
from imgsim.evaluation.trials import Trial, measure_footprints, trial_directory
from imgsim.index.progress import Nobody

COLOURS = {"red": (200, 30, 30), "green": (30, 160, 40), "blue": (40, 60, 200)}


@pytest.fixture
def shelf(tmp_path):
    """Photos whose class is their colour: noise tells nothing, a histogram everything."""
    rng = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (tmp_path / name).mkdir()
        for number in range(6):
            pixels = np.clip(np.array(colour) + rng.normal(0, 25, (48, 48, 3)), 0, 255).astype(np.uint8)
            PIL.Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    return tmp_path


def trial(shelf, extractors, seconds=60.0):
    paths = [f"{name}/{number}.png" for number in range(6) for name in COLOURS]
    codes = np.arange(len(paths)) % 3
    with trial_directory() as directory:
        held = Trial(str(shelf), directory, paths, codes, by="recall@1", seed=0, jobs=1, observer=Nobody())
        ranking = recommend(held, str(shelf), paths, extractors, by="recall@1", seconds=seconds, jobs=1)
        assert os.path.isdir(directory)
    assert not os.path.exists(os.path.dirname(directory))
    return ranking


def test_what_tells_the_photos_apart_wins(shelf):
    ranking = trial(shelf, ["hog", "histogram:bins=4", "phash"])
    names = [one.judgement.candidate.name for one in ranking]
    assert sorted(name for name in names if "+" not in name) == ["histogram:bins=4", "hog", "phash"]
    assert sum("+" in name for name in names) == 1
    assert "histogram" in names[0]
    assert ranking[0].judgement.figures["recall@1"].value == 1
    assert [one.photos for one in ranking] == [18] * 4
    values = [one.judgement.figures["recall@1"].value for one in ranking]
    assert values == sorted(values, reverse=True)
    assert not (shelf / ".imgsim").exists()


def test_one_extractor_alone_still_gets_its_best_metric(shelf):
    (one,) = trial(shelf, ["histogram:bins=4"])
    assert one.judgement.candidate.metric in ("hellinger", "chi2", "cityblock", "cosine")


def test_a_photo_that_cannot_be_read_takes_no_part(shelf):
    (shelf / "red" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    (one,) = trial(shelf, ["histogram:bins=4"])
    assert one.judgement.counts["n"] == 17


def test_footprints_are_of_the_stored_rows(shelf):
    footprints = measure_footprints(str(shelf), ["red/0.png", "gone.png"], ["phash", "histogram:bins=4"])
    assert footprints["phash"].bytes == 8
    assert footprints["histogram:bins=4"].bytes == 4 * 64
    assert all(one.seconds > 0 for one in footprints.values())
