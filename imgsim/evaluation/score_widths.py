"""How near scores are alike, and how far they are not: in units, or as quantiles of the differences of two photos."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUANTILE = "q"  # before a share, where a width is a quantile
_EXACT = 2000  # photos of which all differences are looked at
_DRAWN = 2_000_000  # differences that are drawn of more


class Widths(NamedTuple):
    """Differences of scores, in their units: up to the first photos are alike, beyond the second they are not."""

    within: float
    beyond: float


def find_widths(name: str, within: str, beyond: str, scores: NDArray[np.floating]) -> Widths:
    """Read widths, ``5`` in the units of the scores or ``q0.1`` for a quantile of the differences between two photos.

    Examples
    --------
    >>> find_widths("scores", "5", "q0.5", np.array([0.0, 10, 20, 40]))
    Widths(within=5.0, beyond=20.0)
    """
    widths = Widths(*(_read(name, key, text, scores) for key, text in (("within", within), ("beyond", beyond))))
    require_widths(name, *widths)
    return widths


def check_widths(name: str, within: str, beyond: str) -> None:
    """Raise ParameterError where texts are no widths, as far as that is known before there are scores."""
    read = [_read(name, key, text, np.arange(2.0)) for key, text in (("within", within), ("beyond", beyond))]
    if QUANTILE not in within + beyond:
        require_widths(name, *read)


def require_widths(name: str, within: float, beyond: float) -> None:
    """Raise ParameterError unless widths are such as make sense."""
    if not 0 <= within < float("inf"):
        raise ParameterError(f"{name}: within is 0 or more, not {within:g}")
    if not within <= beyond < float("inf"):
        raise ParameterError(f"{name}: beyond is no less than within, {within:g}, not {beyond:g}")


def _read(name: str, key: str, text: str, scores: NDArray[np.floating]) -> float:
    try:
        value = float(text.removeprefix(QUANTILE))
    except ValueError:
        raise ParameterError(f"{name}: {key} is a number, or q0.1 for that quantile, not {text!r}") from None
    if not text.startswith(QUANTILE):
        return value
    if not 0 <= value <= 1:
        raise ParameterError(f"{name}: {key}: a quantile is 0 to 1, not {value:g}")
    return float(np.quantile(_differences(scores), value))


def _differences(scores: NDArray[np.floating]) -> NDArray[np.floating]:
    """Give the differences of all pairs of photos, or of many that are drawn, always the same."""
    if len(scores) <= _EXACT:
        first, second = np.triu_indices(len(scores), 1)
    else:
        rng = np.random.default_rng(0)
        first = rng.integers(0, len(scores), _DRAWN)
        second = (first + rng.integers(1, len(scores), _DRAWN)) % len(scores)
    return np.abs(scores[first] - scores[second])
