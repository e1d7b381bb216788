"""`imgsim stats`."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from imgsim.cli import stderr
from imgsim.cli.flags import format_option, general_options, limits_options
from imgsim.cli.inputs import QueryPhoto, photo_groups, photos_in
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format
from imgsim.cli.pictures import check_plot
from imgsim.cli.remedies import explain
from imgsim.cli.segment_options import segment_option
from imgsim.errors import ImageReadError, ImgsimError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.images.distributions import Distribution
    from imgsim.images.limits import Limits
    from imgsim.segment.part_finder import PartFinder

MEASURES = ("mean", "deviation", "min", "q25", "q50", "q75", "max")
MOST_PANELS = 100
BINS = [str(2**power) for power in range(1, 9)]


class Counted(NamedTuple):
    """A photo, its size, and how many pixels have each value, (3, 256)."""

    path: str
    width: int
    height: int
    counts: NDArray[np.int64]


@click.command(short_help="Describe the sizes and colour values of photos.")
@click.argument("photos", metavar="FOLDER|PHOTO...", nargs=-1, required=True, type=click.Path())
@click.option("--pooled", is_flag=True, help="Describe all photos together, their sizes included, instead of each.")
@click.option("--bins", type=click.Choice(BINS), help="Add a histogram of so many equal bins (not to a table).")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False),
    metavar="FILE.png|svg",
    help="Draw the distributions of red, green and blue: a panel a photo, or one of all pooled.",
)
@segment_option()
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Threads. Without it: one a processor.")
@format_option(*ROW_FORMATS)
@limits_options()
@general_options
def stats(
    photos: tuple[str, ...],
    pooled: bool,  # noqa: FBT001
    bins: str | None,
    plot: str | None,
    segment: str | None,
    jobs: int | None,
    format_: str | None,
    limits: Limits,
) -> None:
    """Describe the sizes of photos and their red, green and blue, at full scale.

    Mean, standard deviation, quantiles and, if asked for, histograms: a row for each channel of each PHOTO, and of each
    photo in a FOLDER, or of all of them pooled. With --segment, of the parts that are found alone.
    """
    if plot:
        check_plot(plot)
    format_ = choose_format(format_)
    first = ["value", "photos"] if pooled else ["path", "width", "height", "channel"]
    heads = [f"h{place}" for place in range(int(bins or 0))] if format_ in ("tsv", "csv") else []
    writer = RowWriter(format_, [*first, *MEASURES, *heads])
    failed: list[str] = []
    panels = _Panels(plot, pooled=pooled)
    counted = panels.kept(_count(photos, jobs, limits, failed, _finder(segment)))
    waiting: list[dict[str, Any]] = []
    for rows in [_pooled_rows(list(counted), bins)] if pooled else (_rows(photo, bins) for photo in counted):
        waiting += [row | dict(zip(heads, row.get("histogram", ()), strict=False)) for row in rows]
        if format_ != "table":
            writer.write(waiting)
            waiting.clear()
    writer.write(waiting)
    panels.draw()
    click.get_current_context().exit(2 if failed else 0)


class _Panels:
    """What is to be drawn: the counts of each photo, or of all together."""

    def __init__(self, path: str | None, *, pooled: bool) -> None:
        self._path = path
        self._pooled = pooled
        self._counts: dict[str, NDArray[np.int64]] = {}

    def kept(self, photos: Iterable[Counted]) -> Iterator[Counted]:
        """Keep photos on their way, if there is a picture to draw."""
        for photo in photos:
            if self._path:
                name = "all photos" if self._pooled else photo.path
                self._counts[name] = self._counts.get(name, 0) + photo.counts
                if len(self._counts) > MOST_PANELS:
                    raise ImgsimError(f"more than {MOST_PANELS} photos are too many panels: --pooled draws them as one")
            yield photo

    def draw(self) -> None:
        """Draw them."""
        if self._path and self._counts:
            from imgsim.reports.color_distributions import plot_color_distributions

            plot_color_distributions(self._counts, self._path)
            stderr.say(f"drew {self._path}")


def _expand(photos: Iterable[QueryPhoto], failed: list[str]) -> Iterator[QueryPhoto]:
    """Give the photos that are named, and those in the folders that are."""
    for name, source in photos:
        if isinstance(source, str) and os.path.isdir(source):
            yield from photos_in(source, lambda message: _complain(message, failed))
        else:
            yield QueryPhoto(name, source)


def _finder(segment: str | None) -> PartFinder | None:
    if segment is None:
        return None
    from imgsim.segment.part_finder import PartFinder

    return PartFinder.of_text(segment)


def _count(
    names: Iterable[str], jobs: int | None, limits: Limits, failed: list[str], finder: PartFinder | None
) -> Iterator[Counted]:
    """Count the values of photos, or of their parts, several at a time, in order; say which cannot be read."""
    from imgsim.images.distributions import count_values
    from imgsim.images.read import read_image
    from imgsim.processes import default_jobs
    from imgsim.segment.cut_parts import union

    def count(photo: QueryPhoto) -> Counted | ImageReadError:
        mask = None
        try:
            if finder is None:
                image = read_image(photo.source, **limits._asdict())
            else:
                image, _, parts = finder.read(photo.name, photo.source, limits)
                mask = union(parts)
                if mask is None:
                    return ImageReadError(photo.name, f"no {finder.wanted} on it")
        except ImageReadError as error:
            return error
        height, width = image.shape[:2]
        return Counted(photo.name, width, height, count_values(image, mask))

    pool = ThreadPoolExecutor(jobs or default_jobs())
    try:
        for group in photo_groups(names):  # whose photos are all there: the pool takes them in before the first answer
            for outcome in pool.map(count, _expand(group, failed)):
                if isinstance(outcome, Counted):
                    yield outcome
                else:
                    _complain(explain(outcome), failed)
    finally:
        pool.shutdown(cancel_futures=True)  # whoever stopped listening does not wait for the rest


def _complain(message: str, failed: list[str]) -> None:
    stderr.complain(f"imgsim: {message}")
    failed.append(message)


def _rows(photo: Counted, bins: str | None) -> list[dict[str, Any]]:
    """Describe the channels of a photo."""
    size = {"path": photo.path, "width": photo.width, "height": photo.height}
    return [size | row for row in _channel_rows("channel", photo.counts, bins)]


def _pooled_rows(photos: list[Counted], bins: str | None) -> list[dict[str, Any]]:
    """Describe the channels of all photos, each pixel counting the same, and the photos' sizes."""
    from imgsim.images.distributions import describe_values

    if not photos:
        return []
    counts = sum((photo.counts for photo in photos[1:]), start=photos[0].counts)
    rows = _channel_rows("value", counts, bins)
    for name in ("width", "height"):
        rows.append({"value": name} | _described(describe_values([getattr(photo, name) for photo in photos])))
    return [{"value": row["value"], "photos": len(photos)} | row for row in rows]


def _channel_rows(key: str, counts: NDArray[np.int64], bins: str | None) -> list[dict[str, Any]]:
    from imgsim.images.distributions import CHANNELS, describe_counts, merge_bins

    rows = [{key: name} | _described(describe_counts(row)) for name, row in zip(CHANNELS, counts, strict=True)]
    if bins is not None:
        for row, merged in zip(rows, merge_bins(counts, int(bins)).tolist(), strict=True):
            row["histogram"] = merged
    return rows


def _described(distribution: Distribution) -> dict[str, Any]:
    return {
        name: int(value) if value == int(value) else round(value, 4) for name, value in distribution._asdict().items()
    }
