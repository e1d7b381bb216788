"""Re-ranking: the first photos of an answer, in another order by what they have in common with each other."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, Protocol, get_type_hints

from imgsim.errors import ParameterError
from imgsim.naming import parse_naming, typed_params
from imgsim.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.search.shortlist import Shortlist

SHORTLIST = 200


class Reranker(Protocol):
    """Puts a shortlist in another order."""

    @property
    def shortlist(self) -> int:
        """How many of the nearest photos change places."""

    @property
    def neighbours(self) -> int:
        """How many neighbours of each of them, in the whole gallery, it goes by."""

    def check(self, metrics: Sequence[str]) -> None:
        """Raise ParameterError where it says nothing of photos that are compared by these metrics."""

    def values(self, found: Shortlist) -> NDArray[np.float64]:
        """Value the photos of a shortlist: (L,), smaller is closer."""


RERANKERS: Registry[Callable[..., Reranker]] = Registry(
    "re-ranking",
    {
        "k_reciprocal": "imgsim.search.k_reciprocal:KReciprocal",
        "query_expansion": "imgsim.search.query_expansion:QueryExpansion",
    },
)


@dataclass(frozen=True)
class Reranking:
    """What re-rankings have in common: how long the shortlist is, and how parameters are refused."""

    shortlist: int = SHORTLIST
    name: ClassVar[str]

    def require(self, condition: bool, message: str) -> None:  # noqa: FBT001 (reads as a sentence)
        """Raise ParameterError, led by the re-ranking's name, unless a condition holds."""
        if not condition:
            raise ParameterError(f"{self.name}: {message}")

    def check(self, metrics: Sequence[str]) -> None:
        """Take any metrics."""


def load_reranker(text: str) -> Reranker:
    """Build the re-ranking that ``NAME[:key=value,...]`` names; UnknownNameError or ParameterError where none is.

    Examples
    --------
    >>> load_reranker("k_reciprocal:k1=10,k2=3").shortlist
    200
    """
    naming = parse_naming(text)
    if naming.weight is not None:
        raise ParameterError(f"{text!r}: a re-ranking has no weight")
    entry = RERANKERS.load(naming.name)
    declared = get_type_hints(entry)
    hints = {field.name: declared[field.name] for field in fields(entry)}  # type: ignore[arg-type]
    return entry(**typed_params(naming.name, naming.params, hints))


def suited_reranker(text: str, metrics: Sequence[str]) -> Reranker:
    """Build the re-ranking that a text names; ParameterError too where it says nothing of these metrics."""
    reranker = load_reranker(text)
    reranker.check(metrics)
    return reranker
