"""`imgsim recommend`."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.figure_names import FIGURES
from imgsim.cli.flags import device_option, format_option, general_options, labels_options
from imgsim.cli.inputs import photos_among
from imgsim.cli.judged import check_wide, wide_option, write_judged
from imgsim.cli.labels import LabelSource, attributes_at, labels_for, update_showing
from imgsim.cli.lock_wait import once_unlocked, wait_option
from imgsim.cli.pair_sources import PairSource, decided_sides, note_assumption, pairs_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.recommend.recommendation import Recommendation
    from imgsim.reports.judgement_rows import Style

TOLERANCE = 0.2  # of the time given: by so much more nobody is told
_UNITS = {"s": 1, "m": 60, "h": 3600}


class Duration(click.ParamType[float]):
    """Seconds, or a number with s, m or h behind it."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401
        """Read a duration, in seconds."""
        matched = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", str(value))
        if not matched:
            self.fail(f"{value!r} is no duration: write 90, 90s, 5m or 1h", param, ctx)
        return float(matched[1]) * _UNITS[matched[2] or "s"]


@click.command()
@click.argument("folder", type=click.Path())
@labels_options(scores=False)
@pairs_options
@click.option(
    "--time", "seconds", type=Duration(), default="5m", show_default=True, help="How long to try: 90s, 5m, 1h."
)
@click.option(
    "-x",
    "--extractor",
    "extractors",
    multiple=True,
    metavar="NAME[:KEY=VALUE,...]",
    help="Try these only; repeatable. Without it: all that need no weights, and all networks in the model cache.",
)
@click.option(
    "--by", type=click.Choice(FIGURES), default="recall@1", show_default=True, help="The figure that decides."
)
@click.option("--save", is_flag=True, help="Make the winner the default of the folder's index.")
@click.option("--index", "index_path", type=click.Path(), metavar="PATH", help="The index's own folder, for --save.")
@wait_option
@wide_option
@format_option("table", "json", "jsonl", "csv", "markdown", default="a table")
@device_option
@general_options
def recommend(
    folder: str,
    extractors: tuple[str, ...],
    seconds: float,
    by: str,
    save: bool,  # noqa: FBT001
    index_path: str | None,
    wide: bool,  # noqa: FBT001
    jobs: int | None,
    seed: int,
    format_: str | None,
    labels: str | None,
    key: str | None,
    encoding: str | None,
    strict: bool,  # noqa: FBT001
    pairs: bool,  # noqa: FBT001
    lost: str | None,
    where: tuple[str, ...],
    thing: str | None,
) -> None:
    """Try extractors and distances on the photos in FOLDER, whose classes are known, and rank them.

    All are tried on a few photos, the better half on more, and so on within the time (successive halving); the last two
    are also fused. The last columns tell what it takes; compared tells whether a row is the best, truly worse (p < 0.05
    on the same photos), not told apart from it by so few photos, or given up: behind the better half when fewer photos
    were tried, so that its figures are of those. Nothing of it stays in the folder's index, unless --save makes the
    winner its default.

    With --pairs they are ranked by how high each lost thing that is confirmed to be a found one has it; every other
    found thing counts as no match. The things of confirmed pairs come first, then what else was found.
    """
    end = time.monotonic() + seconds
    from imgsim.evaluation.candidates import extractor_grid, parse_candidates
    from imgsim.recommend.recommendation import distinct

    check_wide(format_, wide=wide)
    parse_candidates(extractors)
    source, tried = LabelSource(labels, key, encoding, strict).checked(), distinct(extractors or extractor_grid())
    decided = PairSource(pairs, lost, where, thing).checked()
    source.check_known(index_path or folder)
    if save:
        from imgsim.index.update import check_update

        once_unlocked(lambda: check_update(folder, index=index_path))
    place = index_path or folder
    if pairs:
        ranking = _try_pairs(place, decided, tried, by=by, end=end, jobs=jobs, seed=seed, strict=strict)
    else:
        ranking = _try(folder, source, place, tried, by=by, end=end, jobs=jobs, seed=seed)
    rows = _objects(ranking, by, seed)
    _say_if_late(ranking, seconds, time.monotonic() - end)
    try:
        if save:
            once_unlocked(lambda: _save(folder, index_path, lost, ranking[0], jobs))
    finally:  # a trial that took long is not lost with the index
        from imgsim.reports.judgement_rows import IN_A_LINE

        write_judged(rows, format_ or "table", lambda style: _lines(rows, style), style=IN_A_LINE, wide=wide)


