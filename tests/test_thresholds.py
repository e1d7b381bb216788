"""How the tables of docs/thresholds.md are made, and that they name the extractors that there are."""

import re
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from benchmarks.thresholds import EDITS, as_they_are, compare, edited, reach, stop_before, tables, within
from imgsim.features import EXTRACTORS, FUSIONS, load_extractor
from imgsim.models.packaged import PACKAGES

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "thresholds.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder, random = tmp_path_factory.mktemp("photos"), np.random.default_rng(5)
    for name in ("a.png", "b.png", "c.png"):
        pixels = random.integers(0, 256, (6, 8, 3), np.uint8)
        PIL.Image.fromarray(pixels).resize((320, 240), PIL.Image.Resampling.BICUBIC).save(folder / name)
    return folder


def test_a_threshold_reaches_what_it_is_to_reach():
    distances = np.array([0.0101, 0.02, 0.0335, 0.5])
    assert reach(distances, 1) == 0.5
    assert reach(distances, 0.75) == 0.034
    assert reach(distances, 0.25) == 0.011
    assert reach(np.zeros(3), 0.95) == 0
    assert within(distances, reach(distances, 0.75)) == "75.0 %"
    assert within(distances, 1) == "100 %"


def test_a_threshold_stops_before_too_many():
    distances = np.arange(1, 101) / 128
    assert stop_before(distances, 0.01) == 0.015  # 2 / 128, the first that would be too many, is 0.0156
    assert within(distances, stop_before(distances, 0.01)) == "1.0 %"
    assert stop_before(np.array([0.25, 0.5]), 0.01) == 0.24


def test_copies_are_pairs_of_one_scene(photos):
    copies = edited(sorted(photos.iterdir()))
    assert len(copies.photos) == 3 * (1 + len(EDITS))
    pairs = compare([load_extractor("phash")], copies)
    assert len(pairs.same) == 3 * 15
    assert len(pairs.smaller) == 3
    assert len(pairs.different) == 18 * 17 // 2 - 45
    assert pairs.smaller.max() < 0.1 < pairs.different.mean()


def test_files_of_one_content_and_what_cannot_be_read_are_left_out(photos, tmp_path):
    (tmp_path / "copy.png").write_bytes((photos / "a.png").read_bytes())
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    labelled = [(path, path.name) for path in (photos / "a.png", photos / "b.png", *sorted(tmp_path.iterdir()))]
    assert as_they_are(labelled).scenes.tolist() == ["a.png", "b.png"]


def test_each_table_has_a_line_an_extractor(photos):
    copies = edited(sorted(photos.iterdir()))
    lines = list(tables(["phash", "histogram"], copies, copies, copies))
    assert [line.split(" | ")[0] for line in lines if line.startswith("| `")] == ["| `phash`", "| `histogram`"] * 2


def test_the_page_has_every_extractor_that_is_ready_after_installation():
    named = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    wanted = [*EXTRACTORS, *sorted(PACKAGES), *FUSIONS]
    assert named == wanted * 2
