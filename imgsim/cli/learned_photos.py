"""What a linear map is learned from: rows of an index's photos, and their classes or what was decided about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.cli import stderr
from imgsim.cli.labels import attributes_in, labels_for, leave_out_copies, say_remarks
from imgsim.cli.pair_sources import decided_sides

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.cli.labels import LabelSource
    from imgsim.cli.pair_sources import DecidedSides, PairSource
    from imgsim.core import Features
    from imgsim.index.index import Index
    from imgsim.training.embeddings.linear.linear_run import LabelledPhotos
    from imgsim.training.embeddings.linear.pair_chains import Chains


def photos_of_classes(index: Index, wanted: Sequence[str], source: LabelSource) -> LabelledPhotos:
    """Read rows and classes; a photo without either has no class."""
    import numpy as np

    from imgsim.training.embeddings.linear.linear_run import LabelledPhotos, choose_base

    distance = choose_base(index, wanted)
    rows, present = distance.features()
    labels = leave_out_copies(labels_for(source, index.root, index.paths, attributes_in(index)), index)
    codes = np.where(present, labels.codes, -1)
    return LabelledPhotos(distance.extractors[0].extractor, rows, codes, labels.names, _digests(index))


def photos_of_pairs(
    index: Index, wanted: Sequence[str], source: PairSource, *, jobs: int | None, strict: bool
) -> LabelledPhotos:
    """Read rows of both sides, a class for each thing that confirmed pairs chain, and what was rejected as one."""
    from imgsim.training.embeddings.linear.linear_run import choose_base

    spec = str(choose_base(index, wanted).extractors[0].extractor.spec)
    with decided_sides(index, source, [spec], jobs=jobs, strict=strict, asking=False) as sides:
        return _read_sides(sides, spec, strict=strict)


def _read_sides(sides: DecidedSides, spec: str, *, strict: bool) -> LabelledPhotos:
    import numpy as np

    from imgsim.training.embeddings.linear.held_out_classes import Beside
    from imgsim.training.embeddings.linear.linear_run import LabelledPhotos
    from imgsim.training.embeddings.linear.pair_chains import chain_pairs, check_chains

    labels, (lost, found) = sides.labels, sides.indexes
    pairs = np.stack([labels.lost + _shift(sides), labels.found], axis=1)
    there = labels.decided & np.isin(labels.found, sides.things[1])
    chains = chain_pairs(pairs[there & labels.same], pairs[there & ~labels.same], len(lost.paths) + len(found.paths))
    _say_torn(sides, chains, strict=strict)
    things, (rows, present), digests = _things(sides), _rows(sides, spec), _digests(*_once(sides))
    decided = np.union1d(np.flatnonzero(chains.codes >= 0), chains.rejected[:, 0])
    usable = present & np.isin(things, decided)
    usable &= ~_copies(digests, rows, usable)
    codes = np.where(usable, chains.codes[things], -1)
    check_chains(codes)
    known = pairs[there & labels.same]
    members = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    names = [min((digests[place].hex() for place in mine), default="") for mine in members]
    against = [(place, code) for thing, code in chains.rejected for place in np.flatnonzero(usable & (things == thing))]
    near = sorted({place for place, _ in against})
    beside = Beside(rows[near].astype(np.float64), np.array([(near.index(one), code) for one, code in against]))
    chained, photos = np.count_nonzero(chains.codes[known[:, 0]] >= 0), np.count_nonzero(codes >= 0)
    stderr.say(
        f"{chained} confirmed pairs chain {photos} photos into {len(names)} things, which are taken to be different "
        f"ones; photos beside those that are held out, since they were rejected: {len(near)}"
    )
    base = sides.distance([spec], None).found.extractors[0].extractor
    rejected = [(digests[place], names[code]) for place, code in against]
    return LabelledPhotos(base, rows, codes, names, digests, beside if near else None, rejected)


def _once(sides: DecidedSides) -> list[Index]:
    """Give the found index and, if it is another, the lost one: photos are numbered in this order."""
    lost, found = sides.indexes
    return [found] if lost is found else [found, lost]


def _shift(sides: DecidedSides) -> int:
    """Tell how far the numbers of lost things lie above those of the found ones."""
    lost, found = sides.indexes
    return 0 if lost is found else len(found.paths)


def _things(sides: DecidedSides) -> NDArray[np.intp]:
    """Give each photo's thing, numbered through both sides; -1 for what may not be found."""
    import numpy as np

    lost, found = sides.things
    return np.concatenate([found, lost + _shift(sides)]) if _shift(sides) else lost


def _rows(sides: DecidedSides, spec: str) -> tuple[Features, NDArray[np.bool_]]:
    import numpy as np

    distance = sides.distance([spec], None)
    features = [(distance.found if one is sides.indexes[1] else distance.lost).features() for one in _once(sides)]
    return np.concatenate([rows for rows, _ in features]), np.concatenate([present for _, present in features])


def _digests(*indexes: Index) -> list[bytes]:
    by_path = [(index, {record.path: record.digest for record in index}) for index in indexes]
    return [digests[path] for index, digests in by_path for path in index.paths]


def _copies(digests: Sequence[bytes], rows: Features, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark copies to the last bit, which may lie on both sides, and say how many there are."""
    from imgsim.evaluation.copies import describe_copies, keys_of_rows, mark_copies

    copies = mark_copies([digests, keys_of_rows(rows)], among)
    if told := describe_copies(copies):
        stderr.say(told)
    return copies


def _say_torn(sides: DecidedSides, chains: Chains, *, strict: bool) -> None:
    """Name rejected pairs of what confirmed ones chain into one thing."""
    from imgsim.tables.photo_cells import remark

    paths = [path for index in _once(sides) for path in index.paths]
    named = [f"{paths[one]} and {paths[other]}" for one, other in chains.torn.tolist()]
    reason = "rejected pairs are of what confirmed pairs chain into one thing, and those things are left out"
    say_remarks(remark(named, reason), "pairs", strict=strict)
