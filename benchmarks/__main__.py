"""`python -m benchmarks [--quick] [--only NAME]`: a table on stdout, and all samples in build/bench.json."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import (
    asking,
    classifying,
    colors,
    copying,
    cutting,
    deep,
    fetching,
    filtering,
    indexing,
    judging,
    lost_and_found,
    memory,
    mining,
    reporting,
    searching,
    starting,
    training,
    votes,
)
from benchmarks.measuring import Setting
from benchmarks.neighbours import Neighbours

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measuring import Figure

COMPARISONS: dict[str, Callable[[Setting], list[Figure]]] = {
    "index-large": indexing.index_large,
    "index-small": indexing.index_small,
    "index-profiles": indexing.index_profiles,
    "index-colors": colors.index_colors,
    "index-parts": cutting.index_parts,
    "query": starting.query,
    "help": starting.show_help,
    "search": searching.search,
    "rerank": searching.rerank,
    "duplicates": copying.duplicates,
    "duplicates-memory": copying.duplicates_memory,
    "match": lost_and_found.match,
    "match-memory": lost_and_found.match_memory,
    "report": reporting.report,
    "query-stored": asking.query_stored,
    "query-where": filtering.query_where,
    "reindex": starting.reindex,
    "index-memory": memory.index_memory,
    "query-memory": memory.query_memory,
    "fetch": fetching.fetch,
    "fetch-memory": fetching.fetch_memory,
    "judge": judging.judge,
    "judge-memory": judging.judge_memory,
    "deep-resnet50": deep.index_resnet,
    "deep-mobilenet": deep.index_mobilenet,
    "deep-inference": deep.inference,
    "deep-query": deep.query_deep,
    "default-index": deep.index_default,
    "default-query": deep.query_default,
    "leave-one-out": classifying.leave_one_out,
    "classify-light": votes.classify_light,
    "classify-heavy": votes.classify_heavy,
    "mining": mining.mine,
    "train-step": training.train_step,
}
BUILD = Path("build")
QUIET = 0.2  # processors that others may take before a measurement is in doubt


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure imgsim against plain code.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and photos: a rough idea in a minute")
    parser.add_argument("--only", action="append", choices=COMPARISONS, metavar="NAME", help=", ".join(COMPARISONS))
    args = parser.parse_args()
    photos = BUILD / "bench"
    photos.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=photos) as scratch:
        setting = _setting(photos, Path(scratch), quick=args.quick)
        figures = [figure for name in args.only or COMPARISONS for figure in _run(name, setting)]
    _show(figures)
    (BUILD / "bench.json").write_text(json.dumps(_report(figures), indent=1) + "\n")


def _setting(photos: Path, scratch: Path, *, quick: bool) -> Setting:
    if quick:
        return Setting(photos, scratch, repeats=2, small=96, rows=20_000, tiny=20_000, judged=20_000)
    return Setting(photos, scratch)


def _run(name: str, setting: Setting) -> list[Figure]:
    neighbours = Neighbours()
    print(f"measuring {name} ...", file=sys.stderr, flush=True)
    figures = COMPARISONS[name](setting)
    if (taken := neighbours.processors()) > QUIET:
        print(f"  other processes kept {taken:.1f} processors busy: measure {name} again", file=sys.stderr)
    return figures


def _show(figures: list[Figure]) -> None:
    header = ("measured", "imgsim", "compared with", "there", "value", "target", "")
    lines = [header, *(_cells(figure) for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cells(figure: Figure) -> tuple[str, ...]:
    bound = "at least" if figure.at_least else "at most"
    return (
        figure.name,
        figure.ours,
        figure.against,
        figure.theirs,
        f"{figure.value:.3g} {figure.unit}",
        "-" if figure.target is None else f"{bound} {figure.target:g}",
        figure.verdict,
    )


def _report(figures: list[Figure]) -> dict[str, object]:
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": processors,
        "figures": [asdict(figure) | {"verdict": figure.verdict} for figure in figures],
    }


if __name__ == "__main__":
    main()
