"""`imgsim calibrate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.flags import (
    count_option,
    device_option,
    extractor_option,
    format_option,
    general_options,
    labels_options,
    metric_option,
)
from imgsim.cli.labels import LabelSource, attributes_in, indexed, labels_for, leave_out_copies
from imgsim.cli.lock_wait import once_unlocked, wait_option
from imgsim.cli.output import JSON, write_object, write_text
from imgsim.cli.pair_sources import PairSource, decided_sides, pairs_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.cli.pair_sources import DecidedSides
    from imgsim.evaluation.calibration_fit import CalibrationFit
    from imgsim.index.distance import ChosenDistance
    from imgsim.search.ranking import Term


@click.command()
@click.argument("folder", type=click.Path())
@labels_options(scores=False)
@pairs_options
@extractor_option(fused=True)
@metric_option
@count_option
@click.option("--plot", type=click.Path(dir_okay=False), metavar="FILE.png|svg", help="Draw the reliability diagram.")
@click.option("--index", "index_path", type=click.Path(), metavar="PATH", help="The index's own folder.")
@wait_option
@format_option("text", "json", "jsonl", default="text")
@device_option
@general_options
def calibrate(
    folder: str,
    extractors: tuple[str, ...],
    metric: str | None,
    k: int,
    plot: str | None,
    index_path: str | None,
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
    """Turn distances into probabilities, fitted to the photos in FOLDER, of which it is known what they show.

    Every photo asks for its k nearest among the others; isotonic or logistic regression, whichever predicts better the
    matches of queries left out, gives the probability that a match shows the same thing. It is kept in the index, for
    this distance only: `imgsim query` then prints it. Without -x and -m it is the index's default distance.

    With --pairs it is fitted to the pairs that `imgsim pair` confirmed and rejected, and to those that were said and
    not decided though one of their things is confirmed to be another's, which count as no match. Probabilities are then
    of pairs that `imgsim match` shows, among things that are found in the end. 5 pairs of either kind are needed.

    brier is the mean squared difference between a match's probability and what it is, 1 or 0; ece, the expected
    calibration error, is by how much probabilities differ from the shares that are right. 0 is perfect for both.
    """
    from imgsim.naming import without_weight

    if plot:
        from imgsim.reports.figures import check_picture_path

        check_picture_path(plot)
    source = LabelSource(labels, key, encoding, strict).checked()
    decided = PairSource(pairs, lost, where, thing).checked("k")
    source.check_known(index_path or folder)
    wanted = [without_weight(text) for text in extractors]
    with indexed(folder, index_path, wanted, jobs=jobs, strict=strict) as index:
        distance = index.distance(extractors, metric)
        if pairs:
            with decided_sides(index, decided, list(distance.specs), jobs=jobs, strict=strict) as sides:
                fit = _fit_pairs(sides, extractors, metric, seed)
        else:
            known = labels_for(source, index.root, index.paths, attributes_in(index))
            fit = _fit(distance.terms(), leave_out_copies(known, index).codes, k, seed)
    once_unlocked(lambda: _keep(index_path or folder, distance, fit))
    if plot:
        _draw(plot, distance.name, fit)
    facts = _facts(distance.name, fit)
    if format_ in JSON:
        write_object(facts)
    else:
        write_text("".join(f"{name.replace('_', ' ')}: {value}\n" for name, value in facts.items()))


def _fit(terms: Sequence[Term], codes: NDArray[np.intp], k: int, seed: int) -> CalibrationFit:
    from imgsim.cli.progress_bars import judging_bar
    from imgsim.evaluation.calibration_fit import calibrate_distance

    done = 0
    with judging_bar() as bar:

        def advanced(photos: int) -> None:
            nonlocal done
            done += photos
            bar("calibrating", done / len(codes))

        return calibrate_distance(terms, codes, k, seed=seed, advanced=advanced)


def _fit_pairs(sides: DecidedSides, extractors: Sequence[str], metric: str | None, seed: int) -> CalibrationFit:
    from imgsim.evaluation.pair_judge import calibrate_pairs

    labels = sides.labels
    told = f"{labels.confirmed} confirmed pairs as matches; {labels.rejected} rejected ones as none"
    stderr.say(
        f"{told}, and {labels.passed_over} that were said, since one of their things is confirmed to be another's; "
        "probabilities are of pairs that are shown, where a thing is found in the end"
    )
    return calibrate_pairs(sides.distance(extractors, metric), labels, seed=seed)


def _keep(place: str, distance: ChosenDistance, fit: CalibrationFit) -> None:
    from imgsim.index.index_writer import IndexWriter

    with IndexWriter.open(place) as writer:
        writer.keep_calibration(distance, fit.calibration)


def _facts(distance: str, fit: CalibrationFit) -> dict[str, Any]:
    reliability = fit.reliability
    return {
        "distance": distance,
        "kind": fit.calibration.kind,
        "matches": int(reliability.count.sum()),
        "same": int(reliability.hits.sum()),
        **{f"log_loss_{kind}": round(loss, 6) for kind, loss in fit.log_losses.items()},
        "brier": round(fit.brier, 6),
        "ece": round(reliability.calibration_error, 6),
    }


def _draw(path: str, distance: str, fit: CalibrationFit) -> None:
    from imgsim.reports.curves import plot_reliability

    plot_reliability(fit.reliability, path, title=f"Reliability of {distance}")
    stderr.say(f"drew {path}")
