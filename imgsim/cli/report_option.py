"""`--report`: where a report is written, checked before any work is done for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


def report_option(shown: str, *, each: str = "") -> Callable[[F], F]:
    """Add `--report`, a page that shows something; `each` has a file of its own where a folder is named instead."""
    said = f"Write {shown} as a page to look at and to print, one file that needs no network."
    if each:
        said += f" A folder, there already or named with a / at its end, gets a file for each {each}."

    def check(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
        del param
        if value is not None and not ctx.resilient_parsing:
            from imgsim.reports.html_file import check_report_folder, check_report_path

            if each and is_folder(value):
                check_report_folder(value)
            else:
                check_report_path(value, remedy="report-folder" if each else "")
        return value

    metavar = "FILE.html|FOLDER/" if each else "FILE.html"
    return click.option("--report", type=click.Path(), callback=check, metavar=metavar, help=said)


def is_folder(path: str) -> bool:
    """Tell whether a folder is meant, for several reports."""
    return path.endswith(("/", os.sep)) or os.path.isdir(path)
