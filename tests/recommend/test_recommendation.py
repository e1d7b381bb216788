"""Trials: which extractor suits photos best, judged in an index that leaves nothing behind."""

import itertools
import os
import time
from contextlib import contextmanager

import numpy as np
import PIL.Image
import pytest

from imgsim.errors import EvaluationError
from imgsim.evaluation.candidates import Candidate
from imgsim.features.phash import PHash
from imgsim.index.summary import Observer
from imgsim.recommend.footprints import measure_footprints
from imgsim.recommend.recommendation import distinct, recommend
from imgsim.recommend.trials import Trial, trial_directory
from tests.explained import explains

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


@contextmanager
def held_on(shelf, **options):
    """Give a trial of all photos."""
    paths = [f"{name}/{number}.png" for number in range(6) for name in COLOURS]
    codes = np.arange(len(paths)) % 3
    with trial_directory() as directory:
        yield Trial(str(shelf), directory, paths, codes, by="recall@1", seed=0, observer=Observer(), **options)
        assert os.path.isdir(directory)
    assert not os.path.exists(os.path.dirname(directory))


def trial(shelf, extractors, seconds=60.0, clock=time.monotonic, **options):
    with held_on(shelf, clock=clock, **options) as held:
        end = clock() + seconds
        return recommend(held, extractors, end=end, jobs=1)


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
    assert len(one.judgement.queries) == 17


def test_a_strict_trial_refuses_it_and_says_which(shelf):
    (shelf / "red" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with explains(EvaluationError, "1 photo cannot be read, and --strict was given: red/0.png"):
        trial(shelf, ["histogram:bins=4"], strict=True)


def test_the_metric_that_both_won_with_is_that_of_the_two_fused(shelf, monkeypatch):
    for grids, metric in [
        ({"hog": ["cityblock"], "histogram:bins=4": ["cityblock"]}, "cityblock"),
        ({"hog": ["euclidean"], "histogram:bins=4": ["cityblock"]}, None),
    ]:
        monkeypatch.setattr("imgsim.recommend.trials.metric_grid", grids.get)
        (fused,) = (one for one in trial(shelf, list(grids)) if "+" in one.judgement.candidate.name)
        assert fused.judgement.candidate.metric == metric


def test_without_time_one_small_round_is_held_by_each_ones_own_metric(shelf):
    ranking = trial(shelf, ["hog", "histogram:bins=4"], seconds=0, clock=itertools.count().__next__)
    assert {one.judgement.candidate for one in ranking} == {
        Candidate(("hog",), "cosine"),
        Candidate(("histogram:bins=4",), "hellinger"),
    }
    assert {one.photos for one in ranking} == {16}


def test_when_time_runs_out_in_a_round_the_best_metric_of_the_best_extractor_is_all(shelf):
    now = 0.0
    with held_on(shelf, clock=lambda: now) as held:
        held.end = 1.0
        held.judge(["histogram:bins=4", "hog"], 12)
        best = held.judgements["histogram:bins=4"].candidate
        now = 2.0
        assert list(held.judge(["histogram:bins=4", "hog"], 18)) == ["histogram:bins=4"]
        assert held.judgements["histogram:bins=4"].candidate == best
        assert len(held.judgements["histogram:bins=4"].queries) == 18
        assert len(held.judgements["hog"].queries) == 12


def test_an_extractor_is_tried_once_however_it_is_written():
    named = ["classic", "histogram:space=rgb", "classic", "histogram", "histogram:space=lab"]
    assert distinct(named) == ["classic", "histogram:space=rgb", "histogram:space=lab"]


def test_footprints_are_of_the_stored_rows(shelf):
    footprints, decoding = measure_footprints(str(shelf), ["red/0.png", "gone.png"], ["phash", "histogram:bins=4"])
    assert footprints["phash"].bytes == 8
    assert footprints["histogram:bins=4"].bytes == 4 * 64
    assert all(one.seconds > 0 for one in footprints.values())
    assert decoding > 0


def test_footprints_take_no_longer_than_they_may(shelf):
    paths = [f"red/{number}.png" for number in range(6)]
    for seconds, photos in [(100, 6), (8, 5), (0, 2)]:
        ticks = itertools.count(0)  # an extraction takes one
        measure_footprints(str(shelf), paths, ["phash", "hog"], seconds=seconds, clock=ticks.__next__)
        assert next(ticks) == 2 + 2 * 2 * photos


def test_the_first_photo_pays_for_loading_which_is_no_part_of_a_footprint(shelf, monkeypatch):
    now, taking = 0.0, iter([100.0, 1.0])

    class Loading(PHash):
        def extract(self, images):
            nonlocal now
            now += next(taking)
            return super().extract(images)

    monkeypatch.setattr("imgsim.recommend.footprints.load_extractor", lambda _: Loading())
    footprints, decoding = measure_footprints(str(shelf), ["red/0.png", "red/1.png"], ["phash"], clock=lambda: now)
    assert footprints["phash"].seconds == 1
    assert decoding == 0
