"""From rows of extractors and classes to a probe, judged on photos left out, and to the model file that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.errors import EvaluationError
from imgsim.evaluation.label_figures import LabelFigures, judge_labels
from imgsim.models.classifier_model import check_labels, classifier_header
from imgsim.models.header import LINEAR_CLASSIFIER
from imgsim.models.linear_graph import write_probe
from imgsim.models.model_shelf import open_learned
from imgsim.training.classifiers.probe_fit import FOLDS, STRENGTHS, TriedForm, choose_form, fit_probe
from imgsim.training.photos_digest import digest_of_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.core import ExtractorSpec, Features
    from imgsim.training.classifiers.probe_fit import ProbeForm
    from imgsim.training.split_file import SplitPhotos

PAPER = "G. Alain, Y. Bengio, Understanding intermediate layers using linear classifier probes, ICLR 2017 workshop"


class ProbeSettings(NamedTuple):
    """How a probe is to be fitted; a strength that is None is chosen."""

    strength: float | None = None
    folds: int = FOLDS
    seed: int = 0


class LearnedProbe(NamedTuple):
    """A probe's file, its form, what forms came to on photos left out, and what it came to on those that test."""

    data: bytes
    form: ProbeForm
    tried: list[TriedForm]
    photos: int
    figures: dict[str, LabelFigures]

    @property
    def left_out(self) -> TriedForm:
        """What its own form came to."""
        return next(one for one in self.tried if one.form == self.form)

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        """Its figures, a row a part."""
        return [{"part": part, **figures.to_row()} for part, figures in self.figures.items()]


def learn_probe(
    rows: Features,
    bases: Sequence[tuple[ExtractorSpec, int]],
    split: SplitPhotos,
    digests: Sequence[bytes],
    settings: ProbeSettings,
) -> LearnedProbe:
    """Fit a probe to the rows (N, D) of a split's training photos, and judge its file on the others.

    `bases` are the extractors that made the rows, with how many values each gives; `digests` of photos' contents.
    """
    check_labels(split.names)
    if not np.isfinite(rows).all():
        count = np.count_nonzero(~np.isfinite(rows).all(axis=1))
        raise EvaluationError(f"the rows of {count} photos are not finite numbers")
    learned, widths = split.asked("train"), [width for _, width in bases]
    known, codes = rows[learned].astype(np.float64), split.labels[learned].astype(np.intp)
    strengths = STRENGTHS if settings.strength is None else (settings.strength,)
    asked = {"folds": settings.folds, "seed": settings.seed}
    form, tried = choose_form(known, codes, split.groups[learned], widths, strengths=strengths, **asked)
    fitted = fit_probe(known, codes, widths, form, len(split.names))
    recipe = {"method": "logistic regression", "paper": PAPER, **form._asdict(), **asked, "photos": len(learned)}
    details = {
        "counts": np.bincount(codes, minlength=len(split.names)).tolist(),
        "bases": [spec.to_json() for spec, _ in bases],
        "recipe": recipe,
    }
    parents = {"photos": digest_of_part(split, digests, "train")}
    header = classifier_header(LINEAR_CLASSIFIER, split.names, details, parents)
    mean, coefficients, intercepts = (values.astype(np.float32) for values in fitted)
    data = write_probe(mean, coefficients, intercepts, header)
    session = open_learned(data, LINEAR_CLASSIFIER)
    parts = {part: split.asked(part) for part in ("validation", "test")}
    figures = {
        part: judge_labels(session.run(rows[places]), split.labels[places].astype(np.intp), seed=settings.seed)
        for part, places in parts.items()
        if len(places)
    }
    return LearnedProbe(data, form, tried, len(learned), figures)
