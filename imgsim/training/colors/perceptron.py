"""The networks that learn to name colours, and their export to ONNX."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from imgsim.colors.names import ColorNamer
from imgsim.errors import WeightsError
from imgsim.images.lab import TO_XYZ
from imgsim.models.onnx_file import write_onnx
from imgsim.models.tensors import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.models.header import Header

FEATURES = {"rgb": 3, "lab": 3, "lab+hue": 5}  # what a network sees, and how many values that is
TOLERANCE = 1e-4  # of a probability, between torch and ONNX Runtime
_FAINT = 10.0  # C*, below which a hue says little


class ToLab(torch.nn.Module):
    """Convert sRGB (N, 3), 0..255, to CIE 1976 L*a*b* (D65), as `imgsim.images.lab` does."""

    def __init__(self) -> None:
        super().__init__()
        self.to_xyz = torch.nn.Buffer(torch.tensor(TO_XYZ.T, dtype=torch.float32))

    def forward(self, colors: torch.Tensor) -> torch.Tensor:
        """Convert."""
        share = colors / 255
        linear = torch.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
        xyz = linear @ self.to_xyz
        knee = (6 / 29) ** 3
        x, y, z = torch.where(xyz > knee, xyz.clamp(min=knee) ** (1 / 3), xyz * (29 / 6) ** 2 / 3 + 4 / 29).unbind(1)
        return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def make_features(name: str, colors: torch.Tensor, lab: torch.Tensor) -> torch.Tensor:
    """Show colours as a network sees them.

    `colors` (N, 3), `lab` (N, 3); gives (N, FEATURES[name]).
    """
    if name == "rgb":
        return colors / 255
    seen = [lab[:, :1] / 50 - 1, lab[:, 1:] / 50]
    if name == "lab+hue":
        seen.append(lab[:, 1:] / (chroma_of(lab) + _FAINT))
    return torch.cat(seen, dim=1)


def build_perceptron(features: str, hidden: Sequence[int], names: int) -> torch.nn.Sequential:
    """Build a perceptron from features to a score for each name."""
    sizes = [FEATURES[features], *hidden]
    layers: list[torch.nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], names))


class BlackAndWhite(torch.nn.Module):
    """A rule that tells black and white, for names learned from rows that have neither.

    Notes
    -----
    In the ISCC-NBS system a neutral surface is black below Munsell value 2.5 and white above 8.5 (its colour name
    charts; between them are its three greys). These are L* 25.6 and 86.2 by the renotation of 1943, whose luminance is
    relative to magnesium oxide; to a perfect diffuser they are 25.3 and 85.3, which the scale below does not tell
    apart. All else is chosen: a colour is black below that L* and white above it, where each unit of C* above 7 counts
    as 1.5 of L* towards the middle; either border is a logistic curve of scale 2 L*, so what lies on it is half black;
    what remains is shared out among the other names as the network would have it. No one was asked.

    References
    ----------
    K. L. Kelly, D. B. Judd, "Color: Universal Language and Dictionary of Names", NBS Special Publication 440, 1976.
    S. M. Newhall, D. Nickerson, D. B. Judd, "Final Report of the O.S.A. Subcommittee on the Spacing of the Munsell
    Colors", Journal of the Optical Society of America 33(7), 1943 (Munsell value to luminance).
    """

    black_below, white_above, free_chroma, price, scale = 25.6, 86.2, 7.0, 1.5, 2.0

    def forward(self, lab: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
        """Append the probabilities of black and white, (N, names + 2), to those of other names, (N, names)."""
        lightness, fine = lab[:, :1], self.price * (chroma_of(lab) - self.free_chroma).clamp(min=0)
        black = ((self.black_below - lightness - fine) / self.scale).sigmoid()
        white = ((lightness - fine - self.white_above) / self.scale).sigmoid()
        return torch.cat([others * (1 - black - white).clamp(min=0), black, white], dim=1)


class NamingModel(torch.nn.Module):
    """What is exported: a perceptron, its temperature, and the rule for black and white where it is wanted."""

    def __init__(
        self, features: str, perceptron: torch.nn.Module, temperature: float, *, black_and_white: bool
    ) -> None:
        super().__init__()
        self.features = features
        self.to_lab = ToLab()
        self.perceptron = perceptron
        self.temperature = temperature
        self.rule = BlackAndWhite() if black_and_white else None

    def forward(self, colors: torch.Tensor) -> torch.Tensor:
        """Give the probabilities of names for colours (N, 3), 0..255."""
        lab = self.to_lab(colors)
        scores = self.perceptron(make_features(self.features, colors, lab))
        learned = (scores / self.temperature).softmax(dim=1)
        return learned if self.rule is None else self.rule(lab, learned)  # type: ignore[no-any-return]


def chroma_of(lab: torch.Tensor) -> torch.Tensor:
    """Measure the distance from grey, C*, (N, 1), of L*a*b* colours (N, 3)."""
    return (lab[:, 1:2] ** 2 + lab[:, 2:3] ** 2).sqrt()


def export_namer(model: NamingModel, header: Header) -> bytes:
    """Export a naming model to ONNX, and make sure that ONNX Runtime answers as torch does."""
    steps = np.array([0, 10, 11, 64, 128, 250, 255], np.float32)  # 10 and 11: sRGB's curve has its knee between
    colors = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    with torch.inference_mode():
        expected = model.eval()(torch.from_numpy(colors)).numpy()
    data = write_onnx(model, torch.from_numpy(colors), header, {0: "n"}, "colour names")
    worst = float(np.abs(ColorNamer(data).probabilities(colors) - expected).max())
    if not worst < TOLERANCE:
        raise WeightsError(f"colour names: ONNX Runtime departs from torch by {worst:.1e}, more than {TOLERANCE:g}")
    return data
