"""What a sweep of embeddings came to: recall@1 or the accuracy of triplets, beside pooled rows and a linear map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.training.embeddings.outcome import MAPPED, POOLED, TRAINED
from imgsim.training.sweep import F1, FIGURE, SPLIT
from imgsim.training.sweep_runs import estimate_mean, find_published, of_part, over_seeds, rounded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.training.sweep import SweepRun
    from imgsim.training.sweep_runs import Done

SCORED = "accuracy"  # of triplets
FIGURES = {"recall@1": ("map@r",), SCORED: ("f1_of_true", "spearman")}  # what is estimated, and what stands beside it
PARTS = ("validation", "test")


def tabulate_embeddings(done: Sequence[Done], published: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put together, for each combination of options, what its seeds came to: a row for each part."""
    rows = []
    for told, members in over_seeds(done):
        recipe: Any = members[0][0].recipe
        for part in PARTS:
            seeds = [of_part(metrics, part) for _, metrics in members]
            if all(seeds):
                others = _published(members[0][0], published)
                rows.append({**told, SPLIT: recipe.split, "part": part, **_figures(seeds), **others})
    return rows


def _figures(seeds: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    main, others = next(figures for figures in FIGURES.items() if figures[0] in seeds[0][TRAINED])

    def values(rows: str, figure: str = main) -> NDArray[np.float64]:
        return np.array([seed[rows][figure] for seed in seeds if rows in seed], np.float64)

    recall, gain = estimate_mean(values(TRAINED)), estimate_mean(values(TRAINED) - values(POOLED))
    mapped = values(MAPPED)
    told = {
        main: recall.value,
        "low": np.maximum(recall.low, 0.0),  # Student's interval knows no bounds
        "high": np.minimum(recall.high, 1.0),
        **{name: values(TRAINED, name).mean() for name in others},
        "pooled": values(POOLED).mean(),
        **({} if main == SCORED else {"linear": mapped.mean() if len(mapped) else np.nan}),
        "gain": gain.value,
        "gain_low": gain.low,
        "gain_high": gain.high,
    }
    return {"seeds": len(seeds), **{key: rounded(value) for key, value in told.items()}}


def _published(run: SweepRun, published: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Find the published figure of a run's options, if there is one, and F1 with it, or by which split it is."""
    row, recipe = find_published(run, published), run.recipe
    beside = {"published_f1": row.get(F1)} if recipe.as_fields()["widths"] else {"published_split": row.get(SPLIT)}
    return {"published": row.get(FIGURE), **beside}
