"""Stanford Online Products by the two protocols that figures on it were published by, which are not comparable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import EvaluationError, ParameterError
from imgsim.training.embeddings.recipe import ONE_QUERY, PRODUCT_SPLITS
from imgsim.training.embeddings.splits import FEWEST, WHOLE, check_shares, deal_classes
from imgsim.training.split_file import PARTS, UNUSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TRAIN, VALIDATION, TEST, QUERY = range(4)  # a query is a test photo that asks those that are none


def split_products(
    codes: NDArray[np.intp], tests: NDArray[np.bool_], *, by: str, shares: Sequence[float], seed: int
) -> NDArray[np.int8]:
    """Give photos their parts, as a protocol has it.

    Parameters
    ----------
    codes : ndarray of int, shape (N,)
        Classes, -1 none.
    tests : ndarray of bool, shape (N,)
        Whether a photo is listed to test by; no class is on both lists.
    by : {"products-leave-one-out", "products-one-query"}
        The published protocol, in which each test photo asks for the others; or a later system's, in which one photo of
        each class asks for the rest of it, and of training classes of six photos or more two validate.
    shares : sequence of float
        Of "products-leave-one-out", which says nothing of validation: how training classes are dealt to training and
        validation, by the first two. Where the second is 0 all of them train.
    seed : int
        Of what is drawn: the classes, or the photos, that validate, and those that ask.

    Returns
    -------
    ndarray of int8, shape (N,)
        0 train, 1 validation, 2 test, 3 test photos that ask those of 2 alone; -1 photos without a class, and those
        that are alone in a training class. A test photo that is alone in its class is one more to be taken for others.

    References
    ----------
    H. O. Song, Y. Xiang, S. Jegelka, S. Savarese, "Deep Metric Learning via Lifted Structured Feature Embedding", CVPR
    2016.
    """
    check_shares(shares, shares[:1])
    ranks, sizes = _ranks(codes, np.random.default_rng(seed))
    parts = np.full(len(codes), UNUSED, np.int8)
    listed, learned = tests & (codes >= 0), ~tests & (codes >= 0) & (sizes >= FEWEST)
    parts[learned] = TRAIN
    parts[listed] = TEST
    if by == ONE_QUERY:
        parts[learned & (sizes >= WHOLE) & (ranks < FEWEST)] = VALIDATION
        parts[listed & (sizes >= FEWEST) & (ranks == 0)] = QUERY
    elif shares[VALIDATION] and learned.any():
        together = sum(shares[:TEST])
        wanted = [shares[TRAIN] / together, shares[VALIDATION] / together, 0]
        dealt = codes[learned]
        parts[learned] = deal_classes(dealt, np.arange(len(dealt)), wanted, np.random.default_rng(seed))
    _check(parts, sizes, by, shares)
    return parts


def describe_parts(parts: NDArray[np.int8], codes: NDArray[np.intp], groups: NDArray[np.intp]) -> str:
    """Count each part's photos and classes, and the test photos that are copies, by `groups`, of ones to learn from."""
    names = {TRAIN: "to train", VALIDATION: "to validate", QUERY: "that ask", TEST: "that are asked for"}
    told = []
    for number, what in names.items():
        if count := int((parts == number).sum()):
            told.append(f"{count:,} photos of {len(np.unique(codes[parts == number])):,} classes {what}")
    learned, judges = (parts == TRAIN) | (parts == VALIDATION), parts >= TEST
    copies = int(np.isin(groups[judges], groups[learned]).sum())
    same = f"; {copies:,} test photos are copies of photos to learn from, and stay" if copies else ""
    return ", ".join(told) + same


def require_lists(by: str, tests: NDArray[np.bool_] | None) -> None:
    """Raise ParameterError where a protocol is asked for that the photos' labels know nothing of."""
    if by in PRODUCT_SPLITS and tests is None:
        told = f"split {by}: it goes by the lists of Stanford Online Products, and labels do not come from these"
        raise ParameterError(told, remedy="label-products")


def _ranks(codes: NDArray[np.intp], rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Put the photos of each class in random order: give their places in it, and how many there are, (N,) each."""
    order = np.lexsort((rng.random(len(codes)), codes))
    _, first, counts = np.unique(codes[order], return_index=True, return_counts=True)
    ranks, sizes = np.zeros(len(codes), np.intp), np.zeros(len(codes), np.intp)
    ranks[order] = np.arange(len(codes)) - np.repeat(first, counts)
    sizes[order] = np.repeat(counts, counts)
    return ranks, sizes


def _check(parts: NDArray[np.int8], sizes: NDArray[np.intp], by: str, shares: Sequence[float]) -> None:
    there = {part: bool((parts == number).any()) for number, part in enumerate(PARTS)}
    asks = (parts == QUERY).any() if by == ONE_QUERY else (sizes[parts == TEST] >= FEWEST).any()
    if not asks:
        raise EvaluationError(f"split {by}: no class on the list to test by has two photos: nobody asks")
    if not there["train"]:
        raise EvaluationError(f"split {by}: too few photos are on the list to learn from: none is left to train")
    if not there["validation"] and (by == ONE_QUERY or shares[VALIDATION]):
        needed = f"no class on the list to learn from has {WHOLE} photos" if by == ONE_QUERY else "too few classes"
        raise EvaluationError(f"split {by}: {needed}: none is left to validate")
