"""Reports as HTML files: one file that needs no network and no script, written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgsim import __version__
from imgsim.errors import ImgsimError, MissingDependencyError
from imgsim.files import replace_file
from imgsim.images.reasons import system_reason
from imgsim.paths import cleaned

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).with_name("pages")
ENDINGS = (".html", ".htm")
JOINERS = "\u200c\u200d"  # which letters of some languages, and emoji, need between them


class ReportError(ImgsimError):
    """A report that cannot be written: a full disk, a folder that is not there."""


def check_report_path(path: str, *, remedy: str = "") -> None:
    """Make sure that a report can be made and written, before any work is done for it.

    `remedy` is what else would help where the ending is not a page's.
    """
    _require_jinja()
    if os.path.splitext(path)[1].lower() not in ENDINGS:
        raise ReportError(f"{path}: reports are written as HTML: give the file the ending .html", remedy=remedy)
    _check_place(path, os.path.dirname(os.path.abspath(path)), "is a folder" if os.path.isdir(path) else None)


def check_report_folder(folder: str) -> None:
    """Make sure that reports can be made and written into a folder, there or to be made, likewise."""
    _require_jinja()
    there = os.path.isdir(folder)
    taken = os.path.lexists(folder.rstrip("/" + os.sep)) and not there
    place = folder if there else os.path.dirname(os.path.abspath(folder))
    _check_place(folder, place, "is a file" if taken else None)


def _check_place(path: str, folder: str, reason: str | None) -> None:
    if not os.path.isdir(folder):
        reason = f"no folder {folder}"
    elif not reason and not os.access(folder, os.W_OK):
        reason = "permission denied"
    if reason:
        raise ReportError(f"{path}: cannot write the report: {reason}")


def make_report_folder(folder: str) -> None:
    """Make a folder for reports where there is none."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise ReportError(f"{folder}: cannot be made ({system_reason(error)})") from error


def write_page(path: str, page: str, **content: Any) -> None:  # noqa: ANN401 (whatever the page shows)
    """Write a report by one of `pages`; what stood there before still does after a ReportError."""
    now = datetime.now().astimezone()
    said = {"version": __version__, "written_at": f"{now:%Y-%m-%d %H:%M} {now:%Z}"}
    text = _pages().get_template(f"{page}.html").render(said | content)
    try:
        replace_file(path, text.encode("utf-8"))
    except (OSError, ValueError) as error:
        reason = system_reason(error) if isinstance(error, OSError) else str(error)
        raise ReportError(f"{path}: cannot write the report: {reason}") from error


@lru_cache(maxsize=1)
def _pages() -> Environment:
    """Give the pages; what is put into one is text, whatever it holds, and what nobody can see is written out."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

    def legible(value: object) -> object:
        return value if isinstance(value, Markup) else cleaned(str(value), JOINERS)

    loader = FileSystemLoader(FOLDER)
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, finalize=legible, trim_blocks=True)
    pages.filters["passage"] = lambda text: escape(cleaned(text, f"{JOINERS}\n\t"))  # what has lines of its own
    return pages


def _require_jinja() -> None:
    with suppress(ImportError):
        import jinja2  # noqa: F401

        return
    raise MissingDependencyError("jinja2", "report")
