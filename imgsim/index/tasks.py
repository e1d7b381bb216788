"""What is to be measured, and how: light to import, for a run that finds nothing to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.core import ExtractorSpec


class Task(NamedTuple):
    """A photo to measure, as the scan found it: by which extractors (their keys), and whether its colours too."""

    path: str
    size: int
    mtime_ns: int
    extractors: tuple[int, ...]
    colors: bool = False


@dataclass(frozen=True)
class Assignment:
    """What every worker is told once."""

    root: str
    specs: Mapping[int, ExtractorSpec]
    max_megapixels: float
    colors: bool = False
