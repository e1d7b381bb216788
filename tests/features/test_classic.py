"""The default extractor: its parts, and the constants that bring them to one scale."""

import csv

import cv2
import numpy as np
import pytest

from imgsim.core import Scale
from imgsim.features.classic import PARTS, Classic
from imgsim.images.read import read_image


def split(rows):
    return np.split(rows, np.cumsum([part.extractor.dim for part in PARTS])[:-1], axis=1)


def test_the_row_is_its_parts_scaled(rng):
    photo = rng.integers(0, 256, (50, 60, 3), np.uint8)
    for part, values in zip(PARTS, split(Classic().extract([photo])), strict=True):
        raw = part.extractor.extract([photo])
        expected = (np.sqrt(raw) if part.root else raw) / part.scale
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-7)


def test_root_parts_have_a_known_length(rng):
    photos = [rng.integers(0, 256, (20, 30, 3), np.uint8), np.zeros((5, 5, 3), np.uint8)]
    for part, values in zip(PARTS, split(Classic().extract(photos)), strict=True):
        if part.root:  # shares sum to 1
            np.testing.assert_allclose(np.linalg.norm(values, axis=1), 1 / part.scale, rtol=1e-5)


def test_it_is_compact():
    assert Classic().dim == 548


def test_copies_of_a_photo_are_nearer_than_another(rng):
    photo, other = (
        cv2.resize(rng.integers(0, 256, (*size, 3), np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC)
        for size in ((30, 40), (15, 20))
    )
    reduced = cv2.resize(photo, (200, 150), interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 80])
    compressed = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    row, far, *copies = Classic().extract([photo, other, photo[:, ::-1], reduced, compressed])
    assert max(np.linalg.norm(row - copy) for copy in copies) < 0.7 * np.linalg.norm(row - far)


def test_parts_are_at_one_scale_on_real_photos(shared_data):
    folders = [
        sorted((shared_data / name).rglob("*.jpg"))[::step] for name, step in (("clothing", 15), ("textures", 5))
    ]
    with (shared_data / "grocery" / "photos.csv").open(newline="") as table:
        folders.append([shared_data / "grocery/photos" / row["path"] for row in list(csv.DictReader(table))[::28]])
    medians = []
    for paths in folders:
        rows = Classic().extract([read_image(path, scale=Scale()) for path in paths])
        pairs = np.triu_indices(len(rows), 1)
        medians.append([np.median(np.linalg.norm(part[pairs[0]] - part[pairs[1]], axis=1)) for part in split(rows)])
    assert np.mean(medians, axis=0) == pytest.approx(1, abs=0.1)
