"""Candidates judged by classes, decided pairs, scores or triplets of them: rows for a table, and what may be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.cli import stderr
from imgsim.cli.figure_names import CLASSIFIED, counted, titles_at
from imgsim.cli.judged import judge_each
from imgsim.cli.judged_grid import AskedPhoto, GridSource, draw_judged, grid_of_classes, grid_of_scores
from imgsim.cli.labels import (
    LabelSource,
    attributes_in,
    labels_for,
    leave_out_copies,
    leave_out_scored_copies,
    scores_for,
)
from imgsim.cli.pair_sources import PairSource, decided_sides, note_assumption
from imgsim.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from imgsim.cli.evaluation_report import ReportPictures
    from imgsim.evaluation.candidates import Candidate
    from imgsim.evaluation.judge import Judgement
    from imgsim.evaluation.pair_judge import FoundThings
    from imgsim.index.index import Index
    from imgsim.reports.evaluation_plots import EvaluationPlot


class JudgedRows(NamedTuple):
    """Rows, their titles where they are shown, how many candidates could not be judged, and what else is drawn."""

    rows: list[dict[str, Any]]
    titles: dict[str, str]
    refused: int
    drawn: ReportPictures | None = None
    grid: GridSource | None = None

    def with_grid(self, index: Index, options: Mapping[str, Any], *, seed: int) -> JudgedRows:
        """Draw what `--grid` asks for, unless that is done, and let a report have it."""
        if not options["grid"] or self.grid is None:
            return self
        shown = draw_judged(options["grid"], index, self.grid, options["grid_photos"], seed=seed)
        return self._replace(drawn=_beside(self.drawn, options, shown))


def judge_by_classes(
    index: Index, candidates: Sequence[Candidate], source: LabelSource, options: dict[str, Any], shared: dict[str, int]
) -> JudgedRows:
    """Judge by the classes of the photos, and draw what is asked for beside the table."""
    from imgsim.cli.progress_bars import judging_bar
    from imgsim.evaluation.comparison import give_verdicts
    from imgsim.evaluation.judge import Judge
    from imgsim.evaluation.retrieval import KS
    from imgsim.reports.judgement_rows import TITLES, to_objects

    labels = labels_for(source, index.root, index.paths, attributes_in(index))
    labels = leave_out_copies(labels, index, near=bool(options["group"]))
    if options["by"] == CLASSIFIED and labels.codes.max() < 1:
        raise EvaluationError(f"--by {CLASSIFIED} needs photos of two classes: choose another figure, such as recall@1")
    ks = counted(options["recall"] or KS, options["by"])
    with judging_bar() as advanced:
        full = not options["retrieval_only"]
        judge = Judge(index.distance, labels.codes, full=full, ks=ks, advanced=advanced, **shared)
        judgements, refused = judge_each(candidates, judge.judge)
    for remark in dict.fromkeys(remark for judgement in judgements for remark in judgement.remarks):
        stderr.say(remark)

    def draw(folder: str, kind: str) -> Iterable[EvaluationPlot]:
        from imgsim.reports.evaluation_plots import draw_evaluation

        return draw_evaluation(folder, kind, index, labels, judgements, seed=shared["seed"])

    drawn, grid = _draw(options, draw), grid_of_classes(labels, judgements)
    verdicts = give_verdicts(judgements, options["by"], seed=shared["seed"])
    titles = titles_at(ks, TITLES) if options["recall"] else TITLES
    return JudgedRows(to_objects(judgements, verdicts, options["by"]), titles, refused, drawn, grid)


def judge_by_pairs(
    index: Index,
    candidates: Sequence[Candidate],
    decided: PairSource,
    options: dict[str, Any],
    *,
    jobs: int | None,
    seed: int,
) -> JudgedRows:
    """Judge by what was decided about pairs."""
    from imgsim.cli.progress_bars import judging_bar
    from imgsim.evaluation.candidates import bare_extractors
    from imgsim.evaluation.comparison import give_verdicts
    from imgsim.evaluation.pair_judge import PairJudge
    from imgsim.evaluation.retrieval import KS
    from imgsim.reports.judgement_rows import TITLES, to_objects

    ks = counted(options["recall"] or KS, options["by"])
    wanted = bare_extractors(candidates)
    with decided_sides(index, decided, wanted, jobs=jobs, strict=options["strict"]) as sides, judging_bar() as advanced:
        note_assumption(sides.labels)
        full = not options["retrieval_only"]
        judge = PairJudge(sides.distance, sides.labels, full=full, ks=ks, advanced=advanced, seed=seed)
        found: list[FoundThings] = []

        def judge_one(candidate: Candidate) -> Judgement:
            things = judge.retrieve(candidate)
            judgement = judge.conclude(things)
            found.append(things)
            return judgement

        judgements, refused = judge_each(candidates, judge_one)
        for remark in dict.fromkeys(remark for judgement in judgements for remark in judgement.remarks):
            stderr.say(remark)

        def draw(folder: str, kind: str) -> Iterable[EvaluationPlot]:
            from imgsim.reports.pair_plots import draw_pairs

            return draw_pairs(folder, kind, sides.labels, found, judgements)

        drawn = _draw(options, draw)
        if options["grid"]:
            from imgsim.cli.pair_grid import PairGrid

            by = [sides.distance(one.candidate.extractors, one.candidate.metric) for one in found]
            shown = PairGrid(sides, list(zip(found, by, strict=True))).draw(options["grid"], options["grid_photos"])
            drawn = _beside(drawn, options, shown)
    verdicts = give_verdicts(judgements, options["by"], seed=seed)
    titles = titles_at(ks, TITLES) if options["recall"] else TITLES
    return JudgedRows(to_objects(judgements, verdicts, options["by"]), titles, refused, drawn)


def judge_by_scores(
    index: Index, candidates: Sequence[Candidate], source: LabelSource, options: dict[str, Any], seed: int
) -> JudgedRows:
    """Judge by how well neighbours tell a photo's score."""
    from imgsim.cli.progress_bars import judging_bar
    from imgsim.evaluation.scores import ScoreJudgement, judge_scores
    from imgsim.reports.judgement_rows import SCORE_TITLES, score_objects

    read = scores_for(source, index.root, index.paths, attributes_in(index))
    scores = leave_out_scored_copies(read, index, near=bool(options["group"])).values
    with judging_bar() as advanced:

        def judge(candidate: Candidate) -> ScoreJudgement:
            advanced(f"{candidate.name}: neighbours", candidates.index(candidate) / len(candidates))
            return judge_scores(index.distance, scores, candidate, options["k"], seed=seed)

        judgements, refused = judge_each(candidates, judge)
    asked = [AskedPhoto(one.candidate, one.metric, one.agreement.photos) for one in judgements]
    rows = score_objects(judgements, seed=seed)
    return JudgedRows(rows, SCORE_TITLES, refused, grid=grid_of_scores(scores, asked))


