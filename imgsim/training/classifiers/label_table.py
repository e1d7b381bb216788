"""What a sweep of classifiers came to: log loss, top 1, top 3 and macro F1 over seeds, and what validated best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.evaluation.intervals import Estimate
from imgsim.evaluation.label_figures import NAMES
from imgsim.training.classifiers.label_outcome import JUDGED, PROBE, TRAINED
from imgsim.training.run_recipe import FALLING
from imgsim.training.sweep import FIGURE, TOP_1, TOP_3
from imgsim.training.sweep_runs import estimate_mean, find_published, of_part, over_seeds, rounded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.training.sweep_runs import Done

PUBLISHED = {"log-loss": FIGURE, "top-1": TOP_1, "top-3": TOP_3}
HIGHEST = {name: np.inf if name in FALLING else 1.0 for name in NAMES}


def tabulate_labels(done: Sequence[Done], published: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put together, for each combination of options, what its seeds came to: a row for each part.

    `chosen` marks those of the best figure that chose their epochs, over the photos that validated alone.
    """
    groups = list(over_seeds(done))
    best = max((_validated(members) for _, members in groups), default=np.nan)
    rows = []
    for told, members in groups:
        theirs = find_published(members[0][0], published)
        others = {f"published_{name}": theirs.get(key) for name, key in PUBLISHED.items()} if published else {}
        chosen = "yes" if _validated(members) == best else "no"
        for part in JUDGED:
            seeds = [of_part(metrics, part) for _, metrics in members]
            if all(seeds):
                rows.append({**told, "chosen": chosen, "part": part, **_figures(seeds), **others})
    return rows


def _validated(members: Sequence[Done]) -> float:
    """Tell how good runs are by their validation photos, more being better; NaN where none validate."""
    judged = [of_part(metrics, JUDGED[0]).get(TRAINED) for _, metrics in members]
    known = [run.recipe.judged(row) for (run, _), row in zip(members, judged, strict=True) if row]
    return float(np.mean(known)) if known else np.nan


def _figures(seeds: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    told: dict[str, Any] = {"seeds": len(seeds)}
    for name in NAMES:
        estimate = _estimate(name, [seed[TRAINED] for seed in seeds])
        ends = {"": estimate.value, "_low": estimate.low, "_high": estimate.high}
        told |= {f"{name}{end}": rounded(value) for end, value in ends.items()}
    probes = [seed[PROBE]["top-1"] for seed in seeds if PROBE in seed]
    return told | {f"{PROBE}_top-1": rounded(np.mean(probes)) if probes else None}


def _estimate(name: str, rows: Sequence[Mapping[str, Any]]) -> Estimate:
    """Estimate a figure over seeds; of one seed its own interval stands, which is over photos."""
    if len(rows) == 1:
        return Estimate(*(rows[0][f"{name}{end}"] for end in ("", "_low", "_high")))
    mean = estimate_mean(np.array([row[name] for row in rows], np.float64))
    low, high = (np.clip(end, 0.0, HIGHEST[name]) for end in (mean.low, mean.high))
    return Estimate(mean.value, float(low), float(high))
