"""What to type where something failed: libraries name a remedy and its facts, and the command line its options."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from imgsim.errors import first_few

if TYPE_CHECKING:
    from imgsim.errors import ImgsimError

REMEDIES = {
    "add-extractor": "; `imgsim index` with -x adds them",
    "add-photo": "; `imgsim index` adds it",
    "calibrate": ": run `imgsim calibrate {folder}{index}{extractors}{metric}`",
    "fit-calibration": "; fit it again by `imgsim calibrate`",
    "index-it": ": run `imgsim index` on it",
    "make-index": "; make one with `imgsim index {folder}`",
    "make-or-name-index": ": make one with `imgsim index FOLDER`, or give --index",
    "moved-or-other-index": ": add --moved if that folder is now here, or choose another --index",
    "name-colors": ": `imgsim index {folder} --colors` names them",
    "name-encoding": ", for example --encoding cp1252",
    "name-key": ": --key says which does, or a pattern such as {pattern}",
    "not-strict": ", and --strict was given: {photos}",
    "other-index": "; choose another with --index",
    "prune": " `imgsim index {folder}{index} --prune` removes them from the index",
    "read-utf-16": " then add --encoding utf-16-le",
}
VALUE_OF = {"known-encoding": "--encoding", "one-key": "--key"}  # the option whose value an error begins with
OPTIONS = {"index": "--index", "extractors": "-x", "metric": "-m"}  # that give such a fact, or several, or none


def explain(error: ImgsimError) -> str:
    """Write an error for whoever typed the command: what is wrong, and what to type instead."""
    facts = {name: _written(name, fact) for name, fact in error.facts.items()}
    begun = f"{VALUE_OF.get(error.remedy, '')} {name_option(str(error))}".lstrip()
    return begun + REMEDIES.get(error.remedy, "").format(**facts)


def name_option(reason: str) -> str:
    """Name the option in a reason, kept or not, that names a limit's parameter."""
    return reason.replace("(max_megapixels)", "(--max-megapixels)")


def _written(name: str, fact: object) -> str:
    """Write what is to be typed; several things are only told."""
    if name in OPTIONS:
        values = fact if isinstance(fact, list) else [] if fact is None else [fact]
        return "".join(f" {OPTIONS[name]} {shlex.quote(str(value))}" for value in values)
    return first_few(fact) if isinstance(fact, tuple) else shlex.quote(str(fact))