def judge_by_triplets(
    index: Index, candidates: Sequence[Candidate], source: LabelSource, options: dict[str, Any], seed: int
) -> JudgedRows:
    """Judge by which of two photos is the nearer one: that of a near score, or that of a far one."""
    from imgsim.cli.progress_bars import judging_bar
    from imgsim.evaluation.triplet_decisions import TripletJudgement, judge_triplets
    from imgsim.reports.judgement_rows import TRIPLET_TITLES, triplet_objects

    read = scores_for(source, index.root, index.paths, attributes_in(index))
    scores = leave_out_scored_copies(read, index, near=bool(options["group"])).values
    within, _, beyond = options["triplets"].partition(":")
    with judging_bar() as advanced:

        def judge(candidate: Candidate) -> TripletJudgement:
            advanced(f"{candidate.name}: triplets", candidates.index(candidate) / len(candidates))
            return judge_triplets(index.distance, scores, candidate, (within, beyond), seed=seed)

        judgements, refused = judge_each(candidates, judge)
    asked = [AskedPhoto(one.candidate, one.metric, one.decisions.photos) for one in judgements]
    rows, widths = triplet_objects(judgements, seed=seed), judgements[0].decisions.widths
    return JudgedRows(rows, TRIPLET_TITLES, refused, grid=grid_of_scores(scores, asked, widths))


def _draw(options: Mapping[str, Any], draw: Callable[[str, str], Iterable[EvaluationPlot]]) -> ReportPictures | None:
    """Draw what was found out into a folder, and for a report, each where it is asked for."""
    if not options["plots"] and not options["report"]:
        return None
    from imgsim.cli.evaluation_report import draw_for_report, embed

    if not options["plots"]:
        return draw_for_report(draw)
    drawn = []
    for plot in draw(options["plots"], options["plot_format"]):
        stderr.say(f"drew {plot.path}")
        drawn.append(plot)
    return embed(drawn) if options["report"] else None


def _beside(drawn: ReportPictures | None, options: Mapping[str, Any], shown: str) -> ReportPictures | None:
    """Put the picture of `--grid`, if it was drawn, beside others of a report, if there is one."""
    if not options["report"] or not shown:
        return drawn
    from imgsim.cli.evaluation_report import with_grid

    return with_grid(drawn, options["grid"], shown)
