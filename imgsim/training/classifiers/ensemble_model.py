"""From classifiers and what they say of photos to their vote, judged beside each, and to the file that has it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from imgsim.errors import WeightsError, first_few
from imgsim.evaluation.intervals import Estimate, bootstrap
from imgsim.evaluation.label_figures import judge_labels, name_figures, rank_truth, surprises
from imgsim.models.classifier_model import classifier_header
from imgsim.models.ensemble_file import unpack_ensemble, write_ensemble
from imgsim.models.header import CLASSIFIER, ENSEMBLE, LINEAR_CLASSIFIER, header_of
from imgsim.models.header_details import MOST_MEMBERS
from imgsim.models.model_shelf import open_learned
from imgsim.training.classifiers.soft_vote import at_temperature, fit_temperature, fit_weights, take_vote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.evaluation.label_figures import LabelFigures
    from imgsim.models.header import Header

VOTE, MEAN = "vote", "mean"
PAPER = "C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On Calibration of Modern Neural Networks, ICML 2017"


class Voter(NamedTuple):
    """A classifier that is to vote: how it was named, its file's content, and what that says of itself."""

    name: str
    data: bytes
    header: Header


class VoteSettings(NamedTuple):
    """How the vote is taken: weighted or plain, at temperatures that are fitted or as members are."""

    vote: Literal["mean", "weighted"] = "mean"
    temperature: Literal["fitted", "none"] = "fitted"
    seed: int = 0


class JudgedPart(NamedTuple):
    """What members say of a part's photos, (M, N, C), and the classes that these are of, (N,)."""

    votes: NDArray[np.float64]
    truth: NDArray[np.intp]


class VoteOutcome(NamedTuple):
    """Figures of a member, of the plain mean or of the vote on a part's photos."""

    model: str
    part: str
    figures: LabelFigures

    def to_row(self) -> dict[str, Any]:
        """Name its figures."""
        return {"model": self.model, "part": self.part, **self.figures.to_row()}


