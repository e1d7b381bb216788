"""Where the thing of a photo probably is: odds of each place, sharpened by the colours that are found there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.images.opencv import cv2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.core import Image

ROUNDS = 3  # of learning the colours of both sides
_BITS = 4  # of lightness, and of each colour axis, whose middle half is spread over all
_TRUST = 1.5  # of what colours say, against places
_NONE = 1e-3  # of a colour, against the mean: what is expected where none was seen
_FARTHEST = 12.0  # log odds that a place has at most
_MIDDLE = 3.0  # and those in the middle
_DOWN, _POWER = 0.93, 8  # where the thing ends above and below, against half the height, and how suddenly
_WIDE, _UPRIGHT, _NARROW = 0.75, 0.7, 0.37  # half its width against the photo's, what less of it an upright photo has
_FULL = 0.8  # and where the ground is plain
_PLAIN, _NEAR = 0.8, 14.0  # share of the border that is of one tone, and how near in Lab it must be
_WEIGHTS = np.array([0.6, 1.0, 1.0], np.float32)  # of L*, a*, b*: a ground is rarely lit evenly
_GROUND = 4.0  # log odds that a pixel of a plain ground's tone is not of the thing
_SALIENT = 0.3  # log odds for each deviation above the mean saliency


def find_seeds(image: Image, *, salient: bool = False) -> NDArray[np.float64]:
    """Tell how probably each pixel of a small image (h, w, 3) is of the thing that the photo shows: (h, w).

    In turn, the colours of both sides are counted by the probabilities, and these made by place and colour.
    """
    away, border = _ground_distances(image)
    plain = _plainness(border)
    place = place_odds(*image.shape[:2], plain=plain) - plain * _GROUND * np.clip(2 - away / _NEAR, 0, 1)
    if salient:
        place = place + _SALIENT * _deviations(_saliency(image))
    keys = _color_keys(image)
    there, labels = np.unique(keys, return_inverse=True)
    blur, probability = max(image.shape) / 160, _probability(place)
    for _ in range(ROUNDS):
        thing, ground = (_counts(keys, weights)[there] for weights in (probability, 1 - probability))
        likelier = np.log((thing / thing.mean() + _NONE) / (ground / ground.mean() + _NONE))
        odds = _TRUST * likelier[labels].reshape(keys.shape) + place
        probability = _probability(cv2.GaussianBlur(odds, (0, 0), blur))
    return probability


def place_odds(height: int, width: int, *, plain: float) -> NDArray[np.float64]:
    """Give the log odds of each place (H, W) to be of the thing: an ellipse, narrow where the photo is upright.

    `plain` is how plain the ground is, 0 to 1: the plainer, the more colours alone may tell.
    """
    down, across = (2 * np.arange(side) + 1 - side for side in (height, width))
    half = float(np.clip(_WIDE - _UPRIGHT * (height / width - 1), _NARROW, _FULL))
    half += plain * (_FULL - half)
    odds = 1 - (across / (width * half)) ** 2 - np.abs(down[:, None] / (height * _DOWN)) ** _POWER
    bounded: NDArray[np.float64] = np.clip(_MIDDLE * odds, -_FARTHEST, _FARTHEST)
    return bounded


def _ground_distances(image: Image) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Tell how far in Lab each pixel (h, w, 3) is from the border's tone, (h, w), and each of the border, (B,)."""
    lab = cv2.cvtColor(np.ascontiguousarray(image, np.float32) / 255, cv2.COLOR_RGB2LAB) * _WEIGHTS
    tone = np.median(np.concatenate([lab[0], lab[-1], lab[1:-1, 0], lab[1:-1, -1]]), axis=0)
    away = np.linalg.norm(lab - tone, axis=2).astype(np.float64)
    return away, np.concatenate([away[0], away[-1], away[1:-1, 0], away[1:-1, -1]])


def _plainness(border: NDArray[np.float64]) -> float:
    """Tell how plain the ground is, 0 to 1, by how much of the border is near its tone."""
    return float(np.clip(((border < _NEAR).mean() - _PLAIN) / (1 - _PLAIN), 0, 1))


def _color_keys(image: Image) -> NDArray[np.intp]:
    """Give the colour of each pixel of an image (h, w, 3) in coarse steps of Lab, as a number: (h, w)."""
    lab = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2LAB).astype(np.intp)
    lab[..., 1:] = np.clip((lab[..., 1:] - 128) * 2 + 128, 0, 255)
    steps = lab >> (8 - _BITS)
    keys: NDArray[np.intp] = (steps[..., 0] << 2 * _BITS) | (steps[..., 1] << _BITS) | steps[..., 2]
    return keys


def _counts(keys: NDArray[np.intp], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Count colours (h, w) by weights, those next to a colour for it too: a number for each that there could be."""
    side = 1 << _BITS
    counts = np.bincount(keys.ravel(), weights.ravel(), side**3).astype(np.float64).reshape((side,) * 3)
    steps = np.arange(side)
    near = np.exp(-((steps[:, None] - steps) ** 2) / 2)
    for _ in range(3):  # an axis after the other
        counts = np.tensordot(counts, near, axes=(0, 0))
    return counts.reshape(-1)


def _saliency(image: Image) -> NDArray[np.float64]:
    """Tell how much each pixel stands out, by the residual of the spectrum (Hou and Zhang, CVPR 2007): (h, w)."""
    measure: Any = cv2.saliency.StaticSaliencySpectralResidual.create()
    found, saliency = measure.computeSaliency(np.ascontiguousarray(image))
    if not found:
        return np.zeros(image.shape[:2])
    blurred: NDArray[np.float64] = cv2.GaussianBlur(saliency.astype(np.float64), (0, 0), max(image.shape) / 40)
    return blurred


def _deviations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    deviations: NDArray[np.float64] = (values - values.mean()) / max(float(values.std()), 1e-6)
    return deviations


def _probability(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    probability: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    return probability
