"""Rows of an index's photos with their classes, dealt to the parts that train, validate and test a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from imgsim.cli import stderr
from imgsim.cli.labels import HASH, attributes_in, labels_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.cli.labels import LabelSource
    from imgsim.core import ExtractorSpec, Features
    from imgsim.index.index import Index
    from imgsim.training.split_file import SplitPhotos


class ClassedRows(NamedTuple):
    """Photos of a split, their rows (N, D), the extractors that made them, and digests of their contents."""

    split: SplitPhotos
    rows: Features
    bases: list[tuple[ExtractorSpec, int]]
    digests: list[bytes]


def rows_of_classes(
    index: Index, wanted: Sequence[str], source: LabelSource, splits: str | None, seed: int
) -> ClassedRows:
    """Read the rows by the extractors that are wanted, or else by the index's own, of photos that have a class."""
    import numpy as np

    from imgsim.naming import is_external
    from imgsim.training.classifiers.dealt_photos import deal_as_before, deal_photos, describe_parts

    distance = index.distance(wanted)
    chosen = [one.extractor for one in distance.extractors]
    if outside := next((one for one in chosen if is_external(one.spec.name)), None):
        raise click.UsageError(f"{outside.spec}: its rows come from a file, so no further photo could be classified")
    rows, present = distance.features()
    digests = {record.path: record.digest for record in index}
    contents = [digests[path] for path in index.paths]
    if splits:
        dealt = deal_as_before(splits, index.paths, present)
    else:
        labels = labels_for(source, index.root, index.paths, attributes_in(index))
        codes, hashes = np.where(present, labels.codes, -1), index.distance([HASH]).features()[0]
        dealt = deal_photos(index.paths, labels.names, codes, contents, hashes, seed=seed)
    for remark in dealt.remarks:
        stderr.say(remark)
    stderr.say(describe_parts(dealt.split))
    bases = [(one.spec, one.dim) for one in chosen]
    return ClassedRows(dealt.split, rows[dealt.places], bases, [contents[place] for place in dealt.places])
