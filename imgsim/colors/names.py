"""Naming colours as people do, by the small networks that are shipped with imgsim; torch is not needed."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.errors import ParameterError, UnknownNameError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

KEY = "imgsim-color-names"
FOLDER = Path(__file__).with_name("shipped")
MODELS = {"lab": "color-names-lab.onnx", "rgb": "color-names-rgb.onnx"}
DEFAULT_MODEL = "lab"
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_NUMBER = re.compile(r"[0-9]{1,3}")


class ColorHeader(NamedTuple):
    """What a naming model says of itself."""

    architecture: str
    names: tuple[str, ...]
    recipe: Mapping[str, Any]
    data: str
    split: str
    seed: int

    def to_properties(self) -> dict[str, str]:
        """Write it as an ONNX file's metadata."""
        return {KEY: json.dumps(self._asdict(), sort_keys=True)}

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> ColorHeader:
        """Read it from an ONNX file's metadata; WeightsError where there is none of imgsim's."""
        try:
            raw = json.loads(properties[KEY])
            return cls(**raw | {"names": tuple(raw["names"])})
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError("not a colour-name model that imgsim exported") from error


class ColorNamer:
    """A network that names colours, run by ONNX Runtime.

    Examples
    --------
    >>> namer = load_namer()
    >>> [name for name, _ in namer.name([[220, 20, 30], [20, 20, 25], [250, 250, 245]])]
    ['red', 'black', 'white']
    """

    def __init__(self, data: bytes) -> None:
        import onnxruntime  # takes a while, and who only asks for `model_identity` does without

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a few thousand multiplications: more threads would only wait for each other
        options.log_severity_level = 3  # errors only: warnings go straight to stderr
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's errors have no common ancestor but this
            raise WeightsError(f"not a model that ONNX Runtime can run ({str(error).splitlines()[0][:120]})") from error
        self.header = ColorHeader.from_properties(self._session.get_modelmeta().custom_metadata_map)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it knows, in the order of its probabilities."""
        return self.header.names

    def probabilities(self, colors: ArrayLike) -> NDArray[np.float64]:
        """Tell how likely people are to call colours by each name.

        `colors` (N, 3); gives (N, len(names).
        """
        rows = np.asarray(colors, np.float32).reshape(-1, 3)
        if not len(rows):
            return np.zeros((0, len(self.names)))
        answer: NDArray[np.float32] = self._session.run(["probabilities"], {"colors": rows})[0]
        exact = answer.astype(np.float64)
        return exact / exact.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]

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
    return f"{model}-{hashlib.sha256((FOLDER / MODELS[model]).read_bytes()).hexdigest()[:12]}"


@lru_cache(maxsize=4)
def _load(path: str) -> ColorNamer:
    try:
        return ColorNamer(Path(path).read_bytes())
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error


def parse_color(text: str) -> tuple[int, int, int]:
    """Read a colour.

    Examples
    --------
    >>> parse_color("200, 30,30"), parse_color("#c81e1e")
    ((200, 30, 30), (200, 30, 30))
    """
    if _HEX.fullmatch(text.strip()):
        red, green, blue = bytes.fromhex(text.strip()[1:])
        return red, green, blue
    values = [int(part) if _NUMBER.fullmatch(part.strip()) else -1 for part in text.split(",")]
    if len(values) != 3 or not all(0 <= value <= 255 for value in values):
        raise ParameterError(f"{text.strip()!r} is no colour: R,G,B of 0 to 255 each, or #rrggbb")
    return values[0], values[1], values[2]
