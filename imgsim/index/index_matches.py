"""The matches of two indexes, or of two sides of one, in one call: what `imgsim match` says, for a program."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from imgsim.index.lost_and_found import LostAndFound
from imgsim.naming import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from imgsim.index.index import Index
    from imgsim.index.lost_and_found import FoundMatch


def match_indexes(
    lost: Index,
    found: Index,
    k: int = 10,
    *,
    extractors: str | Sequence[str] = (),
    metric: str | None = None,
    max_distance: float | str | None = None,
    min_probability: float | None = None,
    lost_where: str | Sequence[str] = (),
    found_where: str | Sequence[str] = (),
    on: str | Sequence[str] = (),
    near: Collection[tuple[str, str]] | None = None,
    thing: str | None = None,
    one_to_one: bool = False,
    rerank: str | None = None,
    new: bool = False,
    out_of_sight: bool = False,
) -> list[FoundMatch]:
    """Find for each lost thing the found ones that may be it, by the rows that the indexes hold.

    Parameters
    ----------
    lost, found : Index
        Two indexes, compared as the found one compares; or twice the same one, whose sides conditions tell apart.
    k : int, default 10
        Matches wanted for each lost thing.
    extractors : str or sequence of str, optional
        As for `Index.search`, among those of the found index.
    metric : str, optional
        In place of each extractor's own.
    max_distance : float or str, optional
        Leave out matches farther than this.
    min_probability : float, optional
        Leave out matches less probable than this, where the found index is calibrated.
    lost_where, found_where : str or sequence of str, optional
        Only photos for which these expressions hold, of either side.
    on : str or sequence of str, optional
        Only pairs for which these hold, such as ``"found.day >= lost.day"``.
    near : collection of pairs of str, optional
        Which places are neighbours, for ``"found.place near lost.place"``.
    thing : str, optional
        The attribute that says which photos are of one report or item.
    one_to_one : bool, default False
        Say too which pairs fit best altogether, each thing in one at most: those are `assigned`.
    rerank : str, optional
        As for `Index.search`.
    new : bool, default False
        Only pairs that no `imgsim match --new` said before.
    out_of_sight : bool, default False
        Whether photos are meant that rules of their index keep out of sight.

    Returns
    -------
    list of FoundMatch
        By the lost things' paths, the closest first, less what `imgsim pair` rejected, and the things of confirmed
        pairs.

    Raises
    ------
    ExtractorMismatchError
        If an index has no features of an extractor.
    UnknownNameError
        If there is no such extractor, metric, re-ranking or attribute.
    ParameterError
        If a threshold is outside what the distance can be.
    ExpressionError
        If an expression is not understood, or compares what does not compare.
    ImgsimError
        If both sides are the same photos, or one has none that can be compared.

    See Also
    --------
    LostAndFound : Within snapshots of both, tells also which photos could not be compared, and why a pair matches.
    """
    same = os.path.realpath(lost.directory) == os.path.realpath(found.directory)
    indexes = (found, found) if same else (lost, found)
    with ExitStack() as stack:
        for index in dict.fromkeys(indexes):
            stack.enter_context(index.snapshot())
        sides = LostAndFound(
            indexes,
            listed(extractors),
            metric,
            lost=listed(lost_where),
            found=listed(found_where),
            thing=thing,
            on=listed(on),
            near=near,
            new=new,
            out_of_sight=out_of_sight,
        )
        threshold = sides.threshold(max_distance, min_probability)
        return sides.matches(k, threshold, one_to_one=one_to_one, rerank=rerank)
