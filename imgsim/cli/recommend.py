"""`imgsim recommend`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.evaluate import FIGURES
from imgsim.cli.labelled import Source, labels_for
from imgsim.cli.options import device_option, format_option, general_options, labels_options
from imgsim.cli.output import RowWriter, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgsim.evaluation.recommending import Recommendation

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
@format_option("table", "json", "csv", "markdown", default="a table")
@device_option
@general_options
def recommend(
    folder: str,
    extractors: tuple[str, ...],
    seconds: float,
    by: str,
    save: bool,  # noqa: FBT001
    index_path: str | None,
    jobs: int | None,
    seed: int,
    format_: str | None,
    labels: str | None,
    key: str | None,
    encoding: str | None,
    strict: bool,  # noqa: FBT001
) -> None:
    """Try extractors and distances on the photos in FOLDER, whose classes are known, and rank them.

    All are tried on a few photos, the better half on more, and so on within the time (successive halving); the last two
    are also fused. Nothing of it stays in the folder's index, unless --save makes the winner its default.
    """
    from imgsim.evaluation.candidates import extractor_grid, parse_candidates

    parse_candidates(extractors)
    ranking = _try(
        folder,
        Source(labels, key, encoding, strict).checked(),
        list(extractors) or extractor_grid(),
        by=by,
        seconds=seconds,
        jobs=jobs,
        seed=seed,
    )
    _write(ranking, by, seed, format_ or "table")
    if save:
        _save(folder, index_path, ranking[0], jobs)


def _try(
    folder: str, source: Source, extractors: list[str], *, by: str, seconds: float, jobs: int | None, seed: int
) -> list[Recommendation]:
    """Hold a trial on the photos that have a class."""
    import numpy as np

    from imgsim.cli.progress import IndexingProgress
    from imgsim.errors import EvaluationError
    from imgsim.evaluation.halving import pairs_first
    from imgsim.evaluation.recommending import recommend as rank
    from imgsim.evaluation.trials import Trial, trial_directory
    from imgsim.images.find import find_images
    from imgsim.index.processes import default_jobs

    paths = [image.path for image in find_images(folder).images]
    codes = labels_for(source, folder, paths).codes
    labelled = np.flatnonzero(codes >= 0)
    if len(np.unique(codes[labelled])) == len(labelled):
        raise EvaluationError(f"{folder}: no class has two photos: there is nothing to find, give other labels")
    labelled = labelled[pairs_first(codes[labelled], seed)]
    chosen, workers = [paths[place] for place in labelled], jobs or default_jobs()
    with trial_directory() as directory, IndexingProgress() as progress:
        trial = Trial(folder, directory, chosen, codes[labelled], by=by, seed=seed, jobs=workers, observer=progress)
        return rank(trial, folder, chosen, extractors, by=by, seconds=seconds, jobs=workers)


def _write(ranking: Sequence[Recommendation], by: str, seed: int, format_: str) -> None:
    from imgsim.evaluation.tables import TITLES, to_flat
    from imgsim.reports.tables import markdown_table

    rows = _objects(ranking, by, seed)
    if format_ == "json":
        write_text(json.dumps(rows, indent=1, allow_nan=False) + "\n")
    elif format_ == "csv":
        flat = to_flat(rows)
        RowWriter("csv", list(dict.fromkeys(name for row in flat for name in row))).write(flat)
    else:
        header, lines = _cells(rows, TITLES)
        if format_ == "markdown":
            write_text(markdown_table(header, lines))
        else:
            RowWriter("table", header).write(dict(zip(header, line, strict=True)) for line in lines)


def _objects(ranking: Sequence[Recommendation], by: str, seed: int) -> list[dict[str, Any]]:
    """Write the ranking; those that came to the end are compared with the winner."""
    from imgsim.evaluation.tables import to_objects
    from imgsim.evaluation.verdicts import Verdict, give_verdicts

    finalists = [one for one in ranking if one.photos == ranking[0].photos]
    verdicts = give_verdicts([one.judgement for one in finalists], by, seed=seed)
    verdicts += [Verdict("given up", float("nan"), None)] * (len(ranking) - len(finalists))
    rows = to_objects([one.judgement for one in ranking], verdicts, by)
    for row, one in zip(rows, ranking, strict=True):
        row |= {"photos": one.photos, "ms_per_photo": round(1000 * one.footprint.seconds, 2)}
        row["bytes_per_photo"] = one.footprint.bytes
    return rows


def _cells(rows: list[dict[str, Any]], titles: dict[str, str]) -> tuple[list[str], list[list[str]]]:
    from imgsim.evaluation.tables import to_cells

    shown = {name: titles[name] for name in ("recall@1", "recall@5", "map", "map@r")}
    header, *lines = to_cells(rows, shown)
    costs = [[str(row["photos"]), f"{row['ms_per_photo']:.1f}", f"{row['bytes_per_photo']:,}"] for row in rows]
    return [*header, "photos", "ms", "bytes"], [line + cost for line, cost in zip(lines, costs, strict=True)]


def _save(folder: str, index_path: str | None, winner: Recommendation, jobs: int | None) -> None:
    from imgsim.cli.progress import IndexingProgress
    from imgsim.evaluation.candidates import bare_extractors
    from imgsim.index.indexing import set_default_query, update_index
    from imgsim.index.options import Options

    candidate = winner.judgement.candidate
    with IndexingProgress() as progress:
        wanted = bare_extractors([candidate])
        update_index(folder, index=index_path, extractors=wanted, options=Options(jobs=jobs), observer=progress)
    set_default_query(folder, candidate.extractors, candidate.metric, index=index_path)
    by = f" by {candidate.metric}" if candidate.metric else ""
    stderr.say(f"{candidate.name}{by} is now the default of the index of {folder}")
