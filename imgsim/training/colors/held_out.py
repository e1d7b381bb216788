"""How well a model names colours that people named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.probabilities import LabelReport, accuracy_by_group, judge_labels
from imgsim.training.colors.rows import ColorRows, split_rows

if TYPE_CHECKING:
    from imgsim.colors.names import ColorNamer


@dataclass(frozen=True)
class NamerJudgement:
    """What came of judging a model."""

    names: tuple[str, ...]
    answers: LabelReport
    among: LabelReport
    uncalibrated: float
    contributors: list[tuple[str, int, float]]


def judge_namer(namer: ColorNamer, rows: ColorRows) -> NamerJudgement:
    """Judge a model by rows."""
    from sklearn.preprocessing import normalize

    names = namer.names + tuple(name for name in rows.names if name not in namer.names)
    probabilities = np.zeros((len(rows), len(names)))
    probabilities[:, : len(namer.names)] = namer.probabilities(rows.colors)
    labels = np.array([names.index(name) for name in rows.names])[rows.labels]
    among = normalize(probabilities * np.isin(names, rows.names), norm="l1")
    plain = normalize(among ** float(namer.header.details["recipe"].get("temperature", 1.0)), norm="l1")
    return NamerJudgement(
        names,
        judge_labels(labels, probabilities),
        judge_labels(labels, among),
        judge_labels(labels, plain).calibration_error,
        accuracy_by_group(labels, among, rows.contributors),
    )


def held_out_rows(namer: ColorNamer, rows: ColorRows) -> ColorRows | None:
    """Give the rows that were kept apart when a model was trained."""
    header = namer.header
    if header.parents.get("data", "") != rows.digest:
        return None
    return rows.take(split_rows(rows, header.details["split"], header.details["seed"]).held_out)
