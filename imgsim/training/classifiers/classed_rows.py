"""Rows of an index's photos with their classes, dealt to the parts that train, validate and test a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import ParameterError
from imgsim.naming import HASH, is_external
from imgsim.training.classifiers.dealt_photos import deal_as_before, deal_photos, describe_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imgsim.core import ExtractorSpec, Features
    from imgsim.index.index import Index
    from imgsim.tables.ground_truth import Labels
    from imgsim.training.split_file import SplitPhotos


class ClassedRows(NamedTuple):
    """Photos of a split, their rows (N, D), the extractors that made them, and digests of their contents."""

    split: SplitPhotos
    rows: Features
    bases: list[tuple[ExtractorSpec, int]]
    digests: list[bytes]


def deal_rows(
    index: Index,
    wanted: Sequence[str],
    classes: Callable[[], Labels],
    splits: str | None,
    seed: int,
    said: Callable[[str], None],
) -> ClassedRows:
    """Read the rows by the extractors that are wanted, or else by the index's own, of photos that have a class.

    Parts, and classes with them, are those of an earlier run's `splits`, or drawn by the seed.
    """
    distance = index.distance(wanted)
    chosen = [one.extractor for one in distance.extractors]
    if outside := next((one for one in chosen if is_external(one.spec.name)), None):
        raise ParameterError(f"{outside.spec}: its rows come from a file, so no further photo could be classified")
    rows, present = distance.features()
    digests = {record.path: record.digest for record in index}
    contents = [digests[path] for path in index.paths]
    if splits:
        dealt = deal_as_before(splits, index.paths, present)
    else:
        labels = classes()
        codes, hashes = np.where(present, labels.codes, -1), index.distance([HASH]).features()[0]
        dealt = deal_photos(index.paths, labels.names, codes, contents, hashes, seed=seed)
    for remark in dealt.remarks:
        said(remark)
    said(describe_parts(dealt.split))
    bases = [(one.spec, one.dim) for one in chosen]
    return ClassedRows(dealt.split, rows[dealt.places], bases, [contents[place] for place in dealt.places])
