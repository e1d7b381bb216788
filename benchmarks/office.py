"""How good `match` is in a made-up office, and what its probabilities are worth: the tables of docs/matching.md.

``python -m benchmarks.office ../shared/data``, or ``-x NAME`` for another extractor, ``--offices N`` for fewer offices.

Each office is dealt anew, with a seed, from photos that are measured once. Things that were lost and found are the 81
goods of grocery and the ten scenes of neardup, each reported on one or two photos and found on one or two others; a
scene's photos are its copies, edited as in `benchmarks.thresholds`. Beside them lie 300 garments (clothing) of one
photo each, one half lost and never found, the other found and missed by nobody. Everything has a kind, as clerks type
it (one in twenty is typed wrong), a day and a place; what is found is so within a week of the loss, mostly nearby.

What is judged is what the commands do, in arrays: `match` by `search.two_sides`, `--assign` by `search.one_to_one`,
`calibrate` by `evaluation.calibration_fit`, `calibrate --pairs` by `evaluation.pair_judge`.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmarks.recall import folders, grocery
from benchmarks.thresholds import edited
from imgsim.errors import ImageReadError, ImgsimError
from imgsim.evaluation.calibration_fit import calibrate_distance
from imgsim.evaluation.pair_judge import calibrate_pairs
from imgsim.evaluation.pair_labels import label_pairs
from imgsim.evaluation.probabilities import measure_reliability
from imgsim.features import load_extractor
from imgsim.features.measure import measure
from imgsim.metrics import load_metric, measure_statistics
from imgsim.search.gallery import lay_out
from imgsim.search.one_to_one import assign
from imgsim.search.ranking import Term
from imgsim.search.thing_side import take_part
from imgsim.search.two_sides import match_sides

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.metrics.calibration import Calibration
    from imgsim.search.thing_side import ThingSide
    from imgsim.search.two_sides import MatchedThings

    Numbers = NDArray[np.intp]
    Figures = dict[str, float]

K, CONFIRMATIONS, SURE = 10, 30, 0.8
LOOKED_AT = 3  # candidates that a clerk rejects where none of those shown is right
DAYS, WITHIN, PLACES = 60, 7, 6
MISTYPED, SAME_PLACE, NEXT_PLACE = 0.05, 0.6, 0.3
SETS = ("goods", "scenes")


class Photos(NamedTuple):
    """Photos, measured: the set (P,) that each is of, the thing and the kind that it shows, and its features (P, D)."""

    sets: NDArray[np.str_]
    things: Numbers
    kinds: Numbers
    features: Features


class OfficeSide(NamedTuple):
    """One side of an office: photos (n,) among all, and of each the kind that was typed, the day and the place."""

    photos: Numbers
    kinds: Numbers
    days: Numbers
    places: Numbers


class Office(NamedTuple):
    """Two sides whose things have the same numbers, compared by one metric as a found side's index compares them."""

    lost: OfficeSide
    found: OfficeSide
    everything: Photos
    metric: str
    one: bool = False

    @property
    def specs(self) -> tuple[str, ...]:
        """What no judge needs to know here."""
        return ("office",)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metric."""
        return (self.metric,)

    def sides(self, lost_things: NDArray[np.bool_] | None = None) -> tuple[ThingSide, ThingSide]:
        """Lay out both sides; of the lost one some things alone where they are given, by number."""
        features = self.everything.features
        fitted = load_metric(self.metric).fit(measure_statistics(features[self.found.photos]))
        sides = []
        for side in (self.lost, self.found):
            things = self.everything.things[side.photos]
            if side is self.lost and lost_things is not None:
                things = np.where(lost_things[things], things, -1)
            term = Term(lay_out(features[side.photos], fitted), fitted)
            sides.append(take_part([term], np.arange(len(side.photos)), things))
        return sides[0], sides[1]


class Shown(NamedTuple):
    """What `match` shows: pairs of things (n,) by number, their ranks and distances, and which are assigned."""

    lost: Numbers
    found: Numbers
    ranks: Numbers
    distances: NDArray[np.float64]
    assigned: NDArray[np.bool_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each pair is one thing."""
        return np.equal(self.lost, self.found)


def read_photos(data: Path, name: str) -> Photos:
    """Measure all photos."""
    with (data / "grocery" / "photos.csv").open(newline="", encoding="utf-8") as table:
        coarse = [row["coarse"] for row in csv.DictReader(table)]
    goods = list(grocery(data / "grocery"))
    scenes = edited(sorted((data / "neardup/base_images").iterdir()))
    garments = list(folders(data / "clothing/photos"))
    sources = [*(path for path, _ in goods), *scenes.photos, *(path for path, _ in garments)]
    sets = ["goods"] * len(goods) + ["scenes"] * len(scenes.photos) + ["garments"] * len(garments)
    things = [thing for _, thing in goods] + scenes.scenes.tolist() + [path.name for path, _ in garments]
    kinds = coarse + ["scene"] * len(scenes.photos) + [kind for _, kind in garments]
    measured = list(measure(sources, [load_extractor(name)]))
    features = [one.features[0] for one in measured if not isinstance(one, ImageReadError)]
    if len(features) < len(sources):
        raise ImgsimError(f"{len(sources) - len(features)} photos cannot be read")
    numbers, typed = (np.unique(names, return_inverse=True)[1] for names in (things, kinds))
    return Photos(np.array(sets), numbers, typed, np.concatenate(features))


