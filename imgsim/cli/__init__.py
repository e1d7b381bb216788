"""The command line: one file a command, each of them thin."""

from imgsim.cli.main import main

__all__ = ["main"]
