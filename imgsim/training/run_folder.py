"""A run's folder beside its model: every file in it is whole, whenever the run is killed."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.errors import ImgsimError, WeightsError
from imgsim.files import replace_file
from imgsim.models.header import EMBEDDINGS, read_header
from imgsim.models.tensors import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class RunError(ImgsimError):
    """A run's folder that cannot be written or read, or one that is there already."""


class RunFolder(NamedTuple):
    """Where a run keeps what it was told, what it did, and where it stands."""

    path: str

    @classmethod
    def of(cls, model: str, *kinds: str) -> RunFolder:
        """Name the folder of a model's run: MODEL.run beside MODEL.onnx, which is no file of other than these kinds."""
        if os.path.lexists(model):
            try:
                read_header(model, *(kinds or EMBEDDINGS))
            except WeightsError as error:
                raise RunError(f"{model}: there already, and no model that was learned here") from error
        return cls(f"{os.path.splitext(model)[0]}.run")

    def file(self, name: str) -> str:
        """Give the path of a file in it."""
        return os.path.join(self.path, name)

    @property
    def config(self) -> str:
        """What the run was told."""
        return self.file("config.toml")

    @property
    def splits(self) -> str:
        """Which photos are in which part."""
        return self.file("splits.csv")

    @property
    def metrics(self) -> str:
        """What the trained network came to; there once the run is over."""
        return self.file("metrics.json")

    @property
    def curves(self) -> str:
        """The picture of its log."""
        return self.file("curves.png")

    @property
    def checkpoint(self) -> str:
        """Where it stands."""
        return self.file("checkpoint.pt")

    def check_new(self) -> None:
        """Raise RunError where a run is in the folder."""
        if os.path.exists(self.config):
            raise RunError(f"{self.path}: a run is in it already", remedy="resume-run")

    def check_standing(self) -> None:
        """Raise RunError where no run is in the folder."""
        if not os.path.exists(self.config):
            raise RunError(f"{self.path}: no run is in it to go on with", remedy="begin-run")

    def make(self) -> None:
        """Make the folder."""
        try:
            os.makedirs(self.path, exist_ok=True)
        except OSError as error:
            raise RunError(f"{self.path}: cannot be made ({error.strerror})") from error

    def write(self, path: str, data: bytes) -> None:
        """Write a file whole; RunError where that fails, and what stood there stands."""
        try:
            replace_file(path, data)
        except OSError as error:
            there = ": what it held before stands" if os.path.exists(path) else ""
            raise RunError(f"{path}: cannot be written ({error.strerror}){there}") from error

    def write_rows(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows, where there are any, as a file of a name."""
        if rows:
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            self.write(self.file(name), text.getvalue().encode("utf-8", "surrogateescape"))

    def write_log(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write what each epoch came to."""
        self.write_rows("log.csv", rows)

    def write_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Write what the trained network came to."""
        self.write(self.metrics, json.dumps(metrics, indent=1).encode() + b"\n")

    def save(self, state: Mapping[str, Any]) -> None:
        """Write the checkpoint."""
        buffer = io.BytesIO()
        torch.save(dict(state), buffer)
        self.write(self.checkpoint, buffer.getvalue())

    def load(self) -> dict[str, Any] | None:
        """Read the checkpoint; None where the run was killed before the first."""
        if not os.path.exists(self.checkpoint):
            return None
        try:
            data = Path(self.checkpoint).read_bytes()
            state: dict[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        except OSError as error:
            raise RunError(f"{self.checkpoint}: {error.strerror}") from error
        except Exception as error:  # damage surfaces as almost anything
            raise WeightsError(f"{self.checkpoint}: not a checkpoint, or a damaged one: begin the run anew") from error
        return state


class UnwrittenFolder(RunFolder):
    """A run's folder that another process writes."""

    def make(self) -> None:
        """Leave that to the other."""

    def write(self, path: str, data: bytes) -> None:
        """Leave that to the other."""
