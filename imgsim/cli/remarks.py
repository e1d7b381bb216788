"""What is said of answers beside their rows: what is nearest where nothing is near enough, and which files are gone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from imgsim.cli import stderr
from imgsim.cli.remedies import explain
from imgsim.errors import ImgsimError, first_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.cli.answers import QueryAnswer
    from imgsim.core import Match
    from imgsim.index.index import Index
    from imgsim.index.threshold import Threshold


class Missed(NamedTuple):
    """A threshold that no match kept to, and what came closest to it, as people read them."""

    threshold: str
    closest: str


def find_missed(ranked: Sequence[Match], threshold: Threshold) -> Missed | None:
    """Tell what came closest to a threshold that no match keeps to; None where one does, or nothing was ranked."""
    if not ranked or any(map(threshold.admits, ranked)):
        return None
    most, least = threshold.max_distance, threshold.min_probability
    nearest = min(match.distance for match in ranked)
    if most is not None and nearest > most:
        unit = threshold.bits or 1
        asked = f"within {most * unit:g}"
        if threshold.bits:
            asked += " bit" + "s" * (most * unit != 1)
        return Missed(asked, f"the nearest is at {_apart(nearest * unit, most * unit)}")
    known = [match.probability for match in ranked if match.probability is not None]
    if least is None or not known:
        return None
    return Missed(f"of a probability of {least:g}", f"the most probable has {_apart(max(known), least)}")


def _apart(number: float, other: float) -> str:
    """Write a number with as few digits as tell it from another."""
    texts = [f"{number:.{digits}g}" for digits in (3, 6, 17)]
    sides = number < other, number > other
    return next((text for text in texts if (float(text) < other, float(text) > other) == sides), texts[-1])


class Remarks:
    """Gathers them over the answers of a command, to be said once at its end."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._heard = 0
        self._missed: dict[str, Missed] = {}
        self._gone: dict[str, None] = {}  # paths, in the order in which they were met

    def hear(self, answer: QueryAnswer) -> None:
        """Note an answer that was written."""
        self._heard += 1
        if answer.missed:
            self._missed[answer.name] = answer.missed
        root = self._index.root
        self._gone |= {
            match.path: None for match in answer.matches if not os.path.exists(os.path.join(root, match.path))
        }

    def say(self) -> None:
        """Say them."""
        if self._missed and stderr.is_terminal():
            stderr.say(f"imgsim: {self._nothing_within()}")
        if self._gone:
            stderr.say(f"imgsim: {explain(self._gone_away())}")

    def _nothing_within(self) -> str:
        threshold, closest = next(iter(self._missed.values()))
        if self._heard == 1:
            return f"nothing {threshold}; {closest}"
        named = [f"{name} ({missed.closest})" for name, missed in self._missed.items()]
        return f"nothing {threshold} for {first_few(named)}"

    def _gone_away(self) -> ImgsimError:
        """Tell of matches whose files are gone, or of the whole folder where that is away."""
        root = self._index.root
        if _is_away(root):
            return ImgsimError(f"{root}: the indexed folder is away or empty, so no match can be opened")
        return ImgsimError(
            f"{first_few(list(self._gone))}: no longer there", remedy="index-anew", **self._index.facts_of_place
        )


def _is_away(folder: str) -> bool:
    """Tell whether a folder is not there or shows nothing, as where a disk is not mounted."""
    try:
        with os.scandir(folder) as entries:
            return all(entry.name[0] == "." for entry in entries)
    except OSError:
        return True
