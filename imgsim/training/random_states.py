"""Random states that follow from a run's seed and from where it stands: nothing of them need be kept to go on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from imgsim.models.tensors import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


def number_of(*state: int) -> int:
    """Mix whole numbers, 0 or more, into one of 63 bits."""
    return int(np.random.SeedSequence(state).generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator_of(*state: int) -> torch.Generator:
    """Give a generator of torch's, on the CPU."""
    return torch.Generator().manual_seed(number_of(*state))


@contextmanager
def seeded(*state: int) -> Iterator[None]:
    """Let torch's own random state be this one, and afterwards what it was."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(number_of(*state))
        yield
