"""The names of ImageNet's 1,000 kinds, in the order in which networks that were trained on them give scores.

References
----------
G. A. Miller, "WordNet: A Lexical Database for English", Communications of the ACM 38(11), 1995: the names, of WordNet
3.0. O. Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", IJCV 115(3), 2015: which synsets.
"""

from __future__ import annotations

from functools import cache

from imgsim.models.packaged import SHIPPED

FILE = SHIPPED / "imagenet_kinds.tsv"


@cache
def imagenet_synsets() -> dict[str, str]:
    """Give the WordNet synset of each kind, by the kind's name: 1,000, in the order of the scores."""
    lines = (line for line in FILE.read_text("utf-8").splitlines() if not line.startswith("#"))
    return {name: synset for synset, _, name in (line.partition("\t") for line in lines)}
