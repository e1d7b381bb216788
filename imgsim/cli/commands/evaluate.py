"""`imgsim evaluate`."""

from __future__ import annotations

import os
from typing import Any

import click
from click.core import ParameterSource

from imgsim.cli import name_completion, stderr
from imgsim.cli.figure_names import CLASSIFIED, FIGURES, FigureName, RecallCounts
from imgsim.cli.flags import device_option, format_option, general_options, labels_options
from imgsim.cli.judged import check_wide, wide_option, write_judged
from imgsim.cli.judged_grid import check_grid_options, grid_options
from imgsim.cli.judged_rows import judge_by_classes, judge_by_pairs, judge_by_scores, judge_by_triplets
from imgsim.cli.labels import LabelSource, fail, indexed
from imgsim.cli.lock_wait import wait_option
from imgsim.cli.pair_sources import PairSource, pairs_options
from imgsim.cli.report_option import report_option
from imgsim.cli.with_subcommands import WithSubcommands
from imgsim.naming import HASH
from imgsim.paths import key_within
from imgsim.registry import Registry

OTHERS: Registry[click.Command] = Registry(
    "command", {"classifier": "imgsim.cli.commands.evaluate_classifier:classifier"}
)


@click.command(cls=WithSubcommands, others=OTHERS)
@click.argument("folder", type=click.Path())
@labels_options(scores=True)
@pairs_options
@click.option(
    "-x",
    "--extractor",
    "extractors",
    multiple=True,
    metavar="NAME[:KEY=VALUE,...][@WEIGHT][+...]",
    shell_complete=name_completion.extractors,
    help="An extractor, or several fused: haralick@0.3+histogram@0.7. Repeat it for several rows. Without it: those of "
    "the index or, where there is none, all that need no weights.",
)
@click.option(
    "-m",
    "--metric",
    "metrics",
    multiple=True,
    shell_complete=name_completion.metrics,
    help="A distance; repeatable. Without it: each one's own.",
)
@click.option(
    "--rerank",
    multiple=True,
    shell_complete=name_completion.rerankings,
    metavar="NAME[:KEY=VALUE,...]",
    help="Judge each also with its first matches re-ranked, as `imgsim query` does; repeatable.",
)
@click.option("-k", type=click.IntRange(min=1), default=10, show_default=True, help="Neighbours that guess a score.")
@click.option(
    "--triplets",
    is_flag=False,
    flag_value="5:30",
    metavar="WITHIN:BEYOND",
    help="With --scores: judge by whether photos whose scores differ by no more than WITHIN are nearer than those that "
    "differ by more than BEYOND, in the scores' unit or as quantiles, q0.1:q0.5. Without widths: 5:30.",
)
@click.option(
    "--by",
    type=FigureName([*FIGURES, CLASSIFIED]),
    default="recall@1",
    show_default=True,
    help="The figure that is compared; recall@k of any k.",
)
@click.option(
    "--recall",
    type=RecallCounts(),
    metavar="K,...",
    help="Give recall@k and precision@k of these k: 1,5,20.  [default: 1,5,10]",
)
@click.option("--retrieval-only", is_flag=True, help="Leave out classification and pairs, which take longest.")
@click.option(
    "--group",
    type=click.Choice(["copies"]),
    help="Count copies of a photo as one, also those saved again or made smaller, as phash tells.",
)
@click.option("--plots", type=click.Path(file_okay=False), metavar="FOLDER", help="Draw what was found into FOLDER.")
@click.option("--plots-only", is_flag=True, help="Draw, and write no table.")
@click.option("--plot-format", type=click.Choice(["png", "svg"]), default="png", show_default=True)
@grid_options
@report_option("the tables and the pictures")
@click.option("--index", "index_path", type=click.Path(), metavar="PATH", help="The index's own folder.")
@wait_option
@wide_option
@format_option("table", "json", "jsonl", "csv", "markdown", default="a table")
@device_option
@general_options
def evaluate(
    folder: str,
    extractors: tuple[str, ...],
    metrics: tuple[str, ...],
    index_path: str | None,
    jobs: int | None,
    seed: int,
    report: str | None,
    **options: Any,  # noqa: ANN401 (what click makes of the rest)
) -> None:
    """Judge extractors and distances on the photos in FOLDER, whose classes or scores are known.

    Every photo asks for all others (leave one out). Photos are measured into the folder's index where it lacks them.
    Every figure has a 95 % interval; the last column tells which differences from the best are real (paired tests,
    Holm's correction). An extractor and a distance that do not suit each other are named and left out. How each figure
    is defined: docs/evaluation.md.

    With --pairs each lost thing that is confirmed to be a found one asks for it among all that was found, and every
    other counts as no match of it; intervals are over lost things. Pairs that were rejected are what a threshold tells
    the confirmed ones from.
    """
    from imgsim.evaluation.candidates import bare_extractors, pair_with_metrics, parse_candidates, with_rerankings
    from imgsim.processes import default_jobs
    from imgsim.search.reranking import load_reranker

    source, decided = _source(options), _pair_source(options)
    source.check_known(index_path or folder)
    _prepare_pictures(folder, options)
    for text in options["rerank"]:
        load_reranker(text)  # refused before anything is measured
    asked = parse_candidates(extractors, metrics)
    wanted = bare_extractors(asked) or _whatever_there_is(folder, index_path)
    if options["group"] and HASH not in wanted:
        wanted = [*wanted, HASH]
    with indexed(folder, index_path, wanted, jobs=jobs, strict=source.strict, reading=True) as index:
        candidates = asked or pair_with_metrics([[str(one.spec)] for one in index.extractors], metrics)
        candidates = with_rerankings(candidates, options["rerank"])
        options["report"] = report
        shared = {"seed": seed, "jobs": jobs or default_jobs()}
        if decided.pairs:
            answer = judge_by_pairs(index, candidates, decided, options, jobs=jobs, seed=seed)
        elif options["triplets"]:
            answer = judge_by_triplets(index, candidates, source, options, seed)
        elif source.scores:
            answer = judge_by_scores(index, candidates, source, options, seed)
        else:
            answer = judge_by_classes(index, candidates, source, options, shared)
        answer = answer.with_grid(index, options, seed=seed)
    if not options["plots_only"]:
        _write(answer.rows, answer.titles, options["format_"] or "table", wide=options["wide"])
    if report:
        from imgsim.cli.evaluation_report import ReportPictures, report_evaluation

        report_evaluation(report, folder, answer.rows, answer.titles, options, answer.drawn or ReportPictures())
    if answer.refused and source.strict:
        fail(f"{answer.refused} of {len(candidates)} could not be judged, and --strict was given")


