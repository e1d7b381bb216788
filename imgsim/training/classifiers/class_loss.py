"""Cross-entropy, with classes that weigh differently, and labels that are not quite sure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.models.tensors import torch
from imgsim.training.run_loss import RunLoss

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ClassLoss(RunLoss):
    """The cross-entropy of logits (B, C) by classes (B,).

    Parameters
    ----------
    smoothing : float
        The share of each label that goes to all classes alike.
    weights : ndarray of float, shape (C,), optional
        What a photo of each class counts; the mean over a batch is by these.

    References
    ----------
    C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna, "Rethinking the Inception Architecture for Computer
    Vision", CVPR 2016, section 7 (label smoothing).
    """

    def __init__(self, *, smoothing: float = 0.0, weights: NDArray[np.float64] | None = None) -> None:
        super().__init__()
        self._smoothing = smoothing
        told = None if weights is None else torch.from_numpy(weights.astype(np.float32))
        self.register_buffer("weights", told, persistent=False)

    def forward(self, logits: torch.Tensor, labels: torch.Tensor, chosen: None = None) -> torch.Tensor:
        """Give the loss: a scalar."""
        del chosen
        weights: torch.Tensor | None = self.weights  # type: ignore[assignment]
        return torch.nn.functional.cross_entropy(logits, labels, weights, label_smoothing=self._smoothing)


def balanced_weights(counts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Weigh classes, of counts (C,), so that all count alike together, and a photo 1 on average.

    Examples
    --------
    >>> balanced_weights(np.array([1, 3])).round(3).tolist()
    [2.0, 0.667]
    """
    weights: NDArray[np.float64] = counts.sum() / (len(counts) * counts.astype(np.float64))
    return weights
