"""Scipy's distances of boolean rows; a value counts as true unless it is 0.

The letters in the definitions are numbers of values: `tt` true in both rows, `tf` and `ft` in one only, `ff` in none.
"""

from __future__ import annotations

from imgsim.metrics.pairwise import PairwiseMetric


class _Boolean(PairwiseMetric):
    """A distance of rows of truth values."""

    domain = "boolean"
    range = (0.0, 1.0)
    values = bool
    unrelated = 0.0


class Dice(_Boolean):
    """Dice's dissimilarity (1945)."""

    name = "dice"
    definition = "(tf + ft) / (2 tt + tf + ft)"
    degenerate = "two rows of zeros: 0"


class Jaccard(_Boolean):
    """Jaccard's dissimilarity (1901)."""

    name = "jaccard"
    definition = "(tf + ft) / (tt + tf + ft)"
    degenerate = "two rows of zeros: 0"


class RogersTanimoto(_Boolean):
    """Rogers and Tanimoto's dissimilarity (1960)."""

    name = "rogerstanimoto"
    definition = "2 (tf + ft) / (tt + ff + 2 (tf + ft))"


class RussellRao(_Boolean):
    """Russell and Rao's dissimilarity (1940); not 0 between equal rows unless every value is true."""

    name = "russellrao"
    definition = "(D - tt) / D"


class SokalSneath(_Boolean):
    """Sokal and Sneath's dissimilarity (1963)."""

    name = "sokalsneath"
    definition = "2 (tf + ft) / (tt + 2 (tf + ft))"
    degenerate = "two rows of zeros: 0"


class Yule(_Boolean):
    """Yule's dissimilarity (1912)."""

    name = "yule"
    definition = "2 tf ft / (tt ff + tf ft)"
    range = (0.0, 2.0)
    degenerate = "0/0: 0"
