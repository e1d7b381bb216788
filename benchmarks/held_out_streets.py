"""How well networks trained on some cities' scores tell near from far in a city that they never saw.

Run by `python -m benchmarks.held_out_streets RUNS PHOTOS`, RUNS being the folder of `imgsim train sweep
benchmarks/streets.toml`. Beside each are the pooled rows before training and Haralick's features, on the same photos by
the same widths.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.arrays import distances
from imgsim.evaluation.intervals import Estimate, bootstrap
from imgsim.evaluation.triplet_decisions import find_partners, wrong_share
from imgsim.training.embeddings.scored_photos import widths_for
from imgsim.training.split_file import read_splits
from imgsim.training.sweep import read_sweep
from imgsim.training.sweep_runs import estimate_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIG = Path(__file__).with_name("streets.toml")
TRAINED, POOLED, HARALICK = "embedding", "pooled", "haralick"


def judge_haralick(folder: str, photos: Path, widths: str, seed: int) -> Estimate:
    """Judge Haralick's features on a run's test photos, with the bootstrap that the run's own figures have."""
    split = read_splits(str(Path(folder) / "splits.csv"))
    places, found = split.asked("test"), widths_for(widths, split)
    assert found is not None
    scores, apart = split.scores[places], distances([photos / split.paths[one] for one in places], extractors=HARALICK)
    right = []
    for place in range(len(scores)):
        near, far = find_partners(scores, place, found)
        wrong, pairs = wrong_share(apart[place, near], apart[place, far])
        right += [1 - wrong] if pairs else []
    return bootstrap(np.array(right), seed=seed)


def spell(estimate: Estimate, sign: str = "") -> str:
    """Write a figure with its interval."""
    low, high = (f"{value:{sign}.3f}" for value in (estimate.low, estimate.high))
    return f"{estimate.value:{sign}.3f} ({low} to {high})"


def read_outcomes(folder: Path) -> dict[str, dict[str, Any]]:
    """Read what a run's test photos came to, by whose rows."""
    outcomes = json.loads((folder / "metrics.json").read_bytes())["outcomes"]
    return {row["rows"]: row for row in outcomes if row["part"] == "test"}


def spell_means(case: str, of: Sequence[dict[str, dict[str, Any]]]) -> str:
    """Write the means over cities, with Student's intervals."""
    values = {rows: np.array([city[rows]["accuracy"] for city in of]) for rows in (TRAINED, POOLED)}
    trained, above = estimate_mean(values[TRAINED]), estimate_mean(values[TRAINED] - values[POOLED])
    return f"{case}, over cities: accuracy {spell(trained)}, above pooled {spell(above, '+')}"


def main(runs: str, photos: str) -> None:
    """Write a row for each case and held-out city, then the means over cities."""
    print("| loss | photos of the held-out city | trained | pooled | Haralick | above pooled |")
    print("|---|---|---|---|---|---|")
    cases: dict[str, list[dict[str, dict[str, Any]]]] = {}
    beside: dict[int, Estimate] = {}
    for run in read_sweep(str(CONFIG), {}).runs:
        folder, seed = Path(runs) / run.name, run.recipe.seed
        rows = read_outcomes(folder)
        if seed not in beside:
            beside[seed] = judge_haralick(str(folder), Path(photos), run.recipe.as_fields()["widths"], seed)
        own, pooled = (
            Estimate(*(rows[name][key] for key in ("accuracy", "low", "high"))) for name in (TRAINED, POOLED)
        )
        gain = Estimate(*(rows[TRAINED][key] for key in ("gain", "gain_low", "gain_high")))
        told = [run.keys["case"], f"{rows[TRAINED]['photos']} (seed {seed})", spell(own), spell(pooled)]
        print(f"| {' | '.join([*told, spell(beside[seed]), spell(gain, '+')])} |")
        cases.setdefault(run.keys["case"], []).append(rows)
    for case, of in cases.items():
        print(f"\n{spell_means(case, of)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
