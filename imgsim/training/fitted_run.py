"""The folder beside a fitted model that says how it was learned, and what may be written over."""

from __future__ import annotations

import csv
import io
import json
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.errors import ImgsimError, WeightsError
from imgsim.files import replace_file
from imgsim.models.header import read_header

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONFIG, METRICS, FOLDS_FILE = "config.toml", "metrics.json", "cross_validation.csv"


class FittedRun(NamedTuple):
    """A model file, and the folder of its run: MODEL.run beside MODEL.onnx.

    `kind` is of the run, in its configuration; `title` is what it is a run of, and `models` of which kinds its model.
    """

    model: str
    kind: str
    title: str
    models: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where the run is kept."""
        return f"{os.path.splitext(self.model)[0]}.run"

    def check(self) -> None:
        """Make sure, before any work, that nothing is written over but a learned model and such a run."""
        if os.path.lexists(self.model):
            try:
                read_header(self.model, *self.models)
            except WeightsError as error:
                raise ImgsimError(f"{self.model}: there already, and no model that was learned here") from error
        if os.path.lexists(self.folder) and not self._is_ours():
            raise ImgsimError(f"{self.folder}: there already, and not the run of {self.title}")

    def _is_ours(self) -> bool:
        if not os.path.isdir(self.folder):
            return False
        if not os.listdir(self.folder):
            return True
        try:
            return bool(tomllib.loads(Path(self.folder, CONFIG).read_text("utf-8")).get("kind") == self.kind)
        except (OSError, ValueError):
            return False

    def write(
        self, data: bytes, config: Mapping[str, Any], metrics: Mapping[str, Any], files: Mapping[str, bytes]
    ) -> None:
        """Write the run, with further files, then the model, each file whole."""
        told = {CONFIG: to_toml({"kind": self.kind, **config}), METRICS: json.dumps(metrics, indent=1) + "\n"}
        written = {**{name: text.encode() for name, text in told.items()}, **files}
        try:
            os.makedirs(self.folder, exist_ok=True)
            for name, content in written.items():
                replace_file(os.path.join(self.folder, name), content)
            replace_file(self.model, data)
        except OSError as error:
            raise ImgsimError(f"{error.filename or self.model}: cannot be written ({error.strerror})") from error


def to_toml(values: Mapping[str, Any]) -> str:
    r"""Write a flat table; what is None is left out.

    Examples
    --------
    >>> print(to_toml({"name": 'a "b"', "all": ("c",), "count": 3, "share": 0.5, "yes": True, "none": None}), end="")
    name = "a \"b\""
    all = ["c"]
    count = 3
    share = 0.5
    yes = true
    """
    return "".join(f"{key} = {_to_value(value)}\n" for key, value in values.items() if value is not None)


def _to_value(value: float | str | Sequence[str]) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_to_value, value))}]"
    if not isinstance(value, str):
        return json.dumps(value)
    printable = value.encode("utf-8", "backslashreplace").decode()  # a path's undecodable bytes are no text of TOML's
    return json.dumps(printable, ensure_ascii=False).replace("\x7f", "\\u007f")


def to_csv(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> bytes:
    """Write rows that have these columns as CSV."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "surrogateescape")
