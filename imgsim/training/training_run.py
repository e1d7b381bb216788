"""The epochs of a run: from where it stands, to the last, or to where nothing more is won."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np

from imgsim.errors import ImgsimError, first_few
from imgsim.models.vision import torch
from imgsim.training.averaged_weights import AveragedWeights
from imgsim.training.optimizer import make_optimizer
from imgsim.training.random_states import generator_of, seeded
from imgsim.training.run_log import Epoch, RunStanding

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgsim.training.batches import Batch
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_parts import RunParts
    from imgsim.training.run_recipe import RunRecipe

LEARNING, MINING = 3, 4  # what is drawn, for its random state


class DivergedError(ImgsimError):
    """A loss, or weights, that are no longer finite numbers."""


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
        self._weights = AveragedWeights(parts.network, recipe.average)

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        state = self._parts.team.told(self._folder.load)
        if state is None:
            return
        self.standing = RunStanding([Epoch(*row) for row in state["log"]], state["best"])
        self._parts.network.load_state_dict(state["network"], strict=False)
        self._weights.mean = state["mean"]
        self._parts.loss.load_state_dict(state["loss"])
        self._optimizer.load_state_dict(state["optimizer"])

    def go(self, heard: Callable[[Epoch], None], advanced: Callable[[str, float], None]) -> None:
        """Train until it is over, and let the network be what the best epoch had made of it."""
        while not self.standing.is_over(self._recipe):
            begins = self._parts.from_start and not self.standing.log
            epoch = self._begun() if begins else self._epoch(self.standing.done + 1, advanced)
            self.standing.log.append(epoch)
            if epoch.best:
                self.standing.learned = self._weights.judged()
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
                    self._weights.step()
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
        """Give the figures of the photos that validate, by the weights that are judged."""
        with self._weights.in_place():
            return self._judge(number)

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

    def _save(self) -> None:
        state = {
            "network": self._weights.now(),
            "best": self.standing.learned,
            "mean": self._weights.mean,
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