def deal(photos: Photos, metric: str, seed: int) -> Office:
    """Deal photos to both sides, and draw what is known of each thing."""
    rng = np.random.default_rng(seed)
    count = int(photos.things.max()) + 1
    firsts = np.unique(photos.things, return_index=True)[1]
    lost_days = rng.integers(0, DAYS, count)
    found_days = lost_days + rng.integers(0, WITHIN + 1, count)
    lost_places = rng.integers(0, PLACES, count)
    drawn = rng.random(count)
    away = np.where(drawn < SAME_PLACE, 0, np.where(drawn < SAME_PLACE + NEXT_PLACE, 1, rng.integers(2, 5, count)))
    found_places = (lost_places + rng.choice([-1, 1], count) * away) % PLACES
    sides: tuple[list[int], list[int]] = ([], [])
    garments = rng.permutation(np.flatnonzero(photos.sets == "garments"))
    for side, half in zip(sides, np.array_split(garments, 2), strict=True):
        side.extend(half.tolist())
    for thing in np.flatnonzero(photos.sets[firsts] != "garments").tolist():
        its = rng.permutation(np.flatnonzero(photos.things == thing)).tolist()
        for side in sides:
            side.extend(its.pop() for _ in range(rng.integers(1, 3)))
    kinds = np.unique(photos.kinds)
    described = []
    for side, days, places in zip(sides, (lost_days, found_days), (lost_places, found_places), strict=True):
        typed = np.where(rng.random(count) < MISTYPED, rng.choice(kinds, count), photos.kinds[firsts])
        chosen = np.sort(np.array(side))
        things = photos.things[chosen]
        described.append(OfficeSide(chosen, typed[things], days[things], places[things]))
    return Office(described[0], described[1], photos, metric)


def conditions(office: Office) -> dict[str, Callable[[Numbers, Numbers], NDArray[np.bool_]] | None]:
    """Give what --on asks of pairs of photos, by how a table names it."""
    lost, found = office.lost, office.found

    def kind(ours: Numbers, theirs: Numbers) -> NDArray[np.bool_]:
        return np.equal(lost.kinds[ours][:, None], found.kinds[theirs])

    def week(ours: Numbers, theirs: Numbers) -> NDArray[np.bool_]:
        later = found.days[theirs] - lost.days[ours][:, None]
        return np.logical_and(later >= 0, later <= WITHIN)

    def near(ours: Numbers, theirs: Numbers) -> NDArray[np.bool_]:
        apart = np.abs(found.places[theirs] - lost.places[ours][:, None])
        steps: NDArray[np.bool_] = np.minimum(apart, PLACES - apart) <= 1
        return steps

    return {
        "no condition": None,
        "`found.kind = lost.kind`": kind,
        "found within a week of the loss": week,
        "`found.place near lost.place`": near,
        "kind and week": lambda ours, theirs: kind(ours, theirs) & week(ours, theirs),
        "all three": lambda ours, theirs: kind(ours, theirs) & week(ours, theirs) & near(ours, theirs),
    }


def show(
    office: Office,
    allowed: Callable[[Numbers, Numbers], NDArray[np.bool_]] | None = None,
    lost_things: NDArray[np.bool_] | None = None,
) -> Shown:
    """Match things, K found ones for each lost one."""
    lost, found = office.sides(lost_things)
    pairs: MatchedThings = match_sides(lost.side, found.side, K, allowed)
    given = assign(pairs.lost, pairs.found, pairs.distances)
    return Shown(lost.things[pairs.lost], found.things[pairs.found], pairs.ranks, pairs.distances, given)


def judge_matches(office: Office) -> dict[str, Figures]:
    """Give by condition the share of the found things of each set at rank 1, within 5, and assigned."""
    photos = office.everything
    firsts = np.unique(photos.things, return_index=True)[1]
    figures = {}
    for name, allowed in conditions(office).items():
        shown = show(office, allowed)
        told: Figures = {}
        for one in SETS:
            there = photos.sets[firsts] == one
            right = shown.right & there[shown.lost]
            total = np.count_nonzero(there)
            told[f"{one} @1"] = np.count_nonzero(right & (shown.ranks == 1)) / total
            told[f"{one} @5"] = np.count_nonzero(right & (shown.ranks <= 5)) / total
            told[f"{one} assigned"] = np.count_nonzero(right & shown.assigned) / total
        garments = (photos.sets[firsts] == "garments")[shown.lost] & (shown.ranks == 1)
        kinds = photos.kinds[firsts]
        alike = kinds[shown.lost] == kinds[shown.found]
        told["garments: of the kind @1"] = np.count_nonzero(garments & alike) / len(np.unique(shown.lost[garments]))
        given = shown.assigned
        told["assigned are right"] = float(shown.right[given].mean())
        figures[name] = told
    return figures


