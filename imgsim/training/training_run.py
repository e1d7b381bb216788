"""The epochs of a run: from where it stands, to the last, or to where nothing more is won."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from imgsim.errors import ImgsimError, first_few
from imgsim.models.vision import torch
from imgsim.training.process_team import ALONE, ProcessTeam
from imgsim.training.random_states import generator_of, seeded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.training.batches import Batch, Feed
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_loss import RunLoss
    from imgsim.training.run_recipe import RunRecipe
    from imgsim.training.staged_network import StagedNetwork

LEARNING, MINING = 3, 4  # what is drawn, for its random state
MOMENTUM = 0.9  # of SGD


class DivergedError(ImgsimError):
    """A loss, or weights, that are no longer finite numbers."""


class BatchSource(Protocol):
    """Says which photos are in which batch of an epoch."""

    def batches(self, epoch: int, /) -> list[NDArray[np.intp]]:
        """List each batch's photos."""


class RunParts(NamedTuple):
    """What a run is put together of."""

    network: StagedNetwork
    loss: RunLoss
    miner: Callable[[torch.Tensor, torch.Tensor, torch.Generator], Any] | None
    sampler: BatchSource
    feed: Feed
    labels: NDArray[np.int64] | NDArray[np.float64]  # classes or scores of the photos that train
    paths: Sequence[str]
    embed: Callable[[], Features]  # rows of the photos that validate
    judge: Callable[[Features], Mapping[str, float]]  # their figures, by names that a recipe may choose by
    prepare: Callable[[int], None] = lambda _: None  # what is done before an epoch
    from_start: bool = False  # whether the network as it begins is judged too, as epoch 0
    team: ProcessTeam = ALONE


class Epoch(NamedTuple):
    """What an epoch came to: a row of the log, with the figures of the photos that validate.

    `waited` are the seconds that the network waited for photos.
    """

    epoch: int
    loss: float
    rate: float
    figures: dict[str, float]
    best: bool
    seconds: float
    waited: float

    def to_row(self) -> dict[str, Any]:
        """Name its figures as the log does."""
        return {
            "epoch": self.epoch,
            "loss": self.loss,
            "lr": self.rate,
            **self.figures,
            "best": int(self.best),
            "seconds": round(self.seconds, 2),
            "waited": round(self.waited, 2),
        }


@dataclass
class RunStanding:
    """Where a run stands: epochs that are done, and what the best of them had learned."""

    log: list[Epoch] = field(default_factory=list)
    learned: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """The last epoch that is over."""
        return self.log[-1].epoch if self.log else 0

    @property
    def best(self) -> Epoch:
        """The best epoch so far."""
        return [epoch for epoch in self.log if epoch.best][-1]

    def is_over(self, recipe: RunRecipe) -> bool:
        """Tell whether all epochs are done, or as many without a better one as patience lasts."""
        done = self.done
        return done >= recipe.epochs or (done > 0 and done - self.best.epoch >= recipe.patience)


