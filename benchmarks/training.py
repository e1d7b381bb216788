"""A step of training a network further, against the same step in a bare loop of PyTorch's."""

from __future__ import annotations

import time
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks.measuring import Figure, interleave, median_ratio, shown, slowdown
from benchmarks.pictures import SMALL, photo_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.measuring import Setting
    from imgsim.training.backbone import Backbone
    from imgsim.training.batches import PictureFeed
    from imgsim.training.embeddings.recipe import TrainingRecipe

NETWORK, DIM = "mobilenet_v3_small", 512  # of those that are trained the lightest: what is beside it weighs most
BATCH, PER_CLASS, STEPS = 16, 4, 3
MEMORY = 10**9  # bytes, for pixels


class Epoch(NamedTuple):
    """Seconds that STEPS steps took, those of them that the network waited for photos, and the processors' seconds."""

    seconds: float
    waited: float
    processors: float


def train_step(setting: Setting) -> list[Figure]:
    """Learn from batches of 16 photos at 224 x 224: cut from pixels in memory, from files, and in a bare loop.

    All with one thread of torch's: as many as there are processors wait for each other spinning, in the bare loop
    alone, which then takes ten times as long where anything else runs.
    """
    from imgsim.models.vision import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _train_step(setting)
    finally:
        torch.set_num_threads(before)


def _train_step(setting: Setting) -> list[Figure]:
    from imgsim.processes import default_jobs
    from imgsim.training.embeddings.recipe import TrainingRecipe

    recipe = TrainingRecipe(architecture=NETWORK, dim=DIM, batch=BATCH, loss="margin", sampler="random", epochs=1)
    photos = photo_folder(setting.photos, SMALL, BATCH * STEPS)
    backbone = _backbone()
    kept = Loop(recipe, backbone, photos, setting.scratch, MEMORY, default_jobs())
    read = Loop(recipe, backbone, photos, setting.scratch, 0, default_jobs())
    epochs: dict[str, list[Epoch]] = {"ours": [], "files": [], "theirs": [], "first": []}

    def timed(name: str, learn: Callable[[], Epoch]) -> float:
        epochs[name].append(learn())
        return epochs[name][-1].seconds / STEPS

    first = lambda: kept.bare(channels_last=False)  # noqa: E731
    runs = {"ours": kept.epoch, "files": read.epoch, "theirs": kept.bare, "first": first}
    turns = {name: lambda name=name, learn=learn: timed(name, learn) for name, learn in runs.items()}
    times = interleave(turns, setting.repeats)
    busy = {name: [one.processors / STEPS for one in of[1:]] for name, of in epochs.items()}
    what, bare = f"training step, {NETWORK}, {BATCH} photos", "bare PyTorch, batch decoded"
    return [
        slowdown(f"{what} in memory", bare, times, 1.15),
        slowdown("the same, processors' time", bare, busy, 1.15),
        slowdown("the same, processors' time", f"{bare}, channels first", busy | {"theirs": busy["first"]}, None),
        slowdown(f"{what} of files", bare, times | {"ours": times["files"]}, None),
        _waiting("in memory", epochs["ours"][1:]),
        _waiting("of files", epochs["files"][1:]),
    ]


class Clocks(NamedTuple):
    """What clocks say: the one on the wall, and the processors', of all threads of this process."""

    wall: float
    busy: float


