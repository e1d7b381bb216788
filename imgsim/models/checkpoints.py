"""Weight files: read without running what is in them, and fitted strictly to their network."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

from imgsim.errors import MissingDependencyError, WeightsError
from imgsim.models.vision import torch

if TYPE_CHECKING:
    from torch import Tensor, nn


def read_state_dict(path: str) -> dict[str, Tensor]:
    """Read a state dict, and nothing that could be code."""
    state: Any = _read_safetensors(path) if path.endswith(".safetensors") else _read_pickle(path)
    if isinstance(state, dict):
        state = state.get("state_dict", state)
    items = state.items() if isinstance(state, dict) else ()
    if not items or not all(isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in items):
        raise WeightsError(f"{path}: no state dict, which maps parameter names to tensors")
    if odd := [key for key, value in items if not _is_dense(value)]:
        raise WeightsError(f"{path}: {odd[0]} is not a dense tensor of real numbers")
    return {key: value.float() if value.is_floating_point() else value for key, value in items}


def _is_dense(tensor: Tensor) -> bool:
    """Tell whether a tensor is of the kind that networks hold; a meta tensor has no values."""
    strided = tensor.layout is torch.strided and not tensor.is_nested and not tensor.is_quantized
    return strided and tensor.device.type == "cpu" and not tensor.is_complex()


def _read_pickle(path: str) -> Any:  # noqa: ANN401 (whatever is in the file)
    import pickle

    if record := _damaged_record(path):
        raise WeightsError(f"{path}: damaged at {record}: copy or download it again")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damage: it is told below
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "unsupported global" in str(error).lower():
            raise WeightsError(f"{path}: holds code, not only weights, and was not opened") from error
        raise WeightsError(f"{path}: not a weight file, or a damaged one") from error
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror or error}") from error
    except Exception as error:  # damage surfaces as almost anything
        raise WeightsError(f"{path}: truncated, or not a weight file") from error


def _damaged_record(path: str) -> str | None:
    """Compare a zip file's content with its checksums, which torch does not: 30 ms for 100 MB."""
    import zipfile

    try:
        if not zipfile.is_zipfile(path):  # an older weight file, or one of which torch tells what is wrong
            return None
        with zipfile.ZipFile(path) as archive:
            # torch can be told to compute none: all are zero then.
            return archive.testzip() if any(record.CRC for record in archive.infolist()) else None
    except Exception as error:  # damage surfaces as almost anything
        raise WeightsError(f"{path}: truncated, or not a weight file") from error


def _read_safetensors(path: str) -> dict[str, Tensor]:
    try:
        from safetensors.torch import load_file
    except ImportError as error:
        raise MissingDependencyError("safetensors", "timm") from error
    from safetensors import SafetensorError

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path}: truncated, or not a safetensors file") from error


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
    problems = [
        f"{len(names)} {what} ({', '.join(names[:2])}{', ...' if len(names) > 2 else ''})"
        for what, names in (("missing", missing), ("unexpected", unexpected), ("of another shape", reshaped))
        if names
    ]
    if problems:
        name = os.path.basename(path)
        raise WeightsError(f"{name}: not the weights of {architecture}: {'; '.join(problems)}")
    network.load_state_dict(state, strict=False)
