"""What is written of a model that names colours: tables, and its model card, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgsim.reports.markdown import lay_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imgsim.colors.names import ColorNamer
    from imgsim.evaluation.probabilities import LabelReport
    from imgsim.training.colors.fit import ScoredRecipe
    from imgsim.training.colors.held_out import NamerJudgement
    from imgsim.training.colors.model import ColorModel, Elsewhere
    from imgsim.training.colors.rows import ColorRows

FEW = 10  # rows, below which a contributor's accuracy says nothing
_MEASURES = ("rows", "accuracy (95 %)", "log loss", "calibration error")  # the last one expected, of 15 bins
KNOWN = "a409839b8289c7a47bcdc2997264825819e5db8eeb2fb1674bb8d9bbb9d98ba0"  # SHA-256 of colorData.json
_ROWS = """\
Colours that were shown on screens and named by volunteers who chose one of nine names ("red-ish" and so on), each under
a user id: the crowd-sourced data of The Coding Train's colour classifier (2018), as mirrored by the repository
github.com/sinbrive/Deep-Learning---Color-Classifier (`colorData.json`). **The licence of the data could not be found:**
the mirror has no licence file, and the original was not at hand. The rows are therefore not shipped with imgsim; the
weights were learned from them."""


def describe_judgement(judged: NamerJudgement) -> str:
    """Write how a model does, in Markdown tables."""
    both = {"as it answers": judged.answers, "among the names of the rows": judged.among}
    summary = [[title, *_line(report)] for title, report in both.items()]
    counted = [[name, *map(str, row)] for name, row in zip(judged.names, judged.answers.confusion, strict=True)]
    counts, precision, recall = judged.answers.support, judged.answers.precision, judged.answers.recall
    figures = zip(judged.names, counts, precision, recall, strict=True)
    by_name = [[name, str(rows), f"{right:.3f}", f"{found:.3f}"] for name, rows, right, found in figures if rows]
    parts = [
        _table(["", *_MEASURES], summary),
        _table(["name", "rows", "precision", "recall"], by_name),
        "Called by the name of the column, in rows of the name of the line:",
        _table(["", *judged.names], [row for row in counted if any(map(int, row[1:]))]),
        _of_contributors(judged),
    ]
    return "\n\n".join(parts) + "\n"


def write_card(model: ColorModel, rows: ColorRows) -> str:
    """Write a model card in Markdown (Mitchell et al., "Model Cards for Model Reporting", FAT* 2019)."""
    namer, judged, elsewhere = model.namer, model.judged, model.elsewhere
    told = namer.header.details
    settings = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in sorted(told["recipe"].items()))
    parts = [
        f"# The colour-name model `{told['architecture']}`",
        f"Names a colour (sRGB) by one of {len(namer.names)} names: {', '.join(namer.names)}.",
        _about_black(namer, rows),
        f"Training: {settings}. Cross-entropy, Adam, seed {told['seed']}.",
        "## Data",
        *([_ROWS] if namer.header.parents.get("data") == KNOWN else []),
        f"{len(rows):,} rows of {len(set(rows.contributors))} contributors, SHA-256 of the file `{rows.digest[:16]}`. "
        f"80 % were learned from, 10 % more helped to choose and to calibrate, 10 % were held out, split by "
        f"{told['split']}, seed {told['seed']}. Contributors differ, and some answer at random: no model can be right "
        "on their rows.",
        "## On the rows held out",
        describe_judgement(judged).rstrip(),
        *_of_calibration(namer, judged),
        "## Elsewhere",
        _table(["the same recipe", *_MEASURES], list(_of_elsewhere(elsewhere))),
        *_of_candidates(elsewhere.candidates),
        "## To make it again",
        f"`{_command(namer, elsewhere)}`",
    ]
    return "\n\n".join(parts) + "\n"


def _command(namer: ColorNamer, elsewhere: Elsewhere) -> str:
    told = namer.header.details
    split = f" --split {told['split']}" if told["split"] != "contributors" else ""
    choose = " --choose" if elsewhere.candidates else ""
    options = f"--architecture {told['architecture']}{choose}{split} --seed {told['seed']}"
    return f"imgsim color train colorData.json {options} --output color-names-{told['architecture']}.onnx"


def _about_black(namer: ColorNamer, rows: ColorRows) -> str:
    added = [name for name in namer.names if name not in rows.names]
    if not added:
        return "It knows the names of its rows and no others."
    from imgsim.training.colors.perceptron import BlackAndWhite as Rule

    return (
        f"The rows have no {' and no '.join(added)}: these follow from a rule, part of the network's graph. A colour "
        f"is black below L* {Rule.black_below} and white above L* {Rule.white_above} (Munsell value 2.5 and 8.5, where "
        "the ISCC-NBS system draws these borders for neutral surfaces: Kelly and Judd, NBS Special Publication 440, "
        f"1976), and each unit of chroma C* above {Rule.free_chroma:g} counts as {Rule.price:g} of L* towards the "
        f"middle. The borders are logistic, of scale {Rule.scale:g}. Nobody was asked: these two probabilities are not "
        "calibrated."
    )


def _of_calibration(namer: ColorNamer, judged: NamerJudgement) -> list[str]:
    recipe = namer.header.details["recipe"]
    if not recipe.get("calibrated"):
        return []
    return [
        f"The temperature, {recipe['temperature']}, was fitted to the scores that networks gave to rows "
        "of contributors whom they had not learned from. Without it the expected calibration error among the names of "
        f"the rows is {judged.uncalibrated:.3f}, with it {judged.among.calibration_error:.3f}."
    ]


def _of_contributors(judged: NamerJudgement) -> str:
    many = [accuracy for _, count, accuracy in judged.contributors if count >= FEW]
    if not many:
        return f"{len(judged.contributors)} contributors, none with {FEW} rows."
    low, middle, high = np.quantile(many, [0.1, 0.5, 0.9])
    return (
        f"{len(judged.contributors)} contributors, of whom {len(many)} with {FEW} rows or more. Of these, a tenth are "
        f"agreed with in less than {low:.1%} of their rows, half in less than {middle:.1%}, a tenth in more than "
        f"{high:.1%}."
    )


def _of_elsewhere(elsewhere: Elsewhere) -> Iterator[list[str]]:
    by_rows, crossed = elsewhere.by_rows, elsewhere.cross_validated
    yield ["rows split one by one, as it answers", *_line(by_rows.answers)]
    yield ["rows split one by one, among the names of the rows", *_line(by_rows.among)]
    yield ["all rows, cross-validated over contributors", *_line(crossed)]


def _of_candidates(candidates: Sequence[ScoredRecipe]) -> Iterator[str]:
    if candidates:
        yield "## What it was chosen among\n\nCross-validated over contributors, without the rows held out:"
        lines = [
            [str(one.recipe), f"{one.parameters:,}", f"{one.accuracy:.4f}", f"{one.log_loss:.4f}"] for one in candidates
        ]
        yield _table(["features-hidden units", "parameters", "accuracy", "log loss"], lines)


def _line(report: LabelReport) -> list[str]:
    """Write the values of `_MEASURES`."""
    low, high = report.interval
    accuracy = f"{report.accuracy:.4f} ({low:.3f} to {high:.3f})"
    return [f"{report.count:,}", accuracy, f"{report.log_loss:.3f}", f"{report.calibration_error:.3f}"]


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Lay out a table, numbers to the right."""
    return lay_out([header, *lines], [False, *[True] * (len(header) - 1)]).rstrip()