def _prepare_pictures(folder: str, options: dict[str, Any]) -> None:
    """Make sure, before any work is done, that what is to be drawn can be written."""
    check_grid_options(options["grid"])
    if options["plots"]:
        from imgsim.reports.evaluation_plots import prepare_folder

        prepare_folder(options["plots"], options["plot_format"])
    for place in filter(None, (options["grid"], options["plots"])):
        _warn_of_plots_among_photos(place, folder)


def _warn_of_plots_among_photos(plots: str, folder: str) -> None:
    within = key_within(os.path.realpath(folder), os.path.realpath(plots))
    if within and not any(name.startswith(".") for name in within.split("/")):
        passed_over = "pictures that imgsim draws are marked, and passed over when that folder is indexed"
        stderr.say(f"imgsim: {plots} lies among the photos in {folder}: {passed_over}")


def _source(options: dict[str, Any]) -> LabelSource:
    """Read where labels come from, and refuse options that would be passed over in silence."""
    source = LabelSource(options["labels"], options["key"], options["encoding"], options["strict"], options["scores"])
    given = click.get_current_context().get_parameter_source
    if source.scores:
        for name in ("plots", "plots_only", "by", "recall", "retrieval_only", "rerank"):
            if given(name) == ParameterSource.COMMANDLINE:
                raise click.UsageError(f"--{name.replace('_', '-')} is for classes, and --scores are numbers")
    _check_triplets(options, source)
    if options["plots_only"] and not options["plots"]:
        raise click.UsageError("--plots-only draws and writes no table: say where by --plots FOLDER")
    told = "--format" if options["format_"] else "--wide" if options["wide"] else None
    if options["plots_only"] and told:
        raise click.UsageError(f"--plots-only writes no table, and {told} says how to write one: give one of them")
    check_wide(options["format_"], wide=options["wide"])
    if options["recall"] and given("by") != ParameterSource.COMMANDLINE and 1 not in options["recall"]:
        options["by"] = f"recall@{options['recall'][0]}"
    if options["retrieval_only"] and options["by"] == CLASSIFIED:
        raise click.UsageError(f"--by {CLASSIFIED} needs the classification that --retrieval-only leaves out")
    return source.checked()


def _check_triplets(options: dict[str, Any], source: LabelSource) -> None:
    """Refuse triplets of what are no scores, widths that are not two, and what triplets do not go by."""
    if not options["triplets"]:
        return
    if not source.scores:
        raise click.UsageError("--triplets are of scores: say where they are by --scores")
    if click.get_current_context().get_parameter_source("k") == ParameterSource.COMMANDLINE:
        raise click.UsageError("-k is of neighbours that guess a score, and --triplets have none: leave it out")
    if options["triplets"].count(":") != 1:
        raise click.UsageError(f"--triplets {options['triplets']}: write WITHIN:BEYOND, such as 5:30 or q0.1:q0.5")


def _pair_source(options: dict[str, Any]) -> PairSource:
    """Read of which pairs it is, and refuse options that would be passed over in silence."""
    decided = PairSource(options["pairs"], options["lost"], options["where"], options["thing"])
    decided.checked("scores", "k", "group")
    if decided.pairs and options["by"] == CLASSIFIED:
        raise click.UsageError(f"--by {CLASSIFIED} is for classes, and --pairs are none: choose another figure")
    return decided


def _whatever_there_is(folder: str, index_path: str | None) -> list[str]:
    """Choose extractors for a folder without index: all that need no weights."""
    from imgsim.errors import IndexNotFoundError
    from imgsim.features import EXTRACTORS
    from imgsim.index.location import locate_index

    try:
        locate_index(index_path or folder)
    except IndexNotFoundError:
        return list(EXTRACTORS)
    return []


def _write(rows: list[dict[str, Any]], titles: dict[str, str], format_: str, *, wide: bool) -> None:
    from imgsim.reports.judgement_rows import IN_TWO_LINES, to_cells, to_notes

    notes = "".join(f"\n{note}.\n" for note in to_notes(rows))
    write_judged(rows, format_, lambda style: to_cells(rows, titles, style), notes, style=IN_TWO_LINES, wide=wide)