class TrainingRun:
    """A run: each epoch's random state follows from the seed, so that one that goes on does what it would have done."""

    def __init__(self, recipe: RunRecipe, parts: RunParts, folder: RunFolder) -> None:
        self._recipe = recipe
        self._parts = parts
        self._folder = folder
        self._optimizer = make_optimizer(recipe, parts.network, parts.loss)
        self._rates = [group["lr"] for group in self._optimizer.param_groups]
        self._device = next(parts.network.parameters()).device
        self._half = halves(recipe.precision, self._device)
        self.standing = RunStanding()
        self._mean = self._learned() if recipe.average else {}  # of past weights

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        state = self._parts.team.told(self._folder.load)
        if state is None:
            return
        self.standing = RunStanding([Epoch(*row) for row in state["log"]], state["best"])
        self._parts.network.load_state_dict(state["network"], strict=False)
        self._mean = state["mean"]
        self._parts.loss.load_state_dict(state["loss"])
        self._optimizer.load_state_dict(state["optimizer"])

    def go(self, heard: Callable[[Epoch], None], advanced: Callable[[str, float], None]) -> None:
        """Train until it is over, and let the network be what the best epoch had made of it."""
        while not self.standing.is_over(self._recipe):
            begins = self._parts.from_start and not self.standing.log
            epoch = self._begun() if begins else self._epoch(self.standing.done + 1, advanced)
            self.standing.log.append(epoch)
            if epoch.best:
                self.standing.learned = self._mean_or_learned()
            self._save()
            heard(epoch)
        self._parts.network.load_state_dict(self.standing.learned, strict=False)
        self._parts.network.eval()

    def _begun(self) -> Epoch:
        """Judge the network as it begins."""
        begun, figures = time.perf_counter(), self._parts.team.told(lambda: self._validate(0))
        return Epoch(0, math.nan, 0.0, figures, True, time.perf_counter() - begun, 0.0)

    def _epoch(self, number: int, advanced: Callable[[str, float], None]) -> Epoch:
        begun, waited = time.perf_counter(), self._parts.feed.waited
        before = [self._recipe.judged(one.figures) for one in self.standing.log]
        share = self._recipe.rate_at(number - 1, before)
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * share
        self._parts.prepare(number)
        loss = self._learn(number, advanced)
        figures = self._parts.team.told(lambda: self._validate(number))
        now = self._recipe.judged(figures)
        rate = self._recipe.lr * share
        seconds, waited = time.perf_counter() - begun, self._parts.feed.waited - waited
        best = math.isnan(now) or now > max(before, default=-math.inf)  # the last where none validates
        return Epoch(number, loss, rate, figures, best, seconds, waited)

    def _learn(self, number: int, advanced: Callable[[str, float], None]) -> float:
        """Learn from an epoch's batches; give their mean loss."""
        listed = self._parts.sampler.batches(number)
        losses, together = [], self._recipe.accumulate
        self._parts.network.train()
        self._optimizer.zero_grad()
        with seeded(self._recipe.seed, LEARNING, number):
            for place, batch in enumerate(self._parts.feed.batches(number, listed)):
                loss = self._loss(batch, number, place)
                if not math.isfinite(value := float(loss.detach())):
                    raise self._diverged(number, place, batch, f"the loss is {value}")
                (loss / together).backward()
                losses.append(value)
                if (place + 1) % together == 0 or place + 1 == len(listed):
                    self._parts.team.add_up(self._parts.network.parameters())
                    self._optimizer.step()
                    self._optimizer.zero_grad()
                    self._take_mean()
                advanced(f"epoch {number}", (place + 1) / len(listed))
        return float(np.mean(losses))

    def _loss(self, batch: Batch, number: int, place: int) -> torch.Tensor:
        network, labels = self._parts.network, torch.from_numpy(self._parts.labels[batch.places]).to(self._device)
        given = batch.given.to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._half):
            embeddings = network.finish(given) if self._recipe.views else network(given)
        embeddings = self._parts.team.gather(embeddings.float(), len(labels))
        chosen = None
        if self._parts.miner is not None:
            generator = generator_of(self._recipe.seed, MINING, number, place)
            chosen = self._parts.miner(embeddings.detach(), labels, generator)
        loss: torch.Tensor = self._parts.loss(embeddings, labels, chosen)
        return loss

    def _validate(self, number: int) -> dict[str, float]:
        if self._mean:
            now = self._learned()
            self._parts.network.load_state_dict(self._mean, strict=False)
        figures = self._judge(number)
        if self._mean:
            self._parts.network.load_state_dict(now, strict=False)
        return figures

    def _judge(self, number: int) -> dict[str, float]:
        self._parts.network.eval()
        with torch.inference_mode():
            rows = self._parts.embed()
            finite = all(bool(one.isfinite().all()) for one in self._parts.network.parameters())
        if not (finite and np.isfinite(rows).all()):
            raise DivergedError(f"epoch {number}: the weights are not finite numbers after it{self._stands()}")
        return dict(self._parts.judge(rows))

    def _diverged(self, number: int, place: int, batch: Batch, what: str) -> DivergedError:
        named = first_few([self._parts.paths[photo] for photo in batch.places])
        return DivergedError(f"epoch {number}, batch {place + 1} ({named}): {what}{self._stands()}")

    def _stands(self) -> str:
        done = self.standing.done
        there = f"the checkpoint of epoch {done} stands" if self.standing.log else "no checkpoint was written"
        return f"; {there}; give a lower learning rate"

    def _learned(self) -> dict[str, torch.Tensor]:
        """Copy what can have changed of the network."""
        network = self._parts.network
        frozen = tuple(f"stages.{stage}." for stage in range(network.frozen))
        state = network.state_dict()
        return {name: tensor.detach().cpu().clone() for name, tensor in state.items() if not name.startswith(frozen)}

    def _take_mean(self) -> None:
        """Move the mean of past weights towards those of now, where one is kept."""
        if self._mean:
            kept = self._recipe.average
            for name, tensor in self._learned().items():
                whole = not tensor.is_floating_point()
                self._mean[name] = tensor if whole else kept * self._mean[name] + (1 - kept) * tensor

    def _mean_or_learned(self) -> dict[str, torch.Tensor]:
        """Copy the weights that are judged."""
        return {name: one.clone() for name, one in self._mean.items()} if self._mean else self._learned()

    def _save(self) -> None:
        state = {
            "network": self._learned(),
            "best": self.standing.learned,
            "mean": self._mean,
            "loss": self._parts.loss.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "log": [tuple(epoch) for epoch in self.standing.log],
        }
        self._folder.save(state)
        self._folder.write_log([epoch.to_row() for epoch in self.standing.log])


def halves(precision: str, device: torch.device) -> bool:
    """Tell whether a network learns in bfloat16 on a device: unless told, where a GPU has it in its circuits."""
    if precision != "auto":
        return precision == "bfloat16"
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def make_optimizer(recipe: RunRecipe, network: StagedNetwork, loss: RunLoss) -> torch.optim.Optimizer:
    """Make the optimiser of what a network and its loss learn, each at rates of their own."""
    groups = network.learning(recipe.lr, recipe.decay, head_rate=recipe.head_lr, head_decay=recipe.head_decay)
    if own := [one for one in loss.parameters() if one.requires_grad]:
        groups.append({"params": own, "lr": recipe.lr * loss.rate, "weight_decay": 0.0})
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=recipe.lr, momentum=MOMENTUM)
    kind = torch.optim.AdamW if recipe.optimizer == "adamw" else torch.optim.Adam
    return kind(groups, lr=recipe.lr)
