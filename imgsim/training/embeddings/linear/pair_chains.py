"""Confirmed pairs as classes: what they chain into one thing, and what was rejected as being such a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.training.embeddings.linear.refusals import LearningError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST = 5  # things of two photos or more: as few as a fifth is held out of


class Chains(NamedTuple):
    """What confirmed pairs make of T things: `codes` (T,), 0 to C - 1, and -1 for what is in no chain.

    `rejected` (R, 2): a thing of no chain, and of which chain it is none; `torn` (K, 2): rejected pairs within one.
    """

    codes: NDArray[np.intp]
    rejected: NDArray[np.intp]
    torn: NDArray[np.intp]


def chain_pairs(confirmed: NDArray[np.intp], rejected: NDArray[np.intp], things: int) -> Chains:
    """Chain things by confirmed pairs (P, 2); a chain that a rejected pair (Q, 2) contradicts is none.

    Examples
    --------
    >>> chains = chain_pairs(np.array([[0, 1], [1, 2], [3, 4]]), np.array([[5, 2]]), 6)
    >>> chains.codes.tolist(), chains.rejected.tolist()
    ([0, 0, 0, 1, 1, -1], [[5, 0]])
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(confirmed)), (confirmed[:, 0], confirmed[:, 1])), shape=(things, things))
    components = connected_components(links, directed=False)[1]
    chained = np.zeros(things, bool)
    chained[confirmed] = True
    torn = (components[rejected[:, 0]] == components[rejected[:, 1]]) & chained[rejected[:, 0]]
    whole = chained & ~np.isin(components, components[rejected[torn]])
    codes = np.full(things, -1)
    codes[whole] = np.unique(components[whole], return_inverse=True)[1]
    either = np.concatenate([rejected, rejected[:, ::-1]])
    outside = either[~chained[either[:, 0]] & whole[either[:, 1]]]
    against = np.stack([outside[:, 0], codes[outside[:, 1]]], axis=1)
    return Chains(codes, np.unique(against, axis=0), rejected[torn])


def check_chains(codes: NDArray[np.intp]) -> None:
    """Refuse photos (N,) of too few chains to learn from, -1 being none."""
    count = np.count_nonzero(np.bincount(codes[codes >= 0]) > 1)
    if count < LEAST:
        there = f"{count} thing{' has' if count == 1 else 's have'} two photos or more"
        raise LearningError(f"by confirmed pairs {there}: {LEAST} are needed", remedy="decide-pairs")
