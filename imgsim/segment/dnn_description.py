"""The small file that says what a model of OpenCV's takes and gives."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, NamedTuple

from imgsim.errors import WeightsError
from imgsim.models.cache import digest_file
from imgsim.segment.base_segmenter import MOST_NAMES
from imgsim.segment.label_names import BACKGROUND, label_key, with_background

SIDES = range(16, 4097)  # pixels
GIVES = ("mask", "scores", "boxes")
BOX = {"label", "score", "left", "top", "right", "bottom"}
_LARGEST = 1 << 20  # bytes of a description
_WORDS = {"layout": ("NCHW", "NHWC"), "channels": ("rgb", "bgr"), "units": ("share", "pixels"), "gives": GIVES}


class DnnDescription(NamedTuple):
    """What a model takes and gives, as its JSON file says."""

    path: str  # of that file
    file: str  # the model's
    sha256: str  # of both
    size: tuple[int, int]  # width and height of the images that it takes
    labels: tuple[str, ...]
    gives: str = "mask"  # how probable its one label is, (H, W); or scores, a map a label; or boxes
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)  # which values, 0 to 1, are less of
    deviation: tuple[float, ...] = (1.0, 1.0, 1.0)  # and divided by
    channels: str = "rgb"
    layout: str = "NCHW"
    output: str = ""
    threshold: float = 0.5
    # Of boxes: what is in each of their rows, in shares of the image or in pixels, and the number of the first label.
    columns: tuple[str, ...] = ("image", "label", "score", "left", "top", "right", "bottom")
    units: str = "share"
    first: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """What the labels of its maps mean, the background first."""
        if self.gives == "scores":
            return with_background(self.labels)[0]
        return (BACKGROUND, *map(label_key, self.labels))


def read_description(path: str) -> DnnDescription:
    """Read what describes a model; WeightsError, in one line, where it is wrong."""
    path = os.path.abspath(path)
    try:
        if os.path.getsize(path) > _LARGEST:
            raise WeightsError(f"{path}: not a JSON file that describes a model (docs/segmenting.md)")
        with open(path, "rb") as stream:
            data = stream.read()
        raw = json.loads(data)
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path}: not a JSON file that describes a model (docs/segmenting.md)") from error
    if wrong := _wrong(raw):
        raise WeightsError(f"{path}: {wrong}")
    file = os.path.join(os.path.dirname(path), raw.pop("model"))
    digest = hashlib.sha256(data + digest_file(file).encode()).hexdigest()
    size = raw.pop("size")
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}
    sides = (size, size) if isinstance(size, int) else (size[0], size[1])
    return DnnDescription(path, file, digest, sides, **given)


def _wrong(raw: Any) -> str:  # noqa: ANN401 (whatever the JSON held)
    """Say what is wrong with a description, if anything."""
    known = {*DnnDescription._fields} - {"path", "file", "sha256"} | {"model"}
    if not isinstance(raw, dict) or not {"model", "size", "labels"} <= {*raw}:
        return "it says no model, size and labels"
    if odd := sorted({*raw} - known):
        return f"it says {odd[0]!r}; what it may say is {', '.join(sorted(known))}"
    size, labels, gives = raw["size"], raw["labels"], raw.get("gives", "mask")
    sides = [size, size] if isinstance(size, int) else size
    columns = raw.get("columns", [*BOX])
    possible = {
        "model": isinstance(raw["model"], str) and raw["model"],
        "size": _all(sides, int, 2) and all(side in SIDES for side in sides),
        "labels": isinstance(labels, list)
        and all(map(_is_text, labels))
        and 0 < len({*labels}) == len(labels) < MOST_NAMES,
        **{key: raw.get(key, among[0]) in among for key, among in _WORDS.items()},
        **{key: _all(raw.get(key, [1.0] * 3), (int, float), 3) for key in ("mean", "deviation")},
        "threshold": isinstance(raw.get("threshold", 0.5), int | float),
        "columns": isinstance(columns, list) and {*columns} >= BOX and len({*columns}) == len(columns),
        "output": isinstance(raw.get("output", ""), str),
        "first": isinstance(raw.get("first", 0), int),
    }
    if wrong := next((name for name, good in possible.items() if not good), ""):
        return f"its {wrong} cannot be {str(raw.get(wrong))[:60]}"
    if 0 in raw.get("deviation", [1]):
        return "its deviation cannot be 0"
    if gives == "mask" and len(labels) != 1:
        return f"a mask is of one label, not of {len(labels)}"
    return ""


def _all(values: object, kind: Any, count: int) -> bool:  # noqa: ANN401 (a type, or several)
    return isinstance(values, list) and len(values) == count and all(isinstance(one, kind) for one in values)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()
