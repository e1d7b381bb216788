"""What plots share: what they ask of data, how they look, and how one becomes a PNG or SVG, equal data equal bytes."""

from __future__ import annotations

import io
import logging
import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.errors import ImgsimError, MissingDependencyError
from imgsim.images.draw import check_place, write_picture
from imgsim.images.mark import MARK
from imgsim.reports.fonts import Speller, font_families, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from numpy.typing import ArrayLike, NDArray

FORMATS = ("png", "svg")
DPI = 150
INK, FAINT, HAIRLINE = "#1a1a1a", "#757575", "#dcdcdc"
# The palette of Okabe and Ito, which people with colour-blindness tell apart; black and yellow last.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1a1a1a", "#f0e442")
SEQUENTIAL = "viridis"
_TITLE_POINTS = 12
_TITLE_INCHES, _TITLE_GAP = 4.0, 0.12  # its narrowest line, and its distance from the axes
STYLE: dict[str, Any] = {
    "figure.dpi": DPI,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.labelpad": 6,
    "axes.axisbelow": True,
    "grid.color": HAIRLINE,
    "lines.linewidth": 1.8,
    "text.color": INK,
    "text.parse_math": False,  # a name with dollar signs is no formula
    "xtick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.color": FAINT,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.fonttype": "none",  # text stays text: it can be searched and copied
    "svg.hashsalt": "imgsim",
}


class PlotError(ImgsimError):
    """Data that cannot be drawn, or a file ending that is not a picture's."""


def checked(values: ArrayLike, what: str, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
    """Give data as finite numbers of the shape that a plot needs.

    Examples
    --------
    >>> checked([[1, 2]], "the matrix", (None, 2))
    array([[1., 2.]])
    """
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise PlotError(f"{what}: not an array of numbers") from error
    fits = array.ndim == len(shape) and all(
        want in (None, size) for want, size in zip(shape, array.shape, strict=False)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise PlotError(f"{what}: its shape is {array.shape}, not ({wanted})")
    if not array.size:
        raise PlotError(f"{what}: there is nothing in it to draw")
    bad = np.count_nonzero(~np.isfinite(array))
    if bad:
        raise PlotError(f"{what}: {bad:,} of {array.size:,} values are NaN or infinite")
    return array


def checked_names(names: Sequence[str], what: str, count: int) -> list[str]:
    """Give names as a list, one for each thing."""
    listed = [str(name) for name in names]
    if len(listed) != count:
        raise PlotError(f"{len(listed):,} names for {count:,} {what}")
    return listed


def check_picture_path(path: str | os.PathLike[str]) -> str:
    """Make sure that a picture can be drawn and written, before any work is done for it."""
    name = os.fspath(path)
    ending = os.path.splitext(name)[1].lower().removeprefix(".")
    if ending not in FORMATS:
        raise PlotError(f"{name}: plots are written as PNG or SVG: give the file the ending .png or .svg")
    check_place(name)
    with _undisturbed():
        _require_matplotlib()
    return ending


@contextmanager
def drawing(
    path: str | os.PathLike[str], width: float, height: float, title: str
) -> Iterator[tuple[Figure, Callable[[str], str]]]:
    """Open a figure in imgsim's style, and write it under its title when the block ends without an error."""
    kind = check_picture_path(path)
    with _undisturbed():
        from matplotlib import style
        from matplotlib.figure import Figure

        with style.context({**STYLE, **_fonts(font_families())}, after_reset=True):
            figure = Figure(figsize=(width, height))
            # Whoever looks at an SVG has fonts of their own, so there only what XML forbids is replaced.
            spell = Speller(any_font=kind == "svg")
            yield figure, spell
            _set_title(figure, title, spell)
            _set_fonts(figure, spell.families)
            write_picture(_rendered(figure, kind), path)


def _fonts(families: Sequence[str]) -> dict[str, list[str]]:
    """Give the settings by which letters are looked for in several fonts; of a generic name's only one is taken."""
    return {"font.family": [*families, "sans-serif"], "font.sans-serif": list(families)}


def _set_fonts(figure: Figure, families: Sequence[str]) -> None:
    """Let texts that are there, and those that drawing makes, be written in some fonts."""
    from matplotlib import rcParams
    from matplotlib.text import Text

    fonts: Any = _fonts(families)
    rcParams.update(fonts)
    for text in figure.findobj(Text):
        text.set_fontfamily(fonts["font.family"])


def _set_title(figure: Figure, title: str, spell: Callable[[str], str]) -> None:
    """Write a title above a figure, on as many lines as it needs."""
    inches = max(figure.get_figwidth(), _TITLE_INCHES)
    lines = [wrapped(spell(line), inches, _TITLE_POINTS) for line in title.splitlines()]
    above = 1 + _TITLE_GAP / figure.get_figheight()
    figure.text(0, above, "\n".join(lines), fontsize=_TITLE_POINTS, fontweight="bold", ha="left", va="bottom")


def add_color_bar(image: AxesImage, axes: Axes, label: str, inches: float, *, extend: str = "neither") -> None:
    """Draw a colour bar right of axes, as high as they are."""
    bar_axes = axes.inset_axes((1 + 0.15 / inches, 0.0, 0.16 / inches, 1.0))
    bar = axes.get_figure(root=True).colorbar(image, cax=bar_axes, extend=extend, label=label)  # type: ignore[union-attr]
    bar.outline.set_visible(False)


def _rendered(figure: Figure, kind: str) -> bytes:
    metadata = {"Software": MARK} if kind == "png" else {"Date": None, "Creator": MARK}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # of SVG alone, see `drawing`
        figure.savefig(buffer, format=kind, dpi=DPI, metadata=metadata, bbox_inches="tight", pad_inches=0.2)
    return buffer.getvalue()


def _require_matplotlib() -> None:
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError("matplotlib", "plots") from error
    except ValueError as error:  # MPLBACKEND names none
        raise PlotError(f"matplotlib does not start: {str(error).splitlines()[0]}") from error


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep what matplotlib logs from the user: that it cannot write its settings, that it looks for fonts."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
