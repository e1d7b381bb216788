"""How to index a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.index.description import AttributeTable


@dataclass(frozen=True)
class Options:
    """How to index.

    Parameters
    ----------
    include, exclude : sequence of str
        Patterns, as for `find_images`.
    files : sequence of str, optional
        Look at these files only, instead of the whole folder.
    jobs : int, optional
        Processes; one a processor unless given.
    max_megapixels : float
        The largest photo to decode.
    prune : bool
        Remove missing photos even if they are more than half.
    moved : bool
        The indexed folder is now elsewhere.
    refit : bool
        Pin the statistics of the photos as they are now.
    retry_failed : bool
        Try the files in the ledger again.
    default : str, optional
        The extractor that queries use from now on.
    attributes : AttributeTable, optional
        A table that says more about the photos.
    colors : bool, optional
        Whether to measure colours, now and in later runs; as before unless given.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    files: Sequence[str] | None = None
    jobs: int | None = None
    max_megapixels: float = 100.0
    prune: bool = False
    moved: bool = False
    refit: bool = False
    retry_failed: bool = False
    default: str | None = None
    attributes: AttributeTable | None = None
    colors: bool | None = None
