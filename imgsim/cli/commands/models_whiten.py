"""`imgsim models whiten`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from imgsim.cli import model_completion, stderr
from imgsim.cli.flags import device_option, general_options
from imgsim.cli.inputs import photos_among
from imgsim.cli.remedies import explain

if TYPE_CHECKING:
    from imgsim.errors import ImageReadError


@click.command()
@click.argument("photos", metavar="FOLDER", type=click.Path(exists=True, file_okay=False))
@click.option(
    "-x",
    "--extractor",
    required=True,
    metavar="NAME[:KEY=VALUE,...]",
    shell_complete=model_completion.deep_extractors,
    help="A deep extractor.",
)
@click.option("--dimensions", type=click.IntRange(min=1), default=128, show_default=True, help="Axes to keep.")
@device_option
@general_options
def whiten(photos: str, extractor: str, dimensions: int) -> None:
    """Fit a PCA-whitening to the photos in FOLDER, for `-x NAME:whitening=HASH`."""
    from imgsim.cli.output import write_text
    from imgsim.features.whiten import fit_to_photos
    from imgsim.index.index import remembered_at

    def skipped(error: ImageReadError) -> None:
        stderr.say(f"skipped {explain(error)}")

    made = remembered_at(photos)
    paths = [os.path.join(photos, image.path) for image in photos_among(photos, made.scan(photos))]
    digest = fit_to_photos(paths, extractor, dimensions, skipped, made.limits)
    write_text(f"{digest}\n")
