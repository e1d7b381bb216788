"""Photos and what they are, for the commands that judge: an index brought up to date, and labels for its photos."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import click

from imgsim.cli import stderr
from imgsim.cli.lock_wait import once_unlocked
from imgsim.errors import IndexWriteError
from imgsim.naming import HASH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.index.index import Index
    from imgsim.index.options import Options
    from imgsim.index.summary import Summary
    from imgsim.tables.ground_truth import Labels, Scores


class LabelSource(NamedTuple):
    """Where labels come from, and how strictly they are taken; the options of `labels_options`."""

    labels: str | None
    key: str | None
    encoding: str | None
    strict: bool
    scores: str | None = None

    def checked(self) -> LabelSource:
        """Refuse options that would be passed over in silence."""
        from imgsim.tables.ground_truth import FOLDERS, PRODUCTS, attribute_named

        if self.labels and self.scores:
            raise click.UsageError("--labels are classes and --scores numbers: give one of them")
        named = [name for name, value in (("--key", self.key), ("--encoding", self.encoding)) if value is not None]
        source = self.scores or self.labels
        if named and (source in (None, FOLDERS, PRODUCTS) or attribute_named(source)):
            go = "goes" if len(named) == 1 else "go"
            option = "--scores" if self.scores else "--labels"
            raise click.UsageError(f"{' and '.join(named)} only {go} with a table: give {option} FILE:COLUMN")
        return self

    def check_known(self, place: str) -> None:
        """Make sure, before any work is done, that the index a path names knows the attribute that is asked for."""
        from imgsim.tables.ground_truth import attribute_named

        if name := attribute_named(self.scores or self.labels):
            attributes_at(place)(name)


@contextmanager
def indexed(
    folder: str,
    index_path: str | None,
    extractors: Sequence[str],
    *,
    jobs: int | None,
    strict: bool,
    reading: bool = False,
) -> Iterator[Index]:
    """Bring a folder's index up to date, with these extractors beside its own, and open it.

    For `reading`, an index that cannot be written will do if it is up to date.
    """
    from imgsim.index.index import open_index
    from imgsim.index.options import Options
    from imgsim.tables.ground_truth import check_photos, check_readable

    try:
        summary = update_showing(folder, index_path, extractors, Options(jobs=jobs))
    except IndexWriteError:
        standing = _standing(folder, index_path, extractors) if reading else None
        if standing is None:
            raise
        summary = standing
    stderr.detail(f"{folder}: {summary.added} photos added to the index, {summary.failed} failed")
    with open_index(index_path or folder) as index, index.snapshot():
        unreadable = [failure.path for failure in index.failures]
        check_readable(unreadable if strict else [])
        check_photos(folder, len(index), unreadable, narrowed=bool(index.options.include or index.options.exclude))
        yield index


def update_showing(folder: str, index_path: str | None, extractors: Sequence[str], options: Options) -> Summary:
    """Bring an index up to date, and draw how far that is."""
    from imgsim.cli.progress_bars import IndexingProgress
    from imgsim.index.update import update_index

    def update() -> Summary:
        with IndexingProgress() as progress:
            return update_index(folder, index=index_path, extractors=extractors, options=options, observer=progress)

    return once_unlocked(update)


def _standing(folder: str, index_path: str | None, extractors: Sequence[str]) -> Summary | None:
    from imgsim.index.update import check_index

    standing = check_index(folder, index=index_path, extractors=extractors)
    if standing:
        stderr.detail(f"{folder}: the index cannot be written, and lacks nothing")
    return standing


def attributes_at(place: str) -> Callable[[str], dict[str, object]]:
    """Give what tells an attribute of all photos of the index that a path names, opened when it is asked."""

    def ask(name: str) -> dict[str, object]:
        from imgsim.index.attribute_values import values_at

        return values_at(place, name)

    return ask


def attributes_in(index: Index) -> Callable[[str], dict[str, object]]:
    """Give what tells an attribute of all photos of an index that is open."""
    from imgsim.index.attribute_values import values_of

    return lambda name: values_of(index, name)


def labels_for(
    source: LabelSource, root: str, paths: Sequence[str], attributes: Callable[[str], dict[str, object]]
) -> Labels:
    """Read the photos' classes, and say what does not fit."""
    from imgsim.tables.ground_truth import FOLDERS, read_labels

    table = {"key": source.key, "encoding": source.encoding}
    labels = read_labels(source.labels or FOLDERS, root, paths, **table, attributes=attributes)
    say_remarks(labels.remarks, "labels", strict=source.strict)
    return labels


def scores_for(
    source: LabelSource, root: str, paths: Sequence[str], attributes: Callable[[str], dict[str, object]]
) -> Scores:
    """Read the photos' scores, and say what does not fit."""
    from imgsim.tables.ground_truth import read_scores

    table = {"key": source.key, "encoding": source.encoding}
    scores = read_scores(source.scores or "", root, paths, **table, attributes=attributes)
    say_remarks(scores.remarks, "scores", strict=source.strict)
    return scores


def leave_out_copies(labels: Labels, index: Index, *, near: bool = False) -> Labels:
    """Take their class from photos of an index that are copies of others, and say how many these are."""
    import numpy as np

    having = labels.codes >= 0
    copies = _near_copies(index, having, labels.codes) if near else _copies(index, having)
    return replace(labels, codes=np.where(copies, -1, labels.codes))


def leave_out_scored_copies(scores: Scores, index: Index, *, near: bool = False) -> Scores:
    """Take their score from photos of an index that are copies of others, and say how many these are."""
    import numpy as np

    having = np.isfinite(scores.values)
    copies = _near_copies(index, having, None) if near else _copies(index, having)
    return replace(scores, values=np.where(copies, np.nan, scores.values))


def _copies(index: Index, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark, of some photos, those with an earlier one's content, or with its features to the last bit."""
    from imgsim.evaluation.copies import describe_copies, mark_copies
    from imgsim.training.index_copies import copy_keys

    copies = mark_copies(filter(None, copy_keys(index)), among)
    if told := describe_copies(copies):
        stderr.say(told)
    return copies


def _near_copies(index: Index, among: NDArray[np.bool_], codes: NDArray[np.intp] | None) -> NDArray[np.bool_]:
    """Mark, of some photos, all but the first of those that are copies of each other, saved again or made smaller."""
    from imgsim.errors import first_few
    from imgsim.evaluation.copies import mark_copies
    from imgsim.evaluation.copy_groups import describe_groups, group_copies, mark_repeated, torn_groups
    from imgsim.training.index_copies import copy_keys

    keys = list(filter(None, copy_keys(index)))
    groups = group_copies(keys, *index.distance([HASH]).features(), among)
    repeated = mark_repeated(groups, among)
    if told := describe_groups(repeated, mark_copies(keys, among)):
        stderr.say(told)
    torn = [index.paths[places[0]] for places in torn_groups(groups, codes)] if codes is not None else []
    if torn:
        stderr.say(f"{len(torn)} photos have copies of another class; the label of the first counts: {first_few(torn)}")
    return repeated


def fail(message: str) -> None:
    """End the command with one line and exit code 2."""
    stderr.complain(f"imgsim: {message}")
    click.get_current_context().exit(2)


def say_remarks(remarks: Sequence[str], what: str, *, strict: bool) -> None:
    """Say what does not fit; where a user is strict, end the command."""
    for remark in remarks:
        stderr.complain(f"imgsim: {remark}") if strict else stderr.say(remark)
    if strict and remarks:
        fail(f"{what} do not fit, and --strict was given")
