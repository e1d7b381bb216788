"""How good rows are on a part's photos: by their classes, or by scores where that is what labels are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgsim.training.embeddings.outcome import compare_rows
from imgsim.training.embeddings.retrieval_figures import judge_rows
from imgsim.training.embeddings.score_figures import compare_scored, judge_scored
from imgsim.training.embeddings.scored_photos import widths_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.core import Features
    from imgsim.training.embeddings.outcome import Outcome
    from imgsim.training.embeddings.recipe import TrainingRecipe
    from imgsim.training.embeddings.retrieval_figures import RetrievalFigures
    from imgsim.training.embeddings.score_figures import ScoreFigures, ScoreOutcome
    from imgsim.training.split_file import SplitPhotos


class EmbeddingJudge:
    """Judges rows of the photos of a split that are no copies of an earlier one, (N, D)."""

    def __init__(self, recipe: TrainingRecipe, split: SplitPhotos) -> None:
        self._split, self._seed = split, recipe.seed
        self._widths = widths_for(recipe.widths, split)

    def figures(self, part: str, rows: Features) -> RetrievalFigures | ScoreFigures:
        """Judge rows of a part's photos."""
        places = self._split.asked(part)
        if self._widths:
            return judge_scored(rows, self._split.scores[places], self._widths)
        return judge_rows(rows, self._split.labels[places], self._split.queries(part))

    def compare(self, part: str, rows: Mapping[str, Features]) -> list[Outcome] | list[ScoreOutcome]:
        """Judge several rows of a part's photos, by whose they are, and compare them with those before training."""
        judged: Any = {name: self.figures(part, these) for name, these in rows.items()}
        compare: Any = compare_scored if self._widths else compare_rows
        outcomes: list[Outcome] | list[ScoreOutcome] = compare(part, judged, self._seed)
        return outcomes
