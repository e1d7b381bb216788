"""What to type where something failed: libraries name a remedy and its facts, and the command line its options."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imgsim.errors import ImgsimError

REMEDIES = {
    "make-index": "; make one with `imgsim index {folder}`",
    "other-index": "; choose another with --index",
}


def explain(error: ImgsimError) -> str:
    """Write an error for whoever typed the command: what is wrong, and what to type instead."""
    quoted = {name: shlex.quote(str(value)) for name, value in error.facts.items()}
    return str(error) + REMEDIES.get(error.remedy, "").format(**quoted)
