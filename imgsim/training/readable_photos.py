"""The photos of a run, decoded: all those of a class that a new one is given, or those that an ended one had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgsim.tables.ground_truth import check_readable
from imgsim.training.decoded_photos import PixelForm
from imgsim.training.split_file import read_splits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.training.decoded_photos import DecodingOutcome
    from imgsim.training.run_means import ClassedPhotos
    from imgsim.training.run_setup import RunSetup
    from imgsim.training.split_file import SplitPhotos


def decode_new(photos: ClassedPhotos, setup: RunSetup[Any]) -> DecodingOutcome:
    """Decode photos, and say which cannot be read: EvaluationError where one of those is to end all."""
    decoded = _decode(photos.root, photos.paths, setup, hashed=True)
    check_readable([error.path for error in decoded.unreadable] if photos.strict else [])
    for error in decoded.unreadable:
        setup.means.said(f"skipped {error}")
    return decoded


def decode_again(root: str, setup: RunSetup[Any], *, hashed: bool) -> tuple[SplitPhotos, DecodingOutcome]:
    """Decode the photos that are in the parts of a run that goes on: ImageReadError where one is gone."""
    split = read_splits(setup.folder.splits)
    decoded = _decode(root, split.paths, setup, hashed=hashed)
    wanted = set(split.paths)  # what several runs decode together tells of all that cannot be read
    for error in decoded.unreadable:
        if error.path in wanted:
            raise error
    return split, decoded


def _decode(root: str, paths: Sequence[str], setup: RunSetup[Any], *, hashed: bool) -> DecodingOutcome:
    form = PixelForm(setup.backbone.preprocessing, setup.crop, setup.means.limits)
    return setup.means.decode(form, root, list(paths), hashed=hashed)
