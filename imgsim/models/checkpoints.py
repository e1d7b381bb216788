"""Weight files: read without running what is in them, and fitted strictly to their network."""

from __future__ import annotations

import os
import re
import warnings
from typing import TYPE_CHECKING, Any

from imgsim.errors import MissingDependencyError, WeightsError
from imgsim.models.checkpoint_forms import unwrap
from imgsim.models.vision import torch

if TYPE_CHECKING:
    from torch import Tensor, nn


_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")  # as torch names what it would not import


def read_checkpoint(path: str) -> tuple[dict[str, Tensor], list[str]]:
    """Read a state dict, and nothing that could be code, and name what the file holds beside it."""
    state: Any = _read_safetensors(path) if path.endswith(".safetensors") else _read_pickle(path)
    state, beside = unwrap(state, path)
    items = state.items() if isinstance(state, dict) else ()
    if not items or not all(isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in items):
        raise WeightsError(f"{path}: no state dict, which maps parameter names to tensors")
    if odd := [key for key, value in items if not _is_dense(value)]:
        raise WeightsError(f"{path}: {odd[0]} is not a dense tensor of real numbers")
    return dict(items), beside


def _is_dense(tensor: Tensor) -> bool:
    """Tell whether a tensor is of the kind that networks hold; a meta tensor has no values."""
    strided = tensor.layout is torch.strided and not tensor.is_nested and not tensor.is_quantized
    return strided and tensor.device.type == "cpu" and not tensor.is_complex()


def _read_pickle(path: str) -> Any:  # noqa: ANN401 (whatever is in the file)
    import pickle

    _check_records(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damage: it is told below
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "unsupported global" in str(error).lower():
            named = _GLOBAL.search(str(error))
            code = f"code{f' ({named[1]})' if named else ''}"
            raise WeightsError(f"{path}: holds {code}, not only weights, and was not opened") from error
        raise WeightsError(f"{path}: not a weight file, or a damaged one") from error
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror or error}") from error
    except Exception as error:  # damage surfaces as almost anything
        raise _explained(path, error, "truncated, or not a weight file") from error


def _check_records(path: str) -> None:
    """Compare a zip file's content with its checksums, which torch does not, and its size: 30 ms for 100 MB."""
    import zipfile

    try:
        if not zipfile.is_zipfile(path):  # an older weight file, or one of which torch tells what is wrong
            return
        with zipfile.ZipFile(path) as archive:
            records = archive.infolist()
            holds_more = sum(record.file_size for record in records) > os.path.getsize(path)
            # torch can be told to compute no checksums: all are zero then.
            damaged = None if holds_more or not any(record.CRC for record in records) else archive.testzip()
    except Exception as error:  # damage surfaces as almost anything
        raise _explained(path, error, "truncated, or not a weight file") from error
    if holds_more:  # torch compresses nothing, and keeps nothing twice
        raise WeightsError(f"{path}: would unpack to more than its own size, which no weight file does")
    if damaged:
        raise WeightsError(f"{path}: damaged at {damaged}: copy or download it again")


def _explained(path: str, error: Exception, told: str) -> Exception:
    """Say what is wrong with a file, unless it is that memory came to an end."""
    lacks = isinstance(error, MemoryError) or "allocate memory" in str(error)
    return MemoryError() if lacks else WeightsError(f"{path}: {told}")


def _read_safetensors(path: str) -> dict[str, Tensor]:
    try:
        from safetensors.torch import load_file
    except ImportError as error:
        raise MissingDependencyError("safetensors", "timm") from error

    try:
        return load_file(path)
    except Exception as error:  # it raises also what torch does, of kinds of numbers that torch has not
        raise _explained(path, error, "truncated, or not a safetensors file") from error


def load_strictly(network: nn.Module, state: dict[str, Tensor], *, path: str, architecture: str) -> None:
    """Load weights into a network, all of them and no others."""
    wanted = network.state_dict()
    # Counters that batch normalisation keeps while training: old files lack them.
    missing = [key for key in wanted if key not in state and not key.endswith("num_batches_tracked")]
    unexpected = [key for key in state if key not in wanted]
    reshaped = [
        f"{key} {tuple(state[key].shape)} instead of {tuple(tensor.shape)}"
        for key, tensor in wanted.items()
        if key in state and state[key].shape != tensor.shape
    ]
    whole = [
        key
        for key, tensor in wanted.items()
        if key in state and tensor.is_floating_point() and not state[key].is_floating_point()
    ]
    problems = [
        f"{len(names)} {what} ({', '.join(names[:2])}{', ...' if len(names) > 2 else ''})"
        for what, names in (
            ("missing", missing),
            ("unexpected", unexpected),
            ("of another shape", reshaped),
            ("of whole numbers", whole),
        )
        if names
    ]
    if problems:
        name = os.path.basename(path)
        raise WeightsError(f"{name}: not the weights of {architecture}: {'; '.join(problems)}")
    network.load_state_dict(state, strict=False)
