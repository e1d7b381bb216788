"""How well a map serves classes that it did not learn from: cross-validation over classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.evaluation.ranks import RelevantRanks
from imgsim.evaluation.retrieval import score_ranks
from imgsim.training.embeddings.linear.linear_methods import METHODS, Form, Prepared, choose_dim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Distances = Callable[[NDArray[np.float64]], NDArray[np.float64]]  # between rows (N, D), as their extractor measures

FIGURES = ("recall@1", "map@r")
FOLDS = 5
MOST = 2000  # photos that ask in a fold: their distances to each other are held at once


class HeldOut(NamedTuple):
    """What a map's form came to on the classes of a fold; `form` is None for rows as they are."""

    form: Form | None
    fold: int
    classes: int
    photos: int
    figures: dict[str, float]

    def to_row(self) -> dict[str, object]:
        """Name it, for a table."""
        form = {"shrinkage": "", "scaled": ""} if self.form is None else self.form._asdict()
        figures = {name: round(value, 6) for name, value in self.figures.items()}
        return {**form, "fold": self.fold, "classes": self.classes, "photos": self.photos, **figures}


class Fold(NamedTuple):
    """Which rows a map is fitted to, and which it is judged by; their classes have nothing in common."""

    learned: NDArray[np.intp]
    held_out: NDArray[np.intp]


class Beside(NamedTuple):
    """Rows (B, D) of no class, and `pairs` (R, 2) of one of them and a class: where that is judged, it is there too."""

    rows: NDArray[np.float64]
    pairs: NDArray[np.intp]

    def join(self, rows: NDArray[np.float64], codes: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Put those that belong there beside rows of some classes; each is, below 0, in a class of its own."""
        near = np.unique(self.pairs[np.isin(self.pairs[:, 1], codes), 0])[:MOST]
        return np.concatenate([rows, self.rows[near]]), np.concatenate([codes, -1 - np.arange(len(near))])


def split_classes(codes: NDArray[np.intp], folds: int, seed: int) -> list[Fold]:
    """Deal classes 0 to C - 1 of rows (N,) to folds of two or more; to none where there are fewer than four."""
    classes = int(codes.max()) + 1
    order = np.random.default_rng(seed).permutation(classes)
    count = min(folds, classes // 2)
    if count < 2:
        return []
    dealt = [order[place::count] for place in range(count)]
    sizes = np.bincount(codes)
    judged = [mine[: max(2, np.searchsorted(sizes[mine].cumsum(), MOST, side="right"))] for mine in dealt]
    return [
        Fold(np.flatnonzero(~np.isin(codes, mine)), np.flatnonzero(np.isin(codes, asked)))
        for mine, asked in zip(dealt, judged, strict=True)
    ]


def cross_validate(
    rows: NDArray[np.float64],
    codes: NDArray[np.intp],
    method: str,
    folds: Sequence[Fold],
    *,
    dim: int | None,
    shrinkages: Sequence[float],
    seed: int,
    beside: Beside | None = None,
    scalings: Sequence[bool] = (False, True),
) -> Iterator[HeldOut]:
    """Judge a method's forms on the held-out classes of each fold."""
    for number, fold in enumerate(folds):
        learned = np.unique(codes[fold.learned], return_inverse=True)[1]
        asked, known = _asked(rows, codes, fold, beside)
        width = choose_dim(method, None, rows.shape[1], len(learned), int(learned.max()) + 1)
        axes = width if dim is None else min(dim, width)
        for scaled in scalings:
            prepared = Prepared.of(rows[fold.learned], learned, scaled=scaled)
            given = prepared.apply(asked)
            plain = given @ given.T
            for shrinkage in shrinkages:
                if axes == rows.shape[1] and method == "whitening":  # no matrix of axes is needed
                    products = prepared.differences.whitener(shrinkage).products(given, plain)
                else:
                    mapped = prepared.fit(METHODS[method], shrinkage, axes, seed)(asked)
                    products = mapped @ mapped.T
                yield _judged(Form(shrinkage, scaled), number, known, -cosines(products))


def judge_plain(
    rows: NDArray[np.float64],
    codes: NDArray[np.intp],
    folds: Sequence[Fold],
    distances: Distances,
    beside: Beside | None = None,
) -> Iterator[HeldOut]:
    """Judge rows as they are on the same classes, by their extractor's own distance."""
    for number, fold in enumerate(folds):
        asked, known = _asked(rows, codes, fold, beside)
        yield _judged(None, number, known, distances(asked))


def _asked(
    rows: NDArray[np.float64], codes: NDArray[np.intp], fold: Fold, beside: Beside | None
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    held_out = rows[fold.held_out], codes[fold.held_out]
    return beside.join(*held_out) if beside else held_out


def choose_form(judged: Sequence[HeldOut], by: str) -> Form:
    """Choose the form that does best over all held-out photos; of equals, the one that shrinks more."""
    forms = dict.fromkeys(one.form for one in judged if one.form)
    return max(forms, key=lambda form: (round(mean_figure(judged, form, by), 9), form.shrinkage, not form.scaled))


def mean_figure(judged: Sequence[HeldOut], form: Form | None, by: str) -> float:
    """Average a figure over the photos of all folds."""
    mine = [one for one in judged if one.form == form]
    return float(np.average([one.figures[by] for one in mine], weights=[one.photos for one in mine]))


def cosines(products: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide inner products (N, N) by the rows' lengths; a row of zeros is like none."""
    lengths = np.sqrt(np.maximum(np.diag(products), 0))
    inverse = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    shares: NDArray[np.float64] = products * inverse[:, None] * inverse
    return shares


def _judged(form: Form | None, fold: int, codes: NDArray[np.intp], distances: NDArray[np.float64]) -> HeldOut:
    scored = score_ranks(rank_relevant(distances, codes), [1])
    figures = {name: float(scored[name].mean()) for name in FIGURES}
    known = codes[codes >= 0]
    return HeldOut(form, fold, len(np.unique(known)), len(known), figures)


def rank_relevant(distances: NDArray[np.float64], codes: NDArray[np.intp]) -> RelevantRanks:
    """Rank, for each photo, the others of its class among all others; `distances` (N, N) of classes (N,)."""
    apart = distances.copy()
    np.fill_diagonal(apart, -np.inf)  # each is its own first, rank 0
    order = np.argsort(apart, axis=1, kind="stable")
    relevant = (codes[order] == codes[:, None])[:, 1:]
    counts = relevant.sum(axis=1)
    asking = np.flatnonzero(counts)
    ranks = np.nonzero(relevant[asking])[1] + 1
    return RelevantRanks(asking, np.concatenate([[0], counts[asking].cumsum()]), ranks.astype(np.int32))