class Loop:
    """imgsim's loop over some photos, and a bare one with the same network, loss and optimiser."""

    def __init__(
        self, recipe: TrainingRecipe, backbone: Backbone, photos: Path, scratch: Path, most_bytes: int, jobs: int
    ) -> None:
        from imgsim.models.vision import torch
        from imgsim.training.embeddings.losses.base_loss import LossSetting
        from imgsim.training.embeddings.losses.loss_table import build_loss
        from imgsim.training.embeddings.network import EmbeddingNetwork
        from imgsim.training.random_states import generator_of

        paths = sorted(path.name for path in photos.glob("*.jpg"))
        self._labels = np.arange(len(paths)) // PER_CLASS
        self._paths, self._recipe, self._scratch = paths, recipe, scratch
        self._feed = _feed(backbone, photos, paths, most_bytes, jobs)
        network = EmbeddingNetwork(
            deepcopy(backbone), dim=DIM, frozen=0, still=True, generator=generator_of(recipe.seed)
        )
        loss = build_loss(recipe.loss, LossSetting(len(paths) // PER_CLASS, DIM, generator_of(recipe.seed)))
        self._first = network, loss
        laid = deepcopy(network)
        laid.lay_out(torch.device("cpu"))
        self._begun = laid, loss
        self._batch = next(iter(self._feed.batches(0, [np.arange(BATCH)]))).given

    def epoch(self) -> Epoch:
        """Learn from each photo once, as a run does; validating and saving come after the last step."""
        from imgsim.training.embeddings.retrieval_figures import judge_rows
        from imgsim.training.embeddings.samplers.base_sampler import SamplerSetting
        from imgsim.training.embeddings.samplers.sampler_table import build_sampler
        from imgsim.training.run_folder import RunFolder
        from imgsim.training.run_parts import RunParts
        from imgsim.training.training_run import TrainingRun

        sampler = build_sampler(self._recipe.sampler, SamplerSetting(self._labels, "classes", BATCH, 0))
        nothing = np.zeros((2, DIM), np.float32)
        labels = self._labels
        parts = RunParts(
            *deepcopy(self._begun),  # anew in each round: what has learned all there is takes other times
            None,
            sampler,
            self._feed,
            labels,
            self._paths,
            lambda: nothing,
            lambda rows: judge_rows(rows, labels[:2]).named(),
        )
        folder = RunFolder(str(self._scratch / "run"))
        folder.make()
        run = TrainingRun(self._recipe, parts, folder)
        ends: list[Clocks] = []
        waited, begun = self._feed.waited, _clocks()
        run.go(lambda _: None, lambda *_: ends.append(_clocks()))
        return Epoch(ends[-1].wall - begun.wall, self._feed.waited - waited, ends[-1].busy - begun.busy)

    def bare(self, *, channels_last: bool = True) -> Epoch:
        """Learn from a batch as often, in the layout that imgsim's network has, or in torch's own."""
        from imgsim.models.vision import torch
        from imgsim.training.optimizer import make_optimizer

        network, loss = deepcopy(self._begun if channels_last else self._first)
        optimizer: Any = make_optimizer(self._recipe, network, loss)
        labels = torch.from_numpy(self._labels[:BATCH])
        network.train()
        begun = _clocks()
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss(network(self._batch), labels, None).backward()
            optimizer.step()
        ended = _clocks()
        return Epoch(ended.wall - begun.wall, 0.0, ended.busy - begun.busy)


def _clocks() -> Clocks:
    return Clocks(time.perf_counter(), time.process_time())


def _backbone() -> Backbone:
    """Give the network as torchvision begins it: what it has learned changes no time."""
    from imgsim.models.trunks import build_network, preprocessing_of
    from imgsim.training.backbone import cut_stages

    network = build_network(NETWORK)
    return cut_stages(NETWORK, network, preprocessing_of(NETWORK, network), "0" * 64)


def _feed(backbone: Backbone, photos: Path, paths: list[str], most_bytes: int, jobs: int) -> PictureFeed:
    from imgsim.images.limits import Limits
    from imgsim.training.batches import Augmentation, CroppedPhotos, PictureFeed
    from imgsim.training.decoded_photos import PixelForm, decode_photos

    form = PixelForm(backbone.preprocessing, "whole", Limits())
    decoded = decode_photos(str(photos), paths, form, most_bytes=most_bytes)
    augmentation = Augmentation(backbone.preprocessing, least=0.25, flip=True)
    return PictureFeed(CroppedPhotos(decoded.photos, augmentation, 0), jobs)


def _waiting(which: str, epochs: list[Epoch]) -> Figure:
    share, shares = median_ratio([one.waited for one in epochs], [one.seconds for one in epochs])
    waited, whole = (shown([getattr(one, name) / STEPS for one in epochs]) for name in ("waited", "seconds"))
    return Figure(f"wait for crops of photos {which}", waited, "the step", whole, share, "of it", samples=shares)
