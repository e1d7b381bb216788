"""`imgsim segment`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from imgsim.cli import stderr
from imgsim.cli.flags import device_option, format_option, general_options, limits_options
from imgsim.cli.inputs import expand_photos, photos_in
from imgsim.cli.output import ROW_FORMATS, RowWriter, choose_format
from imgsim.cli.remedies import explain
from imgsim.cli.segment_options import segment_option
from imgsim.errors import ImageReadError, ImgsimError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imgsim.cli.part_files import PartFiles
    from imgsim.images.limits import Limits
    from imgsim.segment.cut_parts import PhotoPart
    from imgsim.segment.part_finder import PartFinder

COLUMNS = ("path", "part", "left", "top", "width", "height", "area_share")
STDIN = "stdin"  # what pictures of a photo from there are called


class _Source(NamedTuple):
    """A photo: its name, its path or bytes, and where it lies within what was named."""

    name: str
    photo: str | bytes
    within: str


@click.command(short_help="Cut out what photos show.")
@click.argument("photos", metavar="FOLDER|PHOTO...", nargs=-1, required=True, type=click.Path())
@segment_option(default="grabcut")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Where the pictures go; a FOLDER is mirrored there.",
)
@format_option(*ROW_FORMATS)
@limits_options()
@device_option
@general_options
def segment(photos: tuple[str, ...], segment: str, output: str, format_: str | None, limits: Limits) -> None:
    """Cut out what each PHOTO, or each photo in a FOLDER, shows.

    Writes STEM-cutout.png (transparent elsewhere), STEM-mask.png (the value 0 is the background, labels.txt names the
    others) and STEM-overlay.png. A second run replaces its own pictures, and no others. A PHOTO of - reads paths from
    stdin, or else one picture. Columns: the path, the part, its box in pixels, its share of the photo. Exit codes: 0
    something was cut out, 1 nothing was, 2 error.
    """
    from imgsim.cli.part_files import PartFiles
    from imgsim.segment.part_finder import PartFinder

    asked, files = PartFinder.of_text(segment), PartFiles(output)
    files.write_labels(asked.names)
    format_ = choose_format(format_)
    writer = RowWriter(format_, COLUMNS)
    failed: list[str] = []
    waiting: list[dict[str, Any]] = []  # a table is written whole
    found = False
    for source in _sources(photos, failed):
        try:
            parts = _segment(source, asked, files, limits)
        except (ImageReadError, ImgsimError) as error:
            failed.append(f"imgsim: {explain(error)}")
            stderr.complain(failed[-1])
            continue
        if not parts:
            stderr.complain(f"imgsim: {source.name}: no {asked.wanted} on it")
        waiting += _rows(source.name, parts)
        found |= bool(parts)
        if format_ != "table":
            writer.write(waiting)
            waiting.clear()
    writer.write(waiting)
    click.get_current_context().exit(2 if failed else 0 if found else 1)


def _sources(names: Iterable[str], failed: list[str]) -> Iterator[_Source]:
    """Give the photos that are named, and those in the folders that are."""

    def complain(message: str) -> None:
        failed.append(message)
        stderr.complain(f"imgsim: {message}")

    for name, photo in expand_photos(names):
        if isinstance(photo, bytes):
            yield _Source(name, photo, STDIN)
        elif os.path.isdir(photo):
            for path, _ in photos_in(photo, complain):
                yield _Source(path, path, os.path.relpath(path, photo))
        else:
            yield _Source(name, photo, os.path.basename(photo))


def _segment(source: _Source, asked: PartFinder, files: PartFiles, limits: Limits) -> list[PhotoPart]:
    """Write the pictures of a photo's parts, if it has any."""
    from imgsim.segment.part_pictures import encode_cutout, encode_mask, encode_overlay

    place = files.place(source.name, source.within)
    image, labels, parts = asked.read(source.name, source.photo, limits)
    if parts:
        pictures = {"mask": encode_mask(labels, parts), "overlay": encode_overlay(image, parts)}
        files.write(place, {"cutout": encode_cutout(image, parts), **pictures})
    return parts


def _rows(path: str, parts: Iterable[PhotoPart]) -> list[dict[str, Any]]:
    return [{"path": path, "part": part.name, **part.box._asdict(), "area_share": part.area_share} for part in parts]
