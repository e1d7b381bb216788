"""Photos of classes dealt to those that train, validate and test, as `imgsim train classifier` deals them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.errors import EvaluationError, first_few
from imgsim.evaluation.copy_groups import group_copies, torn_groups
from imgsim.training.classifiers.classifier_recipe import TEST, VALIDATION
from imgsim.training.classifiers.stratified_split import check_learned, count_parts, stratified_split
from imgsim.training.split_file import PARTS, SplitPhotos, collect, read_splits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe
    from imgsim.training.decoded_photos import DecodingOutcome
    from imgsim.training.run_means import ClassedPhotos
    from imgsim.training.run_setup import RunSetup


class DealtPhotos(NamedTuple):
    """Photos of a split, where each of them stood among all (N,), and what is to be said of it."""

    split: SplitPhotos
    places: NDArray[np.intp]
    remarks: list[str]


def deal_for(setup: RunSetup[ClassifierRecipe], photos: ClassedPhotos, decoded: DecodingOutcome) -> DealtPhotos:
    """Give photos (N,) the parts that they had in an earlier run, or those that the recipe's seed draws, and say so."""
    dealt = _deal(photos, decoded, setup.recipe)
    for remark in dealt.remarks:
        setup.means.said(remark)
    return dealt


def _deal(photos: ClassedPhotos, decoded: DecodingOutcome, recipe: ClassifierRecipe) -> DealtPhotos:
    if photos.splits is not None:
        return deal_as_before(photos.splits, photos.paths, decoded.readable)
    known = np.where(decoded.readable, photos.codes, -1)
    if empty := [photos.names[code] for code in np.setdiff1d(photos.codes, known).tolist()]:
        is_left = "class has" if len(empty) == 1 else "classes have"
        told = f"{len(empty)} {is_left} no photo left, since none of theirs can be read ({first_few(empty)})"
        raise EvaluationError(f"{told}: mend the photos, or take them away")
    shares = {"test": recipe.test, "validation": recipe.validation}
    digests, hashes = decoded.digests, decoded.hashes
    return deal_photos(photos.paths, photos.names, known, digests, hashes, seed=recipe.seed, **shares)


def deal_photos(
    paths: Sequence[str],
    names: Sequence[str],
    codes: NDArray[np.intp],
    digests: Sequence[bytes],
    hashes: Features,
    *,
    seed: int,
    test: float = TEST,
    validation: float = VALIDATION,
) -> DealtPhotos:
    """Deal photos to parts, by a seed; copies are known by digests of their contents and hashes (N, 64).

    `codes` (N,) are classes, -1 of those that have none or cannot be read; of the rest of each `validation` is a share.
    """
    there = np.flatnonzero(codes >= 0)
    kept, among = codes[there], np.ones(len(there), bool)
    listed = [paths[place] for place in there.tolist()]
    groups = group_copies([[digests[place] for place in there.tolist()]], hashes[there], among, among)
    torn = [listed[places[0]] for places in torn_groups(groups, kept)]
    told = f"{len(torn)} photos have copies of another class: those go where the first goes: {first_few(torn or [''])}"
    parts = stratified_split(kept, groups, seed=seed, test=test, validation=validation)
    check_learned(count_parts(kept, parts, names))
    return DealtPhotos(collect(listed, list(names), kept, parts, groups), there, [told] if torn else [])


def deal_as_before(path: str, paths: Sequence[str], readable: NDArray[np.bool_]) -> DealtPhotos:
    """Give photos the parts and the classes that they had in a run, whose file of these is at a path."""
    split, numbers = read_splits(path), {name: place for place, name in enumerate(paths)}
    there = np.array([name in numbers and bool(readable[numbers[name]]) for name in split.paths], bool)
    if not there.any():
        raise EvaluationError(f"{path}: none of its photos is here: give the folder that it is of")
    gone = [name for name, known in zip(split.paths, there, strict=True) if not known]
    told = f"{len(gone)} photos of {path} are not here, or cannot be read: {first_few(gone or [''])}"
    left = SplitPhotos(
        [name for name, known in zip(split.paths, there, strict=True) if known],
        split.names,
        split.labels[there],
        split.parts[there],
        split.groups[there],
    )
    check_learned(count_parts(left.labels, np.minimum(left.parts, PARTS.index("test")), left.names))
    return DealtPhotos(left, np.array([numbers[name] for name in left.paths], np.intp), [told] if gone else [])


def describe_parts(split: SplitPhotos) -> str:
    """Say how many photos are in each part.

    Examples
    --------
    >>> two = np.array([0, 1])
    >>> describe_parts(SplitPhotos(["a", "b"], ["x", "y"], two, np.array([0, 2], np.int8), two))
    '2 photos of 2 classes: 1 train, 0 validation, 1 test'
    """
    counts = ", ".join(f"{len(split.places(part)):,} {part}" for part in PARTS)
    return f"{len(split.paths):,} photos of {len(split.names):,} classes: {counts}"
