"""The perceptual hash against OpenCV, and what it survives."""

import cv2
import numpy as np
import pytest

from imgsim.features.phash import PHash


@pytest.fixture
def photo(rng):
    """Soft blobs of colour."""
    return cv2.resize(rng.integers(0, 256, (9, 12, 3), np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC)


def bits_apart(*photos):
    first, second = PHash().extract(photos)
    return int((first != second).sum())


def test_bits_are_opencvs(photo):
    packed = cv2.img_hash.PHash.create().compute(cv2.cvtColor(photo, cv2.COLOR_RGB2BGR))
    np.testing.assert_array_equal(np.packbits(PHash().extract([photo])[0].astype(bool)), packed[0])


@pytest.mark.parametrize("size", [(160, 120), (640, 480), (200, 200)])
def test_scaling_flips_few_bits(photo, size):
    assert bits_apart(photo, cv2.resize(photo, size, interpolation=cv2.INTER_AREA)) <= 4


def test_compression_flips_few_bits(photo):
    _, encoded = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 30])
    assert bits_apart(photo, cv2.imdecode(encoded, cv2.IMREAD_COLOR)) <= 4


def test_another_photo_flips_many(photo, rng):
    other = cv2.resize(rng.integers(0, 256, (9, 12, 3), np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC)
    assert bits_apart(photo, other) >= 16
