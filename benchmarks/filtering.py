"""Queries among photos with attributes: by a condition, against the same query without one."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from benchmarks.indexes import make_index
from benchmarks.measuring import IMGSIM, interleave, process_seconds, slowdown
from benchmarks.pictures import SMALL, photo_folder

if TYPE_CHECKING:
    from benchmarks.measuring import Figure, Setting

CONDITIONS = {
    "four comparisons": "price < 30000 and category = 'shirt' and found_on >= 2026-05-01 and color = 'red'",
    "what most photos fit": "price >= 2000 or not place = 'Line 1' or has brand",
    "text within": "brand contains 'd 1' and place like 'line%'",
}


def query_where(setting: Setting) -> list[Figure]:
    """Query an index of 100,000 photos with and without conditions."""
    index = str(make_index(setting.scratch, "histogram", setting.rows, described=True))
    photo = str(photo_folder(setting.photos, SMALL, 1) / "000000.jpg")
    plain = [IMGSIM, "query", photo, "--index", index]
    commands = {"": plain} | {name: [*plain, "--where", condition] for name, condition in CONDITIONS.items()}
    runs = {name: (lambda command=command: process_seconds(*command)) for name, command in commands.items()}
    times = interleave(runs, 3 * setting.repeats)
    figures = [
        slowdown(
            f"query {setting.rows:,} photos --where, {name}",
            "the query without",
            {"ours": times[name], "theirs": times[""]},
            1.5,
        )
        for name in CONDITIONS
    ]
    return [*figures, _out_of_sight(setting, plain, index)]


def _out_of_sight(setting: Setting, plain: list[str], index: str) -> Figure:
    """Query what a rule of the index leaves in sight, against the same condition of the run."""
    condition = CONDITIONS["four comparisons"]
    process_seconds(IMGSIM, "hide", "--index", index, f"not ({condition})")
    commands = {"ours": plain, "theirs": [*plain, "--all", "--where", condition]}
    runs = {name: functools.partial(process_seconds, *command) for name, command in commands.items()}
    times = interleave(runs, 3 * setting.repeats)
    process_seconds(IMGSIM, "hide", "--index", index, "--drop-all")
    return slowdown(f"query {setting.rows:,} photos, others out of sight", "the same by --where", times, 1.2)
