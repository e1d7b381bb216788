"""Lost things beside what they find first, as a picture, by decided pairs: those that are found worst come first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from imgsim.cli import stderr
from imgsim.cli.judged_grid import FOUND, photo_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.cli.pair_sources import DecidedSides
    from imgsim.evaluation.pair_judge import FoundThings
    from imgsim.images.draw import Cell
    from imgsim.index.both_sides import TwoSidedDistance


class PairGrid(NamedTuple):
    """Both sides, and what lost things find by each candidate, with the distance that this is by."""

    sides: DecidedSides
    found: Sequence[tuple[FoundThings, TwoSidedDistance]]

    def draw(self, path: str, count: int) -> str:
        """Draw a row for each of some lost things: it, what was confirmed, what it finds first; say what it shows."""
        from imgsim.evaluation.candidates import names_apart
        from imgsim.images.draw import draw_grid, save_png

        asking = choose_worst([one for one, _ in self.found], count)
        if not asking:
            stderr.say(f"{path} is not drawn: no lost thing asks by every extractor")
            return ""
        names = names_apart(one.candidate for one, _ in self.found)
        rows = {thing: [self._lost(thing), self._confirmed(thing, names)] for thing in asking}
        for name, (one, distance) in zip(names, self.found, strict=True):
            for thing, cells in self._first(one, name, distance, asking).items():
                rows[thing] += cells
        save_png(draw_grid(list(rows.values())), path)
        stderr.say(f"drew {path}")
        told = "beside what was confirmed and the first two that each finds by each extractor"
        return f"Lost things that are found worst, the worst first, {told}"

    def _lost(self, thing: int) -> Cell:
        return photo_cell(self.sides.indexes[0], _photo_of(self.sides.things[0], thing), "lost")

    def _confirmed(self, thing: int, names: Sequence[str]) -> Cell:
        """Show what was confirmed, the nearest by the first candidate, and how far down each puts the first of them."""
        import numpy as np

        labels, (first, _) = self.sides.labels, self.found[0]
        pairs = np.flatnonzero((labels.lost == thing) & labels.same & np.isfinite(first.lengths))
        nearest = int(labels.found[pairs[np.argmin(first.lengths[pairs])]])
        named = zip(names, self.found, strict=True)
        told = [f"rank {_first_rank(one, thing)} of {one.things}: {name}" for name, (one, _) in named]
        return photo_cell(self.sides.indexes[1], _photo_of(self.sides.things[1], nearest), "confirmed", *told)

    def _first(
        self, one: FoundThings, name: str, distance: TwoSidedDistance, asking: Sequence[int]
    ) -> dict[int, list[Cell]]:
        """Give the cells of what each lost thing finds first by a candidate, which has a name."""
        import numpy as np

        from imgsim.evaluation.reranked_ranks import match_reranked
        from imgsim.index.counterpart import row_places
        from imgsim.search.reranking import load_reranker

        narrowed = np.where(np.isin(distance.lost_things, asking), distance.lost_things, -1)
        ours, theirs = replace(distance, lost_things=narrowed).sides()
        lost_photos = row_places(distance.lost.store, ours.side.terms)
        found_photos = row_places(distance.found.store, theirs.side.terms)

        def others(lost: NDArray[np.intp], found: NDArray[np.intp]) -> NDArray[np.bool_]:
            mine, its = distance.lost_things[lost_photos[lost]], distance.found_things[found_photos[found]]
            different: NDArray[np.bool_] = mine[:, None] != its
            return different

        rerank = load_reranker(one.candidate.rerank) if one.candidate.rerank else None
        pairs = match_reranked(ours.side, theirs.side, FOUND, rerank, others if distance.one else None)
        by = " + ".join(dict.fromkeys(distance.metrics))
        cells: dict[int, list[Cell]] = {thing: [] for thing in asking}
        rows = zip(pairs.lost, pairs.found, pairs.ranks, pairs.distances, pairs.found_rows, strict=True)
        for lost, found, rank, length, row in rows:
            thing = int(ours.things[lost])
            title = f"{rank}   {self._word(thing, int(theirs.things[found]))}"
            told = name, f"{by} {length:.3f}"
            cells[thing].append(photo_cell(self.sides.indexes[1], int(found_photos[row]), title, *told))
        return cells

    def _word(self, lost: int, found: int) -> str:
        """Say what was decided about a pair of things."""
        labels = self.sides.labels
        pair = (labels.lost == lost) & (labels.found == found)
        decided = pair & labels.decided
        if not decided.any():
            return "other"
        return "confirmed" if labels.same[decided].any() else "rejected"


def choose_worst(found: Sequence[FoundThings], count: int) -> list[int]:
    """Choose so many lost things that ask by all candidates, those of the least mean average precision first."""
    values = [dict(zip(one.ranks.photos.tolist(), one.values["map"].tolist(), strict=True)) for one in found]
    asking = set.intersection(*map(set, values))
    return sorted(asking, key=lambda thing: (sum(of[thing] for of in values), thing))[:count]


def _first_rank(one: FoundThings, thing: int) -> int:
    place = one.ranks.photos.tolist().index(thing)
    return int(one.ranks.ranks[one.ranks.offsets[place]])


def _photo_of(things: NDArray[np.intp], thing: int) -> int:
    """Give the first photo, by path, of a thing."""
    import numpy as np

    return int(np.flatnonzero(things == thing)[0])
