"""Groups of copies, as a program asks for them."""

import itertools

import numpy as np
import pytest
from PIL import Image

from imgsim.errors import ImgsimError
from imgsim.features.turned import Turn, choose_turns
from imgsim.index.duplicates import Nearness, choose_farthest
from imgsim.index.index import open_index
from imgsim.index.update import update_index


def test_every_two_of_a_group_are_near_and_no_photo_is_in_two(tmp_path):
    rng = np.random.default_rng(0)
    scenes = rng.integers(0, 256, (4, 6, 8, 3)).astype(float)
    for number in range(24):
        grid = np.clip(scenes[number % 4] + rng.normal(0, 12, (6, 8, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(grid).resize((96, 72), Image.Resampling.BICUBIC).save(tmp_path / f"{number}.png")
    update_index(tmp_path, extractors=["phash"])
    with open_index(tmp_path) as index, index.snapshot():
        distance = index.distance(["phash"])
        groups = index.duplicates(Nearness(distance, 8 / 64))
        (term,) = distance.terms()
        rows = dict(zip(index.paths, term.gallery.rows, strict=True))
    assert groups
    assert [group[0].record.path for group in groups] == sorted(group[0].record.path for group in groups)
    paths = [copy.record.path for group in groups for copy in group]
    assert len(paths) == len(set(paths))
    for group in groups:
        for one, other in itertools.combinations(group, 2):
            assert term.metric.exact(rows[one.record.path], rows[other.record.path][None])[0] <= 8 / 64
        for copy in group:
            kept = rows[group[0].record.path]
            assert copy.distance == term.metric.exact(kept, rows[copy.record.path][None])[0]


def test_without_nearness_bytes_decide(make_photos):
    folder = make_photos(2)
    (folder / "z.png").write_bytes((folder / "0.png").read_bytes())
    update_index(folder, extractors=["phash"])
    with open_index(folder) as index:
        groups = index.duplicates()
    assert [[copy.record.path for copy in group] for group in groups] == [["0.png", "z.png"]]


def test_turns():
    image = np.arange(6, dtype=np.uint8).reshape(2, 3, 1).repeat(3, axis=2)
    every = [Turn(0, mirrored=False), *choose_turns(flips=True, turns=True)]
    assert len({turn.of(image).tobytes() + bytes(turn.of(image).shape) for turn in every}) == 8
    assert choose_turns(flips=False, turns=False) == ()
    assert Turn(1, mirrored=False).of(image)[..., 0].tolist() == [[2, 5], [1, 4], [0, 3]]
    assert Turn(0, mirrored=True).of(image)[..., 0].tolist() == [[2, 1, 0], [5, 4, 3]]


def test_a_distance_within_which_photos_are_near_is_known_of_phash_alone():
    assert choose_farthest(["phash"], None) == "6b"
    for extractors, metric in ((["histogram"], None), (["phash", "histogram"], None), (["phash"], "jaccard")):
        with pytest.raises(ImgsimError, match="no distance is known"):
            choose_farthest(extractors, metric)