class FittedVote(NamedTuple):
    """Temperatures and weights of members, and the temperature of the whole."""

    temperatures: list[float]
    weights: list[float]
    temperature: float

    def take(self, votes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give probabilities (N, C) of what members say, (M, N, C)."""
        each = [at_temperature(one, warmth) for one, warmth in zip(votes, self.temperatures, strict=True)]
        return at_temperature(take_vote(np.stack(each), self.weights), self.temperature)


def read_voter(name: str, data: bytes) -> Voter:
    """Take a classifier's file; WeightsError where it is itself an ensemble."""
    header = header_of(data, CLASSIFIER, LINEAR_CLASSIFIER, ENSEMBLE)
    if header.kind == ENSEMBLE:
        raise WeightsError(f"{name}: an ensemble itself: name its members")
    return Voter(name, data, header)


def check_voters(voters: Sequence[Voter]) -> None:
    """Raise WeightsError where classifiers cannot vote together, and name what differs."""
    if not 2 <= len(voters) <= MOST_MEMBERS:
        raise WeightsError(f"an ensemble has 2 to {MOST_MEMBERS} members, not {len(voters)}")
    first = voters[0]
    for place, one in enumerate(voters[1:], 1):
        mine, its = (set(voter.header.details["labels"]) for voter in (first, one))
        only = [
            f"only {voter.name} knows {first_few(sorted(more))}"
            for voter, more in ((first, mine - its), (one, its - mine))
            if more
        ]
        if only:
            raise WeightsError(f"{first.name} and {one.name} were trained on other classes: {'; '.join(only)}")
        if one.header.details["labels"] != first.header.details["labels"]:
            raise WeightsError(f"{first.name} and {one.name} have their classes in another order")
        if one.data in [other.data for other in voters[:place]]:
            raise WeightsError(f"{one.name}: the same model as one before: name each once")


def fit_vote(validation: JudgedPart | None, members: int, settings: VoteSettings) -> FittedVote:
    """Fit what the settings ask for to photos that validate; what is not fitted is 1, or alike."""
    temperatures, weights = [1.0] * members, [1 / members] * members
    if validation is None or not len(validation.truth):
        return FittedVote(temperatures, weights, 1.0)
    votes, truth = validation
    fitted = settings.temperature == "fitted"
    if fitted:
        temperatures = [fit_temperature(one, truth) for one in votes]
    each = np.stack([at_temperature(one, warmth) for one, warmth in zip(votes, temperatures, strict=True)])
    if settings.vote == "weighted":
        weights = fit_weights(each, truth)
    return FittedVote(temperatures, weights, fit_temperature(take_vote(each, weights), truth) if fitted else 1.0)


def write_vote(voters: Sequence[Voter], vote: FittedVote, settings: VoteSettings, parents: Mapping[str, str]) -> bytes:
    """Write members and their vote as one file; `parents` name what it was fitted to."""
    labels = voters[0].header.details["labels"]
    told = [
        {"sha256": hashlib.sha256(one.data).hexdigest(), "temperature": temperature, "weight": weight}
        for one, temperature, weight in zip(voters, vote.temperatures, vote.weights, strict=True)
    ]
    recipe = {
        "method": "soft vote",
        "paper": PAPER,
        **settings._asdict(),
        "fit": settings.temperature,
        "temperature": vote.temperature,
        "members": [one.name for one in voters],
    }
    licences = sorted({one.header.licence for one in voters} - {""})
    header = classifier_header(
        ENSEMBLE, labels, {"members": told, "recipe": recipe}, parents, licence=", ".join(licences)[:300]
    )
    return write_ensemble([one.data for one in voters], header)


def judge_vote(voters: Sequence[Voter], data: bytes, parts: Mapping[str, JudgedPart], seed: int) -> list[VoteOutcome]:
    """Judge on each part every member as it is, the plain mean of all, and the vote as its file takes it."""
    header = header_of(data, ENSEMBLE)
    session = open_learned(unpack_ensemble(data, header)[1], ENSEMBLE)
    outcomes = []
    for part, (votes, truth) in parts.items():
        given = np.ascontiguousarray(votes.transpose(1, 0, 2), np.float32)
        said: list[tuple[str, NDArray[np.floating]]] = [
            *((one.name, its) for one, its in zip(voters, votes, strict=True)),
            (MEAN, votes.mean(axis=0)),
            (VOTE, session.run(given)),
        ]
        outcomes += [VoteOutcome(name, part, judge_labels(one, truth, seed=seed)) for name, one in said]
    return outcomes


class VoteGain(NamedTuple):
    """How far the vote is above the member that is best on validation photos, on those that test, with intervals."""

    member: str
    log_loss: Estimate
    top_1: Estimate
    top_3: Estimate

    def to_row(self) -> dict[str, Any]:
        """Name what is gained; of the log loss, how far it falls."""
        gains = {"log-loss": self.log_loss, "top-1": self.top_1, "top-3": self.top_3}
        told = {name: [round(value, 4) for value in (one.value, one.low, one.high)] for name, one in gains.items()}
        return {"over": self.member, **told}

    def describe(self) -> str:
        """Say it in a line."""
        loss, first, three = (
            f"{one.value:.3f} ({one.low:.3f}..{one.high:.3f})" for one in (self.log_loss, self.top_1, self.top_3)
        )
        return (
            f"on photos that test, above {self.member}, which validates best: log loss lower by {loss}, "
            f"top 1 by {first}, top 3 by {three}"
        )


def compare_with_best(
    voters: Sequence[Voter], vote: FittedVote, validation: JudgedPart, test: JudgedPart, seed: int
) -> VoteGain:
    """Compare the vote with the member of the least log loss on validation photos, on each photo that tests."""
    losses = [name_figures(one, validation.truth)["log-loss"] for one in validation.votes]
    best = int(np.argmin(losses))
    voted, alone = vote.take(test.votes), test.votes[best]
    ranks = [rank_truth(one, test.truth) for one in (voted, alone)]
    fallen = surprises(alone, test.truth) - surprises(voted, test.truth)
    gains = [(ranks[0] < k).astype(float) - (ranks[1] < k) for k in (1, 3)]
    return VoteGain(voters[best].name, *(bootstrap(one, seed=seed) for one in (fallen, *gains)))


def judged_part(votes: Sequence[Features], truth: NDArray[np.integer[Any]]) -> JudgedPart:
    """Put together what members say of the same photos."""
    return JudgedPart(np.stack(votes).astype(np.float64), truth.astype(np.intp))
