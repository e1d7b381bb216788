"""How colour-name networks are trained: the reference's way, and the candidates for a better one."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Recipe(NamedTuple):
    """How to train a colour-name network.

    Parameters
    ----------
    features : {"rgb", "lab", "lab+hue"}
        What it sees, as for `imgsim.training.colors.perceptron.ColorNetwork`.
    hidden : tuple of int
        Units of each hidden layer.
    epochs : int
        Times that all rows are seen.
    batch : int
        Rows a step.
    learning_rate : float
        Of Adam, at its highest.
    schedule : {"constant", "one-cycle"}
        How the learning rate goes.
    weight_decay : float
        Decoupled, as in AdamW.
    calibrated : bool
        Whether a temperature is fitted, on rows of contributors who were not learned from.
    knows_black_and_white : bool
        Whether those two names are added by rule.

    References
    ----------
    D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
    I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
    L. N. Smith, N. Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2017.
    """

    features: Literal["rgb", "lab", "lab+hue"]
    hidden: tuple[int, ...]
    epochs: int = 40
    batch: int = 128
    learning_rate: float = 0.01
    schedule: Literal["constant", "one-cycle"] = "one-cycle"
    weight_decay: float = 0.1
    calibrated: bool = True
    knows_black_and_white: bool = True

    def __str__(self) -> str:
        return f"{self.features}-{'-'.join(map(str, self.hidden))}"


REFERENCE = Recipe("rgb", (64,), 15, 32, 0.001, "constant", 0.0, calibrated=False, knows_black_and_white=False)
CHOSEN = Recipe("lab+hue", (64, 64))  # by cross-validation over contributors, as its model card shows
ARCHITECTURES = {"lab": CHOSEN, "rgb": REFERENCE}
CANDIDATES = (
    Recipe("rgb", (64, 64)),
    Recipe("lab", (32,)),
    Recipe("lab", (64,)),
    Recipe("lab", (32, 32)),
    Recipe("lab", (64, 64)),
    Recipe("lab", (128, 128)),
    Recipe("lab+hue", (32, 32)),
    Recipe("lab+hue", (64, 64)),
)
