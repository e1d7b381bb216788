"""Photos in a folder, their classes, and what classifiers say of them, for the commands that judge these."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from imgsim.cli import stderr
from imgsim.cli.labels import attributes_at, labels_for
from imgsim.cli.remedies import explain
from imgsim.cli.run_photos import photos_of
from imgsim.naming import HASH

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.cli.labels import LabelSource
    from imgsim.core import Extractor, Features
    from imgsim.features.classifier import Classifier
    from imgsim.images.limits import Limits
    from imgsim.training.classifiers.dealt_photos import DealtPhotos


class MeasuredPhotos(NamedTuple):
    """Rows (N, D) of photos by each extractor, digests of their contents, and which of them could be read, (N,)."""

    rows: list[Features]
    digests: list[bytes]
    readable: NDArray[np.bool_]


class KnownPhotos(NamedTuple):
    """Photos that classifiers are judged by: their paths below a folder, and classes (N,) by numbers in their list."""

    paths: list[str]
    truth: NDArray[np.intp]


def measure_folder(
    folder: str, paths: Sequence[str], extractors: Sequence[Extractor], limits: Limits, *, jobs: int, strict: bool
) -> MeasuredPhotos:
    """Measure photos in a folder; those that cannot be read are named, and have rows of zeros."""
    import numpy as np

    from imgsim.cli.progress_bars import judging_bar
    from imgsim.errors import ImageReadError
    from imgsim.features.measure import Task, measure
    from imgsim.tables.ground_truth import check_readable

    rows = [np.zeros((len(paths), one.dim), np.float32) for one in extractors]
    digests, unreadable = [b""] * len(paths), []
    tasks = [Task(os.path.join(folder, path), path) for path in paths]
    with judging_bar() as advanced:
        for place, outcome in enumerate(measure(tasks, extractors, digest=True, limits=limits, jobs=jobs)):
            advanced(f"{len(paths):,} photos", (place + 1) / len(paths))
            if isinstance(outcome, ImageReadError):
                unreadable.append(outcome.path)
                stderr.say(f"skipped {explain(outcome)}")
                continue
            digests[place] = outcome.record.digest
            for key, row in outcome.features.items():
                rows[key][place] = row[0]
    check_readable(unreadable if strict else [])
    return MeasuredPhotos(rows, digests, np.array([bool(digest) for digest in digests], bool))


def deal_folder(
    folder: str, source: LabelSource, splits: str | None, limits: Limits, *, jobs: int, seed: int
) -> tuple[DealtPhotos, list[bytes]]:
    """Deal the photos in a folder to parts, as training does; give also digests of their contents."""
    import numpy as np

    from imgsim.features import load_extractor
    from imgsim.training.classifiers.dealt_photos import deal_as_before, deal_photos, describe_parts

    source.check_known(folder)
    paths = photos_of(folder, strict=source.strict)
    hashed = measure_folder(folder, paths, [load_extractor(HASH)], limits, jobs=jobs, strict=source.strict)
    if splits:
        dealt = deal_as_before(splits, paths, hashed.readable)
    else:
        labels = labels_for(source, folder, paths, attributes_at(folder))
        codes = np.where(hashed.readable, labels.codes, -1)
        dealt = deal_photos(paths, labels.names, codes, hashed.digests, hashed.rows[0], seed=seed)
    for remark in dealt.remarks:
        stderr.say(remark)
    stderr.say(describe_parts(dealt.split))
    return dealt, [hashed.digests[place] for place in dealt.places]


def known_photos(
    names: Sequence[str], labels: NDArray[np.integer], paths: Sequence[str], classifier: Classifier
) -> KnownPhotos:
    """Give classes the numbers that a classifier does; those that it does not know are named, and left out."""
    import numpy as np

    from imgsim.errors import EvaluationError, first_few

    numbers = {label: place for place, label in enumerate(classifier.labels)}
    truth = np.array([numbers.get(names[label], -1) if label >= 0 else -1 for label in labels.tolist()], np.intp)
    strange = sorted(
        {names[label] for label, code in zip(labels.tolist(), truth.tolist(), strict=True) if code < 0 <= label}
    )
    if strange:
        count = int(((truth < 0) & (labels >= 0)).sum())
        what = f"{count} photo{'s' * (count != 1)} of classes that the model does not know"
        if not (truth >= 0).any():
            raise EvaluationError(
                f"no photo is of a class that the model knows: it knows {first_few(classifier.labels)}"
            )
        stderr.say(f"left out {what}: {first_few(strange)}")
    kept = np.flatnonzero(truth >= 0)
    return KnownPhotos([paths[place] for place in kept.tolist()], truth[kept])
