"""Which part of a network a model is."""

from __future__ import annotations

from dataclasses import dataclass

from imgsim.models.architectures import ARCHITECTURES
from imgsim.models.cache import FINAL, SHOWN_DIGITS, find_models, models_directory


@dataclass(frozen=True)
class Cut:
    """Which part of a network, padded how.

    Examples
    --------
    >>> Cut("resnet50", "layer3").importing
    '`imgsim models import FILE --architecture resnet50 --layer layer3`'
    """

    architecture: str
    layer: str = ""
    padding: str = "torch"

    def __post_init__(self) -> None:
        if self.layer == FINAL:
            object.__setattr__(self, "layer", "")

    @property
    def importing(self) -> str:
        """The command that imports it from a weight file."""
        layer = f" --layer {self.layer}" if self.layer else ""
        padding = f" --padding {self.padding}" if self.padding != "torch" else ""
        return f"`imgsim models import FILE --architecture {self.architecture}{layer}{padding}`"


def missing_model(cut: Cut, weights: str = "") -> str:
    """Say in one line which model is missing, and how it comes here."""
    padding = "" if cut.padding == "torch" else cut.padding
    wanted = {"weights": weights, "padding": padding, "layer": cut.layer}
    described = ", ".join(f"{key} {value}" for key, value in wanted.items() if value)
    there = f"no {cut.architecture} model{f' with {described}' if described else ''} in {models_directory()}"
    known = ARCHITECTURES.get(cut.architecture)
    if weights and not (known and known.publishes(weights)):
        others = find_models(cut.architecture, padding=cut.padding, layer=cut.layer)
        here = f", but with weights {', '.join(other.weights[:SHOWN_DIGITS] for other in others)}" if others else ""
        return f"{there}{here}: {cut.importing} takes the file that those weights are in; or index by another model"
    pull = "" if cut.layer or padding else f"`imgsim models pull {cut.architecture}`, or "
    source = f"{pull}download {known.url} ({known.megabytes:.1f} MB) and " if known else pull
    return f"{there}: {source}{cut.importing}"
