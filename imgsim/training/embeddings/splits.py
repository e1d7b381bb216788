"""Which photos are learned from, which choose, and which judge: seeded, and copies of a photo never apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import EvaluationError, ParameterError
from imgsim.training.split_file import PARTS, UNUSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

SPLITS = ("classes", "photos")
FEWEST = 2  # photos by which a class is found, or learned
WHOLE = 6  # photos below which a class is not divided: two are left to each part


def split_photos(
    codes: NDArray[np.intp], groups: NDArray[np.intp], *, by: str, shares: Sequence[float], seed: int
) -> NDArray[np.int8]:
    """Give photos (N,) their parts: 0 train, 1 validation, 2 test, -1 those without a class or alone in it.

    `codes` (N,) are classes, -1 none; photos of one number in `groups` (N,) are copies, and stay together.
    """
    if by not in SPLITS:
        raise ParameterError(f"split by {' or '.join(SPLITS)}, not by {by!r}")
    check_shares(shares, shares[:2])
    codes = _with_company(codes, groups)
    if not (codes >= 0).any():
        raise EvaluationError("no class has two photos that are not copies: there is nothing to learn from")
    rng = np.random.default_rng(seed)
    parts = deal_classes(codes, groups, shares, rng) if by == "classes" else _within(codes, groups, shares, rng)
    for number, part in enumerate(PARTS):
        if shares[number] and not (parts == number).any():
            raise EvaluationError(f"{_few(codes, by)} are too few to give any to {part}: give more, or other shares")
    return parts


def check_shares(shares: Sequence[float], needed: Sequence[float]) -> None:
    """Raise ParameterError where shares do not make 1, or one of those that are needed is 0."""
    written = ":".join(f"{share:g}" for share in shares)
    good = len(shares) == len(PARTS) and all(math.isfinite(share) and share >= 0 for share in shares)
    if not (good and math.isclose(sum(shares), 1, abs_tol=1e-6) and min(needed) > 0):
        raise ParameterError(f"shares {written}: give those of {', '.join(PARTS)}, 1 together, 0.6:0.2:0.2 for example")


def _few(codes: NDArray[np.intp], by: str) -> str:
    classes = len(np.unique(codes[codes >= 0]))
    return f"{classes} classes of two photos or more" + (
        "" if by == "classes" else f", of {WHOLE} where it is divided,"
    )


def _with_company(codes: NDArray[np.intp], groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """Take their class from photos that are alone in it, copies counting as one."""
    kept = np.array(codes)
    for code in np.unique(codes[codes >= 0]).tolist():
        if len(np.unique(groups[codes == code])) < FEWEST:
            kept[codes == code] = UNUSED
    return kept


def deal_classes(
    codes: NDArray[np.intp], groups: NDArray[np.intp], shares: Sequence[float], rng: np.random.Generator
) -> NDArray[np.int8]:
    """Deal whole classes, in random order, each to the part that lacks most photos."""
    units = _linked_classes(codes, groups)
    listed, sizes = np.unique(units[units >= 0], return_counts=True)
    lacks = np.array(shares) * sizes.sum()
    parts = np.full(len(codes), UNUSED, np.int8)
    for place in rng.permutation(len(listed)).tolist():
        part = int(lacks.argmax())
        parts[units == listed[place]] = part
        lacks[part] -= sizes[place]
    return parts


def _linked_classes(codes: NDArray[np.intp], groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """Give photos (N,) the numbers of their classes, one of those that share copies; -1 where there is none."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    labelled = np.flatnonzero(codes >= 0)
    classes, groups_of = int(codes.max()) + 1, np.unique(groups[labelled], return_inverse=True)[1]
    size = classes + int(groups_of.max()) + 1
    links = np.ones(len(labelled), bool), (codes[labelled], classes + groups_of)
    number = connected_components(coo_array(links, shape=(size, size)), directed=False)[1]
    units = np.full(len(codes), UNUSED, np.intp)
    units[labelled] = number[codes[labelled]]
    return units


def _within(
    codes: NDArray[np.intp], groups: NDArray[np.intp], shares: Sequence[float], rng: np.random.Generator
) -> NDArray[np.int8]:
    """Deal each class's photos; two at least to validation and to test, or all to train where they are few."""
    parts = np.full(len(codes), UNUSED, np.int8)
    parts[codes >= 0] = 0
    for owned in _groups_of_classes(codes, groups):
        order, wanted = rng.permutation(owned), [max(FEWEST, round(share * len(owned))) for share in shares[1:]]
        wanted = [count if share else 0 for count, share in zip(wanted, shares[1:], strict=True)]
        if len(owned) < WHOLE or len(owned) - sum(wanted) < FEWEST:
            continue
        for number, chosen in enumerate((order[: wanted[0]], order[wanted[0] : sum(wanted)]), 1):
            parts[np.isin(groups, chosen) & (codes >= 0)] = number
    return parts


def _groups_of_classes(codes: NDArray[np.intp], groups: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Give for each class its groups of copies; one that several classes share is its first photo's."""
    labelled = np.flatnonzero(codes >= 0)
    listed, first = np.unique(groups[labelled], return_index=True)
    owner = codes[labelled[first]]
    for code in np.unique(owner).tolist():
        yield listed[owner == code]
