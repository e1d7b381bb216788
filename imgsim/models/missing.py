"""What to do where a model is not in the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.models.architectures import ARCHITECTURES
from imgsim.models.cache import SHOWN_DIGITS, find_models, models_directory

if TYPE_CHECKING:
    from imgsim.models.cut import Cut


def missing_model(cut: Cut, weights: str = "") -> str:
    """Say in one line which model is missing, and how it comes here.

    Parameters
    ----------
    cut : Cut
        What is asked for.
    weights : str, optional
        Start of the weights' SHA-256, where certain weights are asked for.

    Returns
    -------
    str
        Which model, from where, how large, and the command that takes it.
    """
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
