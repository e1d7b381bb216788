"""From a distance to the probability that a match is the same thing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from imgsim.errors import IndexFormatError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Calibration:
    """A fitted curve that never rises with the distance; evaluation fits it, queries read it.

    Parameters
    ----------
    kind : {"isotonic", "logistic"}
        A broken line through knots, or a logistic curve.
    distances : tuple of float
        The knots, ascending; of a logistic curve the nearest and the farthest distance that it was fitted to. Distances
        beyond the first and the last are treated as those: nothing is known there.
    probabilities : tuple of float
        At the knots, never ascending; none for a logistic curve.
    slope, intercept : float, default 0
        Of the log odds, for a logistic curve; the slope is 0 or below.

    Raises
    ------
    ValueError
        If that is not so.

    Examples
    --------
    >>> calibration = Calibration("isotonic", (0.0, 1.0), (0.9, 0.1))
    >>> calibration([-1.0, 0.5, 2.0]).tolist()
    [0.9, 0.5, 0.1]
    """

    kind: Literal["isotonic", "logistic"]
    distances: tuple[float, ...]
    probabilities: tuple[float, ...] = ()
    slope: float = 0.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        knots, levels = np.array(self.distances, np.float64), np.array(self.probabilities, np.float64)
        isotonic = self.kind == "isotonic" and len(levels) == len(knots) >= 1
        logistic = self.kind == "logistic" and len(levels) == 0 and len(knots) == 2
        if not (isotonic or logistic):
            raise ValueError("neither an isotonic nor a logistic calibration")
        if not np.isfinite([*knots, *levels, self.slope, self.intercept]).all():
            raise ValueError("a number of the calibration is not finite")
        if np.any(np.diff(knots) <= 0 if isotonic else np.diff(knots) < 0):
            raise ValueError("the distances of the calibration do not ascend")
        if np.any((levels < 0) | (levels > 1)) or np.any(np.diff(levels) > 0) or self.slope > 0:
            raise ValueError("the calibration's probabilities rise with the distance, or are none")

    def __call__(self, distances: ArrayLike) -> NDArray[np.float64]:
        """Turn distances into probabilities.

        Parameters
        ----------
        distances : array_like of float
            Any shape.

        Returns
        -------
        ndarray of float64
            The same shape, 0 to 1.
        """
        within = np.clip(np.asarray(distances, np.float64), self.distances[0], self.distances[-1])
        if self.kind == "isotonic":
            between = np.interp(within, self.distances, self.probabilities)
            return np.clip(between, self.probabilities[-1], self.probabilities[0])  # against rounding
        return np.asarray(np.exp(-np.logaddexp(0, -(self.slope * within + self.intercept))), np.float64)

    def to_json(self) -> str:
        """Write it as JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Read what `to_json` wrote.

        Parameters
        ----------
        text : str
            JSON.

        Returns
        -------
        Calibration
            An equal one.

        Raises
        ------
        IndexFormatError
            If it is damaged.
        """
        try:
            raw = json.loads(text)
            distances, probabilities = (tuple(map(float, raw[key])) for key in ("distances", "probabilities"))
            return cls(raw["kind"], distances, probabilities, float(raw["slope"]), float(raw["intercept"]))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise IndexFormatError(f"damaged calibration: {error}", remedy="fit-calibration") from error
