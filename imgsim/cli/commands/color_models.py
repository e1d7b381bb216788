"""`imgsim color train` and `imgsim color evaluate`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.flags import check_model_name, format_option, general_options
from imgsim.cli.output import JSON, write_object, write_text

if TYPE_CHECKING:
    from imgsim.evaluation.probabilities import LabelReport
    from imgsim.training.colors.held_out import NamerJudgement

model_option = click.option(
    "--model",
    default="lab",
    show_default=True,
    metavar="lab|rgb|FILE.onnx",
    help="lab knows eleven names; rgb, the reference, has no black and no white; or a model of one's own.",
)
data_argument = click.argument("data", metavar="DATA.json", type=click.Path())


@click.command()
@data_argument
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), metavar="FILE.onnx", help="The model.")
@click.option("-a", "--architecture", type=click.Choice(["lab", "rgb"]), default="lab", show_default=True)
@click.option("--choose", is_flag=True, help="Choose the recipe of lab anew, by cross-validation over contributors.")
@click.option(
    "--split",
    type=click.Choice(["contributors", "rows"]),
    default="contributors",
    show_default=True,
    help="What is held out: whole contributors, or rows whoever named them.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the split and the training.")
@general_options
def train(data: str, output: str, architecture: str, choose: bool, split: str, seed: int) -> None:  # noqa: FBT001
    """Train a colour-name model on the rows in DATA.json; needs torch.

    A row has r, g, b, label and uid (the contributor): 80 % are learned from, 10 % are held out. Writes FILE.onnx, and
    FILE.md, its model card.
    """
    check_model_name(output)
    from imgsim.files import write_whole
    from imgsim.training.colors.rows import read_color_rows

    rows = read_color_rows(data)
    from imgsim.reports.color_model_card import write_card
    from imgsim.training.colors.model import make_color_model

    model = make_color_model(rows, architecture, split=split, seed=seed, choose=choose, heard=stderr.say)
    card = os.path.splitext(output)[0] + ".md"
    write_whole(output, model.data)
    write_whole(card, write_card(model, rows).encode())
    report = model.judged.answers
    stderr.say(f"{output}: accuracy {report.accuracy:.4f} on {report.count:,} rows held out; described in {card}")


@click.command()
@data_argument
@model_option
@click.option("--all", "everything", is_flag=True, help="Judge by all rows, those that it learned from included.")
@format_option("table", "json", "jsonl", default="table")
@general_options
def evaluate(data: str, model: str, everything: bool, format_: str | None) -> None:  # noqa: FBT001
    """Judge a colour-name model by the rows in DATA.json.

    If it was trained on these rows, those held out then are used. Tells accuracy, with its 95 % interval, precision and
    recall of each name, confusion, calibration, and how it does by contributor.
    """
    from imgsim.colors.names import load_namer
    from imgsim.training.colors.held_out import held_out_rows, judge_namer
    from imgsim.training.colors.rows import read_color_rows

    rows, namer = read_color_rows(data), load_namer(model)
    held_out = None if everything else held_out_rows(namer, rows)
    if held_out is not None:
        stderr.say(f"{len(held_out):,} of {len(rows):,} rows, held out when {model} was trained; --all takes all")
    elif not everything:
        stderr.say(f"all {len(rows):,} rows: {model} was trained on others")
    judged = judge_namer(namer, rows if held_out is None else held_out)
    if format_ in JSON:
        write_object(_as_json(judged))
        return
    from imgsim.reports.color_model_card import describe_judgement

    write_text(describe_judgement(judged))


def _as_json(judged: NamerJudgement) -> dict[str, Any]:
    return {
        "names": list(judged.names),
        "answers": _report(judged.answers),
        "among_names_of_rows": _report(judged.among),
        "calibration_error_without_temperature": judged.uncalibrated,
        "contributors": [
            {"contributor": name, "rows": count, "accuracy": accuracy} for name, count, accuracy in judged.contributors
        ],
    }


def _report(report: LabelReport) -> dict[str, Any]:
    """Write arrays as lists."""
    return {key: value.tolist() if hasattr(value, "tolist") else value for key, value in vars(report).items()}
