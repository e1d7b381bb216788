"""What is judged: an extractor, or several fused, under a distance."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from imgsim.core import EMBEDDING
from imgsim.features import EXTRACTORS, FUSIONS, extractor_names, load_extractor, write_out
from imgsim.metrics import load_metric
from imgsim.models.architectures import is_architecture
from imgsim.models.embedding_model import EMBEDDING_MODELS
from imgsim.models.own_names import own_names
from imgsim.models.packaged import ready_networks
from imgsim.naming import is_embedding, is_external, parse_naming, without_weight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.search.ranking import Term

    Choose = Callable[[Sequence[str], str | None], "Distance"]  # a candidate's, by its extractors and metric

FUSED = "+"
LONGEST = 32  # characters of extractors' names that stand whole under a small picture
VARIANTS = ("histogram:space=lab", "histogram:space=hsv")  # beside every extractor's defaults
SHARES = ("hellinger", "chi2", "cityblock", "cosine")  # for features that are shares of a whole
BITS = ("hamming", "jaccard")
VALUES = ("cosine", "centred_cosine", "euclidean", "cityblock", "correlation", "seuclidean")


class Candidate(NamedTuple):
    """An extractor, or several fused, a distance, and a re-ranking of what is found."""

    extractors: tuple[str, ...]
    metric: str | None = None
    rerank: str | None = None

    @property
    def fused(self) -> str:
        """The extractors as users write them."""
        return FUSED.join(self.extractors)

    @property
    def name(self) -> str:
        """The extractors as users write them, and what re-ranks."""
        return self.fused + (f", {self.rerank}" if self.rerank else "")


class Distance(Protocol):
    """What a candidate is judged by, on photos in one order; an index gives it."""

    @property
    def specs(self) -> tuple[str, ...]:
        """Each extractor, as it is named."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Each extractor's metric."""

    def terms(self) -> list[Term]:
        """Give what ranks the photos."""

    def features(self) -> tuple[Features, NDArray[np.bool_]]:
        """Give the photos' features side by side, (photos, D), and which have all, (photos,)."""


def parse_candidates(texts: Iterable[str], metrics: Sequence[str] = ()) -> list[Candidate]:
    """Pair what a user asks for, extractors and metrics, each with each.

    Examples
    --------
    >>> [candidate.name for candidate in parse_candidates(["hog", "hog@2+lbp"], ["cosine"])]
    ['hog', 'hog@2+lbp']
    """
    candidates = pair_with_metrics([split_fused(text) for text in texts], metrics)
    for extractor in dict.fromkeys(extractor for candidate in candidates for extractor in candidate.extractors):
        if not is_external(parse_naming(extractor).name):  # rows from a file are the index's alone
            load_extractor(without_weight(extractor))
    return candidates


def pair_with_metrics(extractors: Iterable[Sequence[str]], metrics: Sequence[str] = ()) -> list[Candidate]:
    """Pair extractors that are known to exist with metrics, each with each."""
    for metric in metrics:
        load_metric(metric)
    return list(dict.fromkeys(Candidate(tuple(one), metric) for one in extractors for metric in metrics or (None,)))


def with_rerankings(candidates: Iterable[Candidate], texts: Sequence[str]) -> list[Candidate]:
    """Add each candidate re-ranked in each way, beside itself."""
    return [candidate._replace(rerank=text) for candidate in candidates for text in (None, *dict.fromkeys(texts))]


def split_fused(text: str) -> tuple[str, ...]:
    """Split fused extractors at the ``+`` between them, not at one within a parameter.

    Examples
    --------
    >>> split_fused("haralick:aggregate=mean+range@0.3+lbp")
    ('haralick:aggregate=mean+range@0.3', 'lbp')
    """
    first, *pieces = text.split(FUSED)
    parts, names = [first], {*extractor_names(), *FUSIONS, *own_names()}
    for piece in pieces:
        if is_embedding(parts[-1]) and not EMBEDDING_MODELS.is_model(without_weight(parts[-1]).removeprefix(EMBEDDING)):
            parts[-1] += FUSED + piece
            continue
        name = re.split("[:@]", piece, maxsplit=1)[0]
        within = ":" in parts[-1] and without_weight(parts[-1]) == parts[-1]
        if within and name not in names and not is_architecture(name) and not is_external(piece):
            parts[-1] += FUSED + piece
        else:
            parts.append(piece)
    return tuple(write_out(parts, fused=True))


def bare_extractors(candidates: Iterable[Candidate]) -> list[str]:
    """List the extractors that candidates need, without weights."""
    return list(dict.fromkeys(without_weight(text) for candidate in candidates for text in candidate.extractors))


def names_apart(candidates: Iterable[Candidate]) -> list[str]:
    """Name candidates for pictures: where extractors' names are long, less the parameters that those of a name share.

    Examples
    --------
    >>> long = "efficientnet_lite0:crop=whole,flip=no,pooling=avg"
    >>> names_apart([Candidate((long,)), Candidate((long.replace("avg", "max"),)), Candidate(("lbp:points=8",))])
    ['efficientnet_lite0:pooling=avg', 'efficientnet_lite0:pooling=max', 'lbp:points=8']
    """
    listed = list(candidates)
    namings = [parse_naming(text) for text in bare_extractors(listed)]

    def tells(name: str, key: str) -> bool:
        return len({naming.params.get(key) for naming in namings if naming.name == name}) > 1

    def brief(text: str) -> str:
        bare = without_weight(text)
        name, params, _ = parse_naming(bare)
        telling = ",".join(f"{key}={value}" for key, value in params.items() if tells(name, key))
        return name + (f":{telling}" if telling else "") + text.removeprefix(bare)

    return [
        one._replace(extractors=tuple(map(brief, one.extractors)) if len(one.fused) > LONGEST else one.extractors).name
        for one in listed
    ]


def extractor_grid() -> list[str]:
    """List the extractors that are worth a trial: the table, some variants, and each network that is ready."""
    return [*EXTRACTORS, *VARIANTS, *ready_networks()]


def metric_grid(extractor: str) -> list[str]:
    """List the metrics that are worth a trial for an extractor, its own first.

    Examples
    --------
    >>> metric_grid("phash"), metric_grid("haralick")[:2]
    (['hamming', 'jaccard'], ['seuclidean', 'cosine'])
    """
    loaded = load_extractor(extractor)
    others = BITS if loaded.binary else SHARES if loaded.metric in SHARES[:2] else VALUES
    return list(dict.fromkeys([loaded.metric, *others]))