def _try(
    folder: str, source: LabelSource, place: str, tried: list[str], *, by: str, end: float, jobs: int | None, seed: int
) -> list[Recommendation]:
    """Hold a trial on the photos that have a class."""
    import numpy as np

    from imgsim.cli.progress_bars import IndexingProgress
    from imgsim.errors import EvaluationError
    from imgsim.evaluation.copies import describe_copies, mark_copies
    from imgsim.images.content import contents
    from imgsim.index.index import remembered_at
    from imgsim.processes import default_jobs
    from imgsim.recommend.halving import pairs_first
    from imgsim.recommend.recommendation import recommend as rank
    from imgsim.recommend.trials import Trial, trial_directory
    from imgsim.tables.ground_truth import check_photos, check_readable, one_class

    made = remembered_at(place)
    found = made.scan(folder)
    for path, reason in found.unreadable:
        stderr.say(f"skipped {path}: {reason}")
    check_readable([path for path, _ in found.unreadable] if source.strict else [])
    photos = photos_among(folder, found)
    paths = [image.path for image in photos]
    check_photos(folder, len(paths), [path for path, _ in found.unreadable])
    labels = labels_for(source, folder, paths, attributes_at(place))
    copies = mark_copies([contents(folder, photos)], labels.codes >= 0)
    if told := describe_copies(copies):
        stderr.say(told)
    codes = np.where(copies, -1, labels.codes)
    labelled = np.flatnonzero(codes >= 0)
    if len(np.unique(codes[labelled])) == len(labelled):
        raise EvaluationError(f"{folder}: no class has two photos: there is nothing to find, give other labels")
    labelled = labelled[pairs_first(codes[labelled], seed)]
    chosen = [paths[place] for place in labelled]
    with trial_directory() as directory, IndexingProgress() as progress:
        trial = Trial(
            folder,
            directory,
            chosen,
            codes[labelled],
            by=by,
            seed=seed,
            observer=progress,
            strict=source.strict,
            limits=made.limits,
        )
        ranking = rank(trial, tried, end=end, jobs=jobs or default_jobs())
    judged = set(chosen[: ranking[0].photos]) - set(trial.unreadable)
    present = {code for path, code in zip(paths, codes.tolist(), strict=True) if path in judged}
    if len(present) == 1 and len(np.unique(codes[labelled])) > 1:
        stderr.say(one_class(len(judged), labels.names[present.pop()]))
    return ranking


def _try_pairs(
    place: str,
    source: PairSource,
    tried: list[str],
    *,
    by: str,
    end: float,
    jobs: int | None,
    seed: int,
    strict: bool,
) -> list[Recommendation]:
    """Hold a trial on the photos of confirmed pairs, and on what else was found."""
    from imgsim.cli.progress_bars import IndexingProgress
    from imgsim.errors import EvaluationError
    from imgsim.index.index import open_index, remembered_at
    from imgsim.processes import default_jobs
    from imgsim.recommend.pair_trial import PairTrial, TrialSide
    from imgsim.recommend.recommendation import recommend as rank
    from imgsim.recommend.trials import trial_directory

    with (
        open_index(place) as index,
        index.snapshot(),
        decided_sides(index, source, None, jobs=jobs, strict=strict) as its,
    ):
        ours, theirs = (
            TrialSide(one.root, dict(zip(one.paths, things.tolist(), strict=True)))
            for one, things in zip(its.indexes, its.things, strict=True)
        )
    if not its.labels.confirmed:
        raise EvaluationError(f"{place}: no pair is confirmed: there is nothing to find", remedy="decide-pairs")
    note_assumption(its.labels)
    with trial_directory() as directory, IndexingProgress() as progress:
        options = {"by": by, "seed": seed, "observer": progress, "strict": strict}
        trial = PairTrial((ours, theirs), its.labels, directory, limits=remembered_at(place).limits, **options)
        return rank(trial, tried, end=end, jobs=jobs or default_jobs())


def _say_if_late(ranking: Sequence[Recommendation], seconds: float, late: float) -> None:
    """Say that the trial took longer than it was given, and why if it was but the first round."""
    if late > TOLERANCE * seconds:
        fewest = len({one.photos for one in ranking}) == 1
        why = f": trying all of them on {ranking[0].photos} photos takes no less" if fewest else ""
        stderr.say(f"the trial took {seconds + late:.1f} s instead of {seconds:g} s{why}")


def _objects(ranking: Sequence[Recommendation], by: str, seed: int) -> list[dict[str, Any]]:
    """Write the ranking; those that came to the end are compared with the winner."""
    from imgsim.evaluation.comparison import Verdict, give_verdicts
    from imgsim.reports.judgement_rows import to_objects

    finalists = [one for one in ranking if one.photos == ranking[0].photos]
    verdicts = give_verdicts([one.judgement for one in finalists], by, seed=seed)
    verdicts += [Verdict("given up", float("nan"), None)] * (len(ranking) - len(finalists))
    rows = to_objects([one.judgement for one in ranking], verdicts, by)
    for row, one in zip(rows, ranking, strict=True):
        row |= {"photos": one.photos, "ms_per_photo": round(1000 * one.footprint.seconds, 2)}
        row["bytes_per_photo"] = one.footprint.bytes
    return rows


def _lines(rows: list[dict[str, Any]], style: Style) -> list[list[str]]:
    from imgsim.reports.judgement_rows import TITLES, to_cells

    shown = {name: TITLES[name] for name in ("recall@1", "recall@5", "map", "map@r")}
    header, *lines = to_cells(rows, shown, style)
    costs = [[str(row["photos"]), f"{row['ms_per_photo']:.1f}", f"{row['bytes_per_photo']:,}"] for row in rows]
    return [[*header, "photos", "ms", "bytes"], *(line + cost for line, cost in zip(lines, costs, strict=True))]


def _save(folder: str, index_path: str | None, lost: str | None, winner: Recommendation, jobs: int | None) -> None:
    from imgsim.evaluation.candidates import bare_extractors
    from imgsim.index.index import open_index
    from imgsim.index.index_writer import IndexWriter
    from imgsim.index.options import Options

    candidate = winner.judgement.candidate
    update_showing(folder, index_path, bare_extractors([candidate]), Options(jobs=jobs))
    if lost is not None:  # or what was lost could not be compared any more
        with open_index(lost) as index:
            its = index.facts_of_place
        update_showing(str(its["folder"]), its["index"], bare_extractors([candidate]), Options(jobs=jobs))
    with IndexWriter.open(index_path or folder) as writer:
        writer.set_default(candidate.extractors, candidate.metric)
    by = f" by {candidate.metric}" if candidate.metric else ""
    where = f"the index of {folder}" if index_path is None else f"the index {index_path}"
    stderr.say(f"{candidate.name}{by} is now the default of {where}")
