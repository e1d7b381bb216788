"""What networks trained on grocery's classes find among other classes, beside their pooled rows and a linear map.

Run by `python -m benchmarks.trained_networks RUNS [CONFIG]`, the folder of `imgsim train sweep CONFIG`, without it
benchmarks/grocery.toml. Of several cases, "chosen" is in each seed the one that did best on that seed's validation
classes: its test classes had no say.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.training.sweep import read_sweep
from imgsim.training.sweep_runs import estimate_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONFIG = Path(__file__).with_name("grocery.toml")
BY = "map@r"  # of validation classes: what chooses
RANDOM, WEIGHTED, CHOSEN = "margin, random", "margin, distance-weighted", "chosen"
FIGURES = ("recall@1", "map@r")
KINDS = ("pooled", "linear", "embedding")  # of rows
Outcomes = dict[tuple[str, str], dict[str, Any]]  # by part and whose rows


def read_runs(folder: Path, config: str) -> dict[str, list[Outcomes]]:
    """Read what each case came to, seed after seed."""
    cases: dict[str, list[Outcomes]] = {}
    for run in read_sweep(config, {}).runs:
        metrics = json.loads((folder / run.name / "metrics.json").read_bytes())
        outcomes = {(row["part"], row["rows"]): row for row in metrics["outcomes"]}
        cases.setdefault(run.keys["case"], []).append(outcomes)
    return cases


def choose(cases: Mapping[str, Sequence[Outcomes]]) -> list[str]:
    """Name the case that is best by each seed's validation classes."""
    seeds = range(len(next(iter(cases.values()))))
    return [max(cases, key=lambda case: cases[case][seed]["validation", "embedding"][BY]) for seed in seeds]


def spell_difference(ours: Sequence[Outcomes], theirs: Sequence[Outcomes], rows: str, figure: str) -> str:
    """Write how far test figures of embeddings are above those of others' rows, seed by seed."""
    pairs = zip(ours, theirs, strict=True)
    differences = [one["test", "embedding"][figure] - other["test", rows][figure] for one, other in pairs]
    mean = estimate_mean(np.array(differences))
    return f"{mean.value:+.3f} ({mean.low:+.3f} to {mean.high:+.3f})"


def main(folder: str, config: str = str(CONFIG)) -> None:
    """Write a row for each case and figure, and one of distance-weighted against random negatives."""
    cases = read_runs(Path(folder), config)
    if len(cases) > 1:
        names = choose(cases)
        print("chosen:", ", ".join(names), file=sys.stderr)
        cases[CHOSEN] = [cases[name][seed] for seed, name in enumerate(names)]
    print("| loss, miner | figure | pooled | linear map | trained | above pooled | above the linear map |")
    print("|---|---|---|---|---|---|---|")
    for case, seeds in cases.items():
        for figure in FIGURES:
            means = (
                np.mean([one["test", rows][figure] for one in seeds]) for rows in ("pooled", "linear", "embedding")
            )
            above = (spell_difference(seeds, seeds, rows, figure) for rows in ("pooled", "linear"))
            cells = [case, figure, *(f"{mean:.3f}" for mean in means), *above]
            print(f"| {' | '.join(cells)} |")
    for figure in FIGURES if {WEIGHTED, RANDOM} <= set(cases) else ():
        told = spell_difference(cases[WEIGHTED], cases[RANDOM], "embedding", figure)
        print(f"\n{WEIGHTED}, above {RANDOM}: {figure} {told}")


if __name__ == "__main__":
    main(*sys.argv[1:])
