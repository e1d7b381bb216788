"""Groups of photos in which all are near each other, told apart from mere chains of neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.search.near_pairs import NearPairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LARGEST = 4096  # photos whose distances are laid out whole: 67 MB


def find_groups(pairs: NearPairs, count: int) -> list[NDArray[np.intp]]:
    """Group `count` photos by complete linkage, cut where the pairs end: ascending places, groups of two and more.

    All pairs within a group are among `pairs`. Where A is near B, and B near C, but A not near C, the closer pair is a
    group and the third photo stays outside. It is worked out within connected components; one of more than `LARGEST`
    photos is first taken apart, by leaving out the longer half of its pairs until no piece is larger.

    Parameters
    ----------
    pairs : NearPairs
        All that are within the distance that groups are cut at.
    count : int
        Of photos.

    Returns
    -------
    list of ndarray of intp
        By their first place; no photo is in two.

    References
    ----------
    D. Defays, "An efficient algorithm for a complete link method", The Computer Journal 20, 1977; as in
    `scipy.cluster.hierarchy.linkage`, by nearest-neighbour chains (Muellner, arXiv:1109.2378, 2011).

    Examples
    --------
    >>> chain = NearPairs(np.array([0, 1]), np.array([1, 2]), np.array([0.2, 0.1]))
    >>> [group.tolist() for group in find_groups(chain, 3)]
    [[1, 2]]
    """
    if not len(pairs.first):
        return []
    groups = [group for photos, own in _components(pairs, count) for group in _linked(photos, own)]
    return sorted(groups, key=lambda group: int(group[0]))


def _components(pairs: NearPairs, count: int) -> Iterator[tuple[NDArray[np.intp], NearPairs]]:
    """Give connected photos, ascending, at most `LARGEST`, and all pairs among them."""
    pieces = _pieces(pairs, count)
    within = np.flatnonzero(pieces[pairs.first] == pieces[pairs.second])
    order = within[np.argsort(pieces[pairs.first[within]], kind="stable")]
    for chosen in np.split(order, np.flatnonzero(np.diff(pieces[pairs.first[order]])) + 1):
        own = NearPairs(pairs.first[chosen], pairs.second[chosen], pairs.distances[chosen])
        yield np.union1d(own.first, own.second), own


def _pieces(pairs: NearPairs, count: int) -> NDArray[np.int32]:
    """Give each photo the number of its component, of those too large taken apart: (count,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    joining = np.arange(len(pairs.first))
    while True:
        ends = pairs.first[joining], pairs.second[joining]
        graph = coo_array((np.ones(len(joining), np.int8), ends), shape=(count, count))
        pieces: NDArray[np.int32] = connected_components(graph, directed=False)[1]
        of_pairs = pieces[ends[0]]
        large = np.flatnonzero(np.bincount(pieces) > LARGEST)
        if not len(large):
            return pieces
        longer = []
        for piece in large.tolist():
            own = np.flatnonzero(of_pairs == piece)
            longer.append(own[np.argsort(pairs.distances[joining[own]], kind="stable")[len(own) // 2 :]])
        joining = np.delete(joining, np.concatenate(longer))


def _linked(photos: NDArray[np.intp], pairs: NearPairs) -> Iterator[NDArray[np.intp]]:
    """Cut one component's tree."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(photos) == 2:
        yield photos
        return
    first, second, n = np.searchsorted(photos, pairs.first), np.searchsorted(photos, pairs.second), len(photos)
    lowest, highest = pairs.distances.min(), pairs.distances.max()
    apart = np.full(n * (n - 1) // 2, 2 + highest - lowest)  # others are farther than any pair
    apart[n * first - first * (first + 1) // 2 + second - first - 1] = pairs.distances - lowest  # none below 0
    labels = fcluster(linkage(apart, "complete"), 1 + highest - lowest, "distance")
    for label in np.unique(labels):
        group = photos[labels == label]
        if len(group) > 1:
            yield group