def decide(shown: Shown, seed: int) -> tuple[set[tuple[int, int]], set[tuple[int, int]], set[tuple[int, int]]]:
    """Let a clerk go through reports in a drawn order, down to 30 confirmations: confirmed, rejected and said pairs."""
    confirmed, rejected, said = set[tuple[int, int]](), set[tuple[int, int]](), set[tuple[int, int]]()
    for thing in np.random.default_rng(seed).permutation(np.unique(shown.lost)).tolist():
        its = shown.found[shown.lost == thing].tolist()
        said |= {(thing, one) for one in its}
        if thing in its:
            confirmed.add((thing, thing))
        before = its[: its.index(thing)] if thing in its else its[:LOOKED_AT]
        rejected |= {(thing, one) for one in before}
        if len(confirmed) == CONFIRMATIONS:
            break
    return confirmed, rejected, said


def calibrations(office: Office, learned: NDArray[np.bool_], seed: int) -> dict[str, Calibration]:
    """Fit probabilities on what is `learned` from, things by number, in several ways."""
    photos = office.everything
    here = np.concatenate([office.lost.photos, office.found.photos])
    metric = load_metric(office.metric).fit(measure_statistics(photos.features[office.found.photos]))
    terms = [Term(lay_out(photos.features[here], metric), metric)]
    of_half = learned[photos.things[here]]
    codes = {"kinds": photos.kinds[here], "things": photos.things[here]}
    fits = {
        f"`--labels`: {name}": calibrate_distance(terms, np.where(of_half, its, -1), K, seed=seed).calibration
        for name, its in codes.items()
    }
    confirmed, rejected, said = decide(show(office, lost_things=learned), seed)
    for name, decided in {
        f"`--pairs`: {CONFIRMATIONS} confirmed, and what was rejected": (confirmed, rejected),
        "`--pairs`: also what was said": (confirmed, rejected, said),
    }.items():
        fits[name] = calibrate_pairs(office, label_pairs(*decided), seed=seed).calibration
    return fits


def judge_probabilities(office: Office, seed: int) -> dict[str, Figures]:
    """Fit on a drawn half of the things, and judge on what is shown of the reports of the other half."""
    photos = office.everything
    count = int(photos.things.max()) + 1
    learned = np.zeros(count, bool)
    firsts = np.unique(photos.things, return_index=True)[1]
    rng = np.random.default_rng(seed)
    for one in np.unique(photos.sets).tolist():
        its = rng.permutation(np.flatnonzero(photos.sets[firsts] == one))
        learned[its[: len(its) // 2]] = True
    shown = show(office, lost_things=~learned)
    figures = {}
    for name, calibration in calibrations(office, learned, seed).items():
        given = calibration(shown.distances)
        sure = given >= SURE
        figures[name] = {
            "Brier": float(np.mean((given - shown.right) ** 2)),
            "ECE": measure_reliability(given, shown.right).calibration_error,
            "pairs above 0.8": float(np.count_nonzero(sure)),
            "of them right": float(shown.right[sure].mean()) if sure.any() else np.nan,
            "of the right ones shown, above": float(sure[shown.right].mean()),
        }
    return figures


def table(title: str, offices: Sequence[dict[str, Figures]]) -> Iterator[str]:
    """Write the mean of each figure over offices, and within what 19 of 20 of them lie."""
    names = list(next(iter(offices[0].values())))
    yield f"| {title} | {' | '.join(names)} |"
    yield f"|---|{'---:|' * len(names)}"
    for row in offices[0]:
        cells = []
        for name in names:
            values = np.array([office[row][name] for office in offices])
            values = values[np.isfinite(values)]
            low, high = np.quantile(values, [0.025, 0.975]) if len(values) else (np.nan, np.nan)
            digits = 0 if values.max(initial=0) > 1 else 3 if name in ("Brier", "ECE") else 2
            cells.append(f"{values.mean():.{digits}f} ({low:.{digits}f}..{high:.{digits}f})")
        yield f"| {row} | {' | '.join(cells)} |"


def gains(offices: Sequence[dict[str, Figures]]) -> list[dict[str, Figures]]:
    """Give by how much the last row of each office differs from each of the others."""
    return [
        {
            f"beside {name}": {one: last[one] - figures[one] for one in ("Brier", "ECE", "of them right")}
            for name, figures in rest.items()
        }
        for *others, (_, last) in (list(office.items()) for office in offices)
        for rest in [dict(others)]
    ]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder that holds grocery, neardup and clothing")
    parser.add_argument("-x", default="efficientnet_lite0", help="the extractor")
    parser.add_argument("--offices", type=int, default=20, help="how many are dealt")
    options = parser.parse_args()
    photos, metric = read_photos(options.data, options.x), load_extractor(options.x).metric
    offices = [deal(photos, metric, seed) for seed in range(options.offices)]
    print(f"{len(photos.sets)} photos, {options.offices} offices; by {options.x}, {metric}\n")
    for line in table("", [judge_matches(office) for office in offices]):
        print(line, flush=True)
    print()
    judged = [judge_probabilities(office, seed) for seed, office in enumerate(offices)]
    for rows in (judged, gains(judged)):
        for line in table("", rows):
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
