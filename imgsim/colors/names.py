"""Naming colours as people do, by the small networks that are shipped with imgsim; torch is not needed."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ParameterError, UnknownNameError, WeightsError
from imgsim.models.cache import about, digest_file
from imgsim.models.regular_file import read_regular

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FOLDER = Path(__file__).with_name("shipped")
MODELS = {"lab": "color-names-lab.onnx", "rgb": "color-names-rgb.onnx"}
DEFAULT_MODEL = "lab"
_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}")
_NUMBER = re.compile(r"[0-9]{1,3}")


class ColorNamer:
    """A network that names colours, run by ONNX Runtime.

    Examples
    --------
    >>> namer = load_namer()
    >>> [name for name, _ in namer.name([[220, 20, 30], [20, 20, 25], [250, 250, 245]])]
    ['red', 'black', 'white']
    """

    def __init__(self, data: bytes) -> None:
        from imgsim.models.session import Session  # takes a while, and who only asks for `model_identity` does without

        # A few thousand multiplications: more threads would only wait for each other.
        self._session = Session(data, "cpu", "color-names", threads=1)
        self.header = self._session.header
        self.names = tuple(self.header.details["names"])  # in the order of its probabilities
        self.probabilities([0, 0, 0])  # a model that cannot answer is told where it comes in

    def probabilities(self, colors: ArrayLike) -> NDArray[np.float64]:
        """Tell how likely people are to call colours by each name.

        `colors` (N, 3); gives (N, len(names).
        """
        rows = np.asarray(colors, np.float32).reshape(-1, 3)
        if not len(rows):
            return np.zeros((0, len(self.names)))
        exact = self._session.run(rows).astype(np.float64)
        sums = exact.sum(axis=1, keepdims=True)
        if not ((exact >= 0).all() and ((sums > 0) & (sums < 2)).all()):
            raise WeightsError("its probabilities are no numbers from 0 to 1")
        return exact / sums  # type: ignore[no-any-return]

    def name(self, colors: ArrayLike) -> list[tuple[str, float]]:
        """Name colours, each by its likeliest name.

        `colors` (N, 3).
        """
        probabilities = self.probabilities(colors)
        best = probabilities.argmax(axis=1)
        return [(self.names[place], float(row[place])) for place, row in zip(best, probabilities, strict=True)]


def load_namer(model: str = DEFAULT_MODEL) -> ColorNamer:
    """Load a model that names colours."""
    if model in MODELS:
        return _load(str(FOLDER / MODELS[model]))
    if not model.endswith(".onnx"):
        raise UnknownNameError("colour-name model", model, MODELS)
    return _load(model)


def model_identity(model: str = DEFAULT_MODEL) -> str:
    """Tell which model a name stands for in this imgsim: what an index remembers."""
    return f"{model}-{digest_file(str(FOLDER / MODELS[model]))[:12]}"


@lru_cache(maxsize=4)
def _load(path: str) -> ColorNamer:
    from imgsim.models.header import check_seal

    with about(path):
        namer = ColorNamer(data := read_regular(path))
        if namer.header.digest:  # those of format 1 have none
            check_seal(data)
    return namer


def plain_name(label: str) -> str:
    """Write a colour's name as imgsim does.

    Examples
    --------
    >>> plain_name("Gray-ish")
    'grey'
    """
    name = label.strip().lower().removesuffix("-ish")
    return "grey" if name == "gray" else name


def parse_color(text: str) -> tuple[int, int, int]:
    """Read a colour.

    Examples
    --------
    >>> parse_color("200, 30,30"), parse_color("#c81e1e"), parse_color("#f80")
    ((200, 30, 30), (200, 30, 30), (255, 136, 0))
    """
    if _HEX.fullmatch(text.strip()):
        digits = text.strip()[1:]
        red, green, blue = bytes.fromhex(digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))
        return red, green, blue
    values = [int(part) if _NUMBER.fullmatch(part.strip()) else -1 for part in text.split(",")]
    if len(values) != 3 or not all(0 <= value <= 255 for value in values):
        raise ParameterError(f"{text.strip()!r} is no colour: R,G,B of 0 to 255 each, #rrggbb or #rgb")
    return values[0], values[1], values[2]
