"""What to type where something failed: libraries name a remedy and its facts, and the command line its options."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from imgsim.errors import first_few

if TYPE_CHECKING:
    from imgsim.errors import ImgsimError

REMEDIES = {
    "fit-calibration": "; fit it again by `imgsim calibrate`",
    "make-index": "; make one with `imgsim index {folder}`",
    "other-index": "; choose another with --index",
    "name-encoding": ", for example --encoding cp1252",
    "name-key": ": --key says which does, or a pattern such as {pattern}",
    "not-strict": ", and --strict was given: {photos}",
    "read-utf-16": " then add --encoding utf-16-le",
}
VALUE_OF = {"known-encoding": "--encoding", "one-key": "--key"}  # the option whose value an error begins with


def explain(error: ImgsimError) -> str:
    """Write an error for whoever typed the command: what is wrong, and what to type instead."""
    facts = {name: _written(value) for name, value in error.facts.items()}
    return f"{VALUE_OF.get(error.remedy, '')} {error}".lstrip() + REMEDIES.get(error.remedy, "").format(**facts)


def _written(fact: object) -> str:
    """Write what is to be typed; several things are only told."""
    return first_few(fact) if isinstance(fact, tuple) else shlex.quote(str(fact))
