"""The logarithms of sums of exponentials that losses are made of, of some of the values only."""

from __future__ import annotations

from imgsim.models.tensors import torch


def log_of_one_and_sum(values: torch.Tensor, kept: torch.Tensor, dim: int) -> torch.Tensor:
    """Compute ``log(1 + sum(exp(values)))`` over the values that are kept, along a dimension: 0 where none is."""
    masked = values.masked_fill(~kept, -torch.inf)
    one = torch.zeros_like(masked.sum(dim, keepdim=True))
    return torch.cat([one, masked], dim).logsumexp(dim)
