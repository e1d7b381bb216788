"""The pictures of a classifier: which classes it takes for which, and how far its probabilities can be trusted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from imgsim.reports.curves import plot_reliability
from imgsim.reports.matrices import plot_confusion

if TYPE_CHECKING:
    from imgsim.evaluation.class_judgement import ClassJudgement


def plot_confidence(judged: ClassJudgement, path: str | os.PathLike[str], *, title: str = "Confidence") -> None:
    """Draw how often answers are right beside how probable they were said to be."""
    plot_reliability(judged.reliability, path, title=title, unit="photos", share="share that is right")


def draw_classifier(folder: str, kind: str, judged: ClassJudgement, name: str) -> list[str]:
    """Draw what a classifier does, into a folder that is there; give the paths."""
    confusion, confidence = (os.path.join(folder, f"{one}.{kind}") for one in ("confusion", "confidence"))
    seen = np.flatnonzero(judged.confusion.sum(axis=0) + judged.confusion.sum(axis=1))
    labels = [judged.labels[place] for place in seen]
    plot_confusion(judged.confusion[np.ix_(seen, seen)], labels, confusion, title=f"{name}: which is taken for which")
    plot_confidence(judged, confidence, title=f"{name}: how sure it is, and how right")
    return [confusion, confidence]
