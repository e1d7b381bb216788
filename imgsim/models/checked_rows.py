"""Model files of rows, held against the network of torch's that they were written from, before they are given out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import WeightsError
from imgsim.models.onnx_file import write_onnx
from imgsim.models.session import Session
from imgsim.models.tensors import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgsim.models.header import Header

TOLERANCE = 1e-4  # of a value of a row, a probability or one of a row of length 1, between torch and ONNX Runtime


def write_checked(network: torch.nn.Module, header: Header, *, any_size: bool, what: str, of: str = "") -> bytes:
    """Write a network, from normalised images (N, 3, h, w) to rows (N, D); WeightsError where these depart.

    `what` it is, and `of` which network, are for errors; `any_size`: it takes other images than its header's squares.
    """
    side = header.preprocessing.crop
    axes = {0: "n", 2: "h", 3: "w"} if any_size else {0: "n"}
    data = write_onnx(network, torch.from_numpy(_noise(side, side)), header, axes, f"{what}{of}")
    session = Session(data, "cpu", header.kind, threads=1)
    sides = [(side, side), (side + 31, side + 64)] if any_size else [(side, side)]
    for height, width in sides:
        images = _noise(height, width)
        with torch.inference_mode():
            expected = network(torch.from_numpy(images)).numpy()
        worst = float(np.abs(session.run(images) - expected).max())
        if not worst < TOLERANCE:
            raise WeightsError(f"{what}: ONNX Runtime departs from torch by {worst:.1e}, more than {TOLERANCE:g}")
    return data


def _noise(height: int, width: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((2, 3, height, width), np.float32)
