"""Processes that train one network together, each with a share of every batch, as `torchrun` starts them."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from imgsim.errors import ParameterError
from imgsim.models.vision import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

T = TypeVar("T")
RANK, SIZE, LOCAL_RANK, LOCAL_SIZE = (
    "RANK",
    "WORLD_SIZE",
    "LOCAL_RANK",
    "LOCAL_WORLD_SIZE",
)  # what torchrun tells each process
PATIENCE = timedelta(hours=12)  # that the others have while the first judges: torchrun ends them all if one ends


class ProcessTeam(NamedTuple):
    """Which of how many processes this is: the first judges and writes."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process judges and writes."""
        return self.rank == 0

    def share(self, places: NDArray[np.intp]) -> NDArray[np.intp]:
        """Give the places, of those in a batch, that are this process's; one that is not, where there are too few."""
        own = np.arange(len(places))[self.rank :: self.size]
        return own if len(own) else np.zeros(1, np.intp)

    def gather(self, own: torch.Tensor, count: int) -> torch.Tensor:
        """Give the rows (count, D) of a whole batch, of each process's share of them; gradients flow to one's own."""
        if self.size == 1:
            return own
        mine = range(self.rank, count, self.size)
        sent = own.new_zeros(-(-count // self.size), own.shape[1])
        sent[: len(mine)] = own.detach()[: len(mine)]
        received = [torch.empty_like(sent) for _ in range(self.size)]
        torch.distributed.all_gather(received, sent)
        whole = own.new_empty(count, own.shape[1])
        for rank, rows in enumerate(received):
            whole[rank :: self.size] = rows[: len(range(rank, count, self.size))]
        return whole.index_copy(0, torch.tensor(mine, device=own.device), own[: len(mine)]) + 0 * own.sum()

    def add_up(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Add up the gradients of all processes: each has those by its own rows."""
        learning = [one for one in parameters if one.requires_grad] if self.size > 1 else []
        if not learning:
            return
        gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in learning]
        flat = torch.cat([one.flatten() for one in gradients])
        torch.distributed.all_reduce(flat)
        for one, given, added in zip(learning, gradients, flat.split([one.numel() for one in learning]), strict=True):
            one.grad = given.copy_(added.view(one.shape))

    def told(self, make: Callable[[], T]) -> T:
        """Let the first process make something, and tell it to all."""
        if self.size == 1:
            return make()
        box = [make() if self.first else None]
        torch.distributed.broadcast_object_list(box, src=0)
        return box[0]  # type: ignore[return-value]  # the first process's

    def spread(self, network: torch.nn.Module) -> None:
        """Let the network of all begin as that of the first."""
        if self.size > 1:
            for one in network.parameters():
                sent = one.detach().contiguous()
                torch.distributed.broadcast(sent, src=0)
                one.data.copy_(sent)

    def part(self) -> None:
        """Wait until all are done, and part."""
        if self.size > 1:
            torch.distributed.barrier()
            torch.distributed.destroy_process_group()


ALONE = ProcessTeam()


def team_size() -> int:
    """Tell how many processes torchrun started; 1 without it."""
    return int(os.environ.get(SIZE, "1")) if RANK in os.environ else 1


def processors_each(count: int) -> int:
    """Tell how many of this machine's processors each of its processes may use."""
    return max(1, count // int(os.environ.get(LOCAL_SIZE, "1"))) if team_size() > 1 else count


def refuse_team(what: str) -> None:
    """Raise ParameterError where torchrun started several processes for what one does."""
    if (size := team_size()) > 1:
        raise ParameterError(f"{what} is done by one process, not by {size}: run it without torchrun")


def join_team(device: torch.device) -> tuple[ProcessTeam, torch.device]:
    """Meet the other processes that torchrun started, if any, and tell which GPU is this one's."""
    if team_size() == 1:
        return ALONE, device
    distributed = torch.distributed
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ[LOCAL_RANK]))
        torch.cuda.set_device(device)
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    return ProcessTeam(distributed.get_rank(), distributed.get_world_size()), device
