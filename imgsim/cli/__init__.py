"""The command line: one file a command, each of them thin."""

import sys

try:
    from imgsim.cli.main import main
except KeyboardInterrupt:  # before the guard is up
    sys.stderr.write("imgsim: interrupted\n")
    raise SystemExit(130) from None

__all__ = ["main"]
