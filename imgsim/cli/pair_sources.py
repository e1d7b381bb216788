"""Decided pairs in place of classes, for the commands that judge: two indexes, their things, and labels for pairs."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from imgsim.cli import name_completion, stderr
from imgsim.cli.labels import copy_keys, indexed, say_remarks
from imgsim.errors import EvaluationError, UnknownNameError
from imgsim.paths import composed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.evaluation.pair_labels import PairLabels
    from imgsim.index.both_sides import TwoSidedDistance
    from imgsim.index.index import Index
    from imgsim.index.store.pair_store import DecidedPair

F = TypeVar("F", bound="Callable[..., Any]")


class PairSource(NamedTuple):
    """Whether decided pairs are the labels, and of which photos; the options of `pairs_options`."""

    pairs: bool
    lost: str | None
    where: tuple[str, ...]
    thing: str | None

    def checked(self, *not_with: str) -> PairSource:
        """Refuse options that would be passed over in silence; `not_with` are those that go with classes alone."""
        given = click.get_current_context().get_parameter_source
        alone = [name for name, value in (("lost", self.lost), ("where", self.where), ("thing", self.thing)) if value]
        if alone and not self.pairs:
            raise click.UsageError(f"--{alone[0]} goes with --pairs: it says which photos those are of")
        for name in ("labels", "key", "encoding", *not_with) if self.pairs else ():
            if given(name) == ParameterSource.COMMANDLINE:
                shown = f"-{name}" if len(name) == 1 else f"--{name.replace('_', '-')}"
                raise click.UsageError(f"{shown} is for classes, and --pairs takes decided pairs: give one of them")
        return self


class DecidedSides(NamedTuple):
    """A lost and a found index, maybe one, the thing that each photo shows, by path, and labels for pairs of things."""

    indexes: tuple[Index, Index]
    things: tuple[NDArray[np.intp], NDArray[np.intp]]
    labels: PairLabels

    def distance(self, extractors: Sequence[str], metric: str | None) -> TwoSidedDistance:
        """Choose what the found side is compared by."""
        from imgsim.index.both_sides import compare_sides

        return compare_sides(self.indexes, self.things, extractors, metric)


def pairs_options(command: F) -> F:
    """Add `--pairs`, and of which photos they are: `--lost`, `--where`, `--thing`."""
    options = (
        click.option(
            "--pairs",
            is_flag=True,
            help="In place of classes: the pairs that `imgsim pair` confirmed and rejected, as the index of FOLDER, of "
            "what was found, keeps them. A lost thing is taken to be none of the found ones but the confirmed.",
        ),
        click.option(
            "--lost",
            type=click.Path(),
            metavar="FOLDER_OR_PATH",
            help="The indexed folder of what was lost, or its index, for --pairs. Without it, FOLDER holds both sides.",
        ),
        click.option(
            "--where",
            multiple=True,
            metavar="EXPR",
            help="For --pairs: only photos for which this holds may be found. In one index, without it: those that are "
            "the lost one of no pair.",
        ),
        click.option(
            "--thing",
            metavar="NAME",
            shell_complete=name_completion.attributes,
            help="For --pairs: the attribute that says which photos are of one thing, as in `imgsim match`.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@contextmanager
def decided_sides(
    found: Index,
    source: PairSource,
    extractors: Sequence[str] | None,
    *,
    jobs: int | None,
    strict: bool,
    asking: bool = True,
) -> Iterator[DecidedSides]:
    """Open the lost side, brought up to date with extractors if any are given, and read what was decided of both.

    Where nothing is `asking`, a photo of one index may be on both sides.
    """
    from imgsim.index.index import open_index
    from imgsim.naming import is_external, parse_naming

    if source.lost is not None:
        with open_index(source.lost) as there:
            place, same = there.facts_of_place, os.path.samefile(there.directory, found.directory)
        if not same and extractors is None:
            with open_index(source.lost) as lost, lost.snapshot():
                yield _read(lost, found, source, strict=strict, asking=asking)
            return
        if not same and extractors is not None:
            made = [text for text in extractors if not is_external(parse_naming(text).name)]
            root, path = str(place["folder"]), place["index"]
            with indexed(root, path, made, jobs=jobs, strict=strict, reading=True) as lost:
                yield _read(lost, found, source, strict=strict, asking=asking)
            return
    yield _read(found, found, source, strict=strict, asking=asking)


def note_assumption(labels: PairLabels) -> None:
    """Say what confirmed pairs are taken to say of others, where lost things ask."""
    pairs = f"{labels.confirmed} confirmed pair{'s' * (labels.confirmed != 1)}"
    stderr.say(f"by {pairs}: of each lost thing in them, every other found thing is taken to be no match")


def _read(lost: Index, found: Index, source: PairSource, *, strict: bool, asking: bool) -> DecidedSides:
    """Find the things that decided pairs are of, and say what does not fit."""
    import numpy as np

    from imgsim.evaluation.pair_labels import label_pairs
    from imgsim.index.both_sides import choose_photos
    from imgsim.index.store.pair_store import STATES
    from imgsim.tables.photo_cells import remark

    pairs = found.pairs(None if lost is found else lost)
    _check_decided(pairs, found)
    ours, theirs = _things_of(source.thing, lost, found)
    there = [pair for pair in pairs if pair.lost in ours.of and pair.found in theirs.of]
    placed: dict[str, list[tuple[int, int]]] = {state: [] for state in STATES}
    for pair in there:
        placed[pair.state].append((ours.of[pair.lost], theirs.of[pair.found]))
    labels = label_pairs(**placed)
    remarks = _misfits([pair for pair in pairs if pair.state != "said"], ours, theirs)
    both = [_named(pair) for pair in there if (ours.of[pair.lost], theirs.of[pair.found]) in labels.contradictory]
    remarks += remark(list(dict.fromkeys(both)), "pairs are confirmed and rejected, of the same things, and left out")
    say_remarks(remarks, "pairs", strict=strict)
    if not labels.decided.any():
        remedy = "name-lost" if lost is found else "other-lost"
        raise EvaluationError(
            f"{found.root}: no decided pair is left of photos that {_roots(lost, found)}", remedy=remedy
        )
    may = np.ones(len(theirs.numbers), bool)
    if source.where:
        may = choose_photos(found, source.where)
    elif lost is found and asking:
        may = ~np.isin(theirs.numbers, [ours.of[pair.lost] for pair in pairs if pair.lost in ours.of])
    things = np.where(may, theirs.numbers, -1)
    outside = np.count_nonzero(labels.decided & ~np.isin(labels.found, things))
    if outside:
        stderr.say(f"{outside} decided pairs are of photos that may not be found, and count as none")
    return DecidedSides((lost, found), (ours.numbers, things), labels)


class _Things(NamedTuple):
    """The photos of an index: their things by path, and by content; `store` names the index itself."""

    numbers: NDArray[np.intp]
    of: dict[bytes, int]
    store: str
    root: str


def _things_of(name: str | None, lost: Index, found: Index) -> tuple[_Things, _Things]:
    known = {**lost.facts.types(), **found.facts.types()}
    if name is not None and composed(name) not in known:
        raise UnknownNameError("attribute", composed(name), known)
    theirs = _things(found, name)
    return (theirs if lost is found else _things(lost, name)), theirs


def _things(index: Index, name: str | None) -> _Things:
    from imgsim.evaluation.pair_labels import number_things
    from imgsim.index.attribute_values import values_of

    known = values_of(index, composed(name)) if name and composed(name) in index.facts.types() else {}
    values = [json.dumps(known[path], sort_keys=True) if path in known else None for path in index.paths]
    numbers = number_things(values, filter(None, copy_keys(index)))
    digests = {record.path: record.digest for record in index}
    of: dict[bytes, int] = {}
    for path, number in zip(index.paths, numbers.tolist(), strict=True):
        of.setdefault(digests[path], number)
    return _Things(numbers, of, index.distance().store.stamp.store, index.root)


def _check_decided(pairs: Sequence[DecidedPair], found: Index) -> None:
    if all(pair.state == "said" for pair in pairs):
        told = f"none of {len(pairs)} pairs that were said is decided" if pairs else "no pair is decided"
        raise EvaluationError(f"{found.root}: {told}", remedy="decide-pairs")


def _misfits(pairs: Sequence[DecidedPair], ours: _Things, theirs: _Things) -> list[str]:
    """Say which decided pairs are of photos that are not here."""
    from imgsim.tables.photo_cells import remark

    lost = [pair for pair in pairs if pair.lost not in ours.of]
    others = [_named(pair) for pair in lost if pair.lost_store not in ("", ours.store)]
    gone = [pair.lost_path for pair in lost if pair.lost_store in ("", ours.store)]
    gone_found = [pair.found_path for pair in pairs if pair.lost in ours.of and pair.found not in theirs.of]
    return (
        remark(others, f"decided pairs are of another lost folder than {ours.root}")
        + remark(gone, f"decided pairs are of lost photos that {ours.root} no longer has")
        + remark(gone_found, f"decided pairs are of found photos that {theirs.root} no longer has")
    )


def _named(pair: DecidedPair) -> str:
    return f"{pair.lost_path} and {pair.found_path}"


def _roots(lost: Index, found: Index) -> str:
    return f"{found.root} has" if lost is found else f"{lost.root} and {found.root} have"
