"""From labelled photos and a recipe to a trained model: what runs are put together of, in order."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.errors import ParameterError
from imgsim.evaluation.copy_groups import group_copies
from imgsim.evaluation.score_widths import Widths, check_widths
from imgsim.metrics.product import unit_rows
from imgsim.models.architectures import provenance
from imgsim.models.vision import torch
from imgsim.naming import parse_naming
from imgsim.tables.ground_truth import check_readable
from imgsim.training.backbone import Backbone, load_backbone
from imgsim.training.batches import Augmentation, CroppedPhotos, Feed, PictureFeed, ViewFeed, view_photos
from imgsim.training.decoded_photos import DecodedPhotos, DecodingOutcome, PixelForm
from imgsim.training.embeddings.linear.linear_model import LinearSettings, find_learnable, learn_map
from imgsim.training.embeddings.linear.refusals import LearningError
from imgsim.training.embeddings.linear_head import project_map, whiten_crops
from imgsim.training.embeddings.losses.base_loss import LossSetting
from imgsim.training.embeddings.losses.loss_table import build_loss, spell_loss
from imgsim.training.embeddings.miners.miner_table import build_miner, spell_miner
from imgsim.training.embeddings.network import EmbeddingNetwork, export_embedding
from imgsim.training.embeddings.outcome import POOLED, Outcome, compare_rows
from imgsim.training.embeddings.product_splits import describe_parts, require_lists, split_products
from imgsim.training.embeddings.recipe import PRODUCT_SPLITS
from imgsim.training.embeddings.retrieval_figures import judge_rows
from imgsim.training.embeddings.samplers.base_sampler import SamplerSetting
from imgsim.training.embeddings.samplers.sampler_table import build_sampler, check_kind, spell_sampler
from imgsim.training.embeddings.samplers.score_partners import ScorePartners
from imgsim.training.embeddings.score_figures import compare_scored, judge_scored
from imgsim.training.embeddings.scored_photos import check_partners, split_scored, widths_for
from imgsim.training.embeddings.splits import split_photos
from imgsim.training.process_team import ProcessTeam, join_team, team_size
from imgsim.training.random_states import generator_of
from imgsim.training.run_folder import UnwrittenFolder
from imgsim.training.run_means import ClassedPhotos, Means, find_device
from imgsim.training.run_parts import RunParts
from imgsim.training.served_photos import ServedPhotos
from imgsim.training.shared_work import BegunPhotos, SharedWork
from imgsim.training.split_file import SplitPhotos, collect, read_splits, spell_splits
from imgsim.training.staged_network import count_frozen
from imgsim.training.training_run import TrainingRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.training.embeddings.linear.linear_methods import LinearMap
    from imgsim.training.embeddings.linear.linear_model import Learned
    from imgsim.training.embeddings.losses.base_loss import Kind
    from imgsim.training.embeddings.recipe import TrainingRecipe
    from imgsim.training.embeddings.retrieval_figures import RetrievalFigures
    from imgsim.training.embeddings.samplers.base_sampler import Sampler
    from imgsim.training.embeddings.score_figures import ScoreFigures, ScoreOutcome
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_log import Epoch

HEAD, LOSS, LINEAR_HEAD = 5, 6, 7  # what is drawn, for its random state
SCORES = "scores"  # the miner of losses of triplets, where labels are scores
TRAINED, MAPPED = "embedding", "linear"


class Before(NamedTuple):
    """Rows of each part's photos before training, and the linear map of those that train."""

    pooled: dict[str, Features]
    mapped: LinearMap | None


class Trained(NamedTuple):
    """A trained model's file, and what it came to."""

    data: bytes
    outcomes: list[Outcome] | list[ScoreOutcome]
    log: list[Epoch]
    best: Epoch


def begin_run(photos: ClassedPhotos, recipe: TrainingRecipe, folder: RunFolder, means: Means) -> Trained | None:
    """Split photos, train, and judge: in a new folder, from which `resume_run` goes on after a kill.

    Of several processes, as `torchrun` starts them, the first alone judges and writes; the others give nothing.
    """
    require_lists(recipe.split, photos.tests)
    backbone, (team, device) = sized_backbone(recipe), _join(recipe, means)
    folder, means = _own(team, folder, means)
    wanted = np.flatnonzero(photos.codes >= 0)
    paths = [photos.paths[place] for place in wanted]
    decoded = _decode(photos.root, paths, backbone, means, hashed=True)
    readable = np.array([bool(digest) for digest in decoded.digests], bool)
    check_readable([error.path for error in decoded.unreadable] if photos.strict else [])
    for error in decoded.unreadable:
        means.said(f"skipped {error}")
    codes = np.where(readable, photos.codes[wanted], -1)
    groups = group_copies([decoded.digests], decoded.hashes, readable, readable)
    tests = None if photos.tests is None else photos.tests[wanted]
    why = "none but copies of them is of their class"
    if recipe.kind == "scores":
        units = None if photos.groups is None else photos.groups[wanted]
        parts = split_scored(codes >= 0, groups, units, shares=recipe.parts, seed=recipe.seed)
        why = "they have a score, and no group"
    else:
        parts, groups = _split(codes, groups, tests, recipe, means)
    if alone := int(((parts < 0) & (codes >= 0)).sum()):
        means.said(f"{alone} photos are left out: {why}")
    split = collect(paths, list(photos.names), codes, parts, groups)
    _check_labels(recipe, split, means)
    folder.make()
    folder.write(folder.splits, spell_splits(split))
    folder.write(folder.config, recipe.to_toml().encode())
    pixels = decoded.photos.take(np.flatnonzero(parts >= 0))
    return _Assembly(recipe, backbone, split, pixels, folder, means, device, team).train(resumed=False)


def _split(
    codes: NDArray[np.intp],
    groups: NDArray[np.intp],
    tests: NDArray[np.bool_] | None,
    recipe: TrainingRecipe,
    means: Means,
) -> tuple[NDArray[np.int8], NDArray[np.intp]]:
    """Give photos (N,) their parts, and the groups of copies that count as one: none by a published protocol."""
    by, shares, seed = recipe.split, recipe.parts, recipe.seed
    if tests is None or by not in PRODUCT_SPLITS:
        if tests is not None:
            means.said(f"split {by} deals the photos of both lists: figures compare with no published ones")
        return split_photos(codes, groups, by=by, shares=shares, seed=seed), groups
    parts = split_products(codes, tests, by=by, shares=shares, seed=seed)
    means.said(describe_parts(parts, codes, groups))
    return parts, np.arange(len(codes))


def _join(recipe: TrainingRecipe, means: Means) -> tuple[ProcessTeam, torch.device]:
    """Meet the other processes of a run: none has written anything before all are there."""
    device = find_device(means.device)
    if (size := team_size()) > 1 and recipe.batch_norm == "trained":
        told = f"{size} processes see {size} parts of a batch, each with a mean of its own"
        raise ParameterError(f"batch-norm trained: {told}: leave it frozen, or run it without torchrun")
    return join_team(device)


def _own(team: ProcessTeam, folder: RunFolder, means: Means) -> tuple[RunFolder, Means]:
    """Let the first process of a team write and speak alone."""
    return (folder, means) if team.first else (UnwrittenFolder(folder.path), means.silenced())


def resume_run(root: str, recipe: TrainingRecipe, folder: RunFolder, means: Means) -> Trained | None:
    """Go on with a run that was ended: its photos are in its folder's parts, and must all be there."""
    backbone, (team, device) = sized_backbone(recipe), _join(recipe, means)
    folder, means = _own(team, folder, means)
    split = read_splits(folder.splits)
    decoded = _decode(root, split.paths, backbone, means, hashed=False)
    wanted = set(split.paths)
    for error in decoded.unreadable:
        if error.path in wanted:
            raise error
    return _Assembly(recipe, backbone, split, decoded.photos, folder, means, device, team).train(resumed=True)


def _check_labels(recipe: TrainingRecipe, split: SplitPhotos, means: Means) -> None:
    """Make sure that batches can be made of the photos that train, and say which scores have no partner."""
    widths = widths_for(recipe.widths, split)
    sampler = sampler_of(recipe, split)
    if widths is None:
        return
    check_partners(split, widths)
    means.said(f"scores are near within {widths.within:g}, and far beyond {widths.beyond:g}")
    if isinstance(sampler, ScorePartners):
        lone = sampler.partners
        lacking = f"{lone.without_near} have no near score, {lone.without_far} no far one"
        means.said(f"{lone.without} of {lone.photos} photos that train ({lone.share:.1%}) are no anchors: {lacking}")


def spelled(recipe: TrainingRecipe) -> TrainingRecipe:
    """Write out what a recipe's loss, miner and sampler leave to their defaults; ParameterError where one is wrong.

    Widths of scores are the recipe's, and left out unless miner or sampler have others.
    """
    if recipe.widths:
        check_widths("widths", *recipe.widths.split(":"))
    classes = 2 if recipe.kind == "classes" else 0
    loss = build_loss(recipe.loss, LossSetting(classes, recipe.dim, generator_of(recipe.seed, LOSS)))
    miner = recipe.miner or (SCORES if loss.mined and recipe.kind == "scores" else "")
    if miner:
        build_miner(miner, loss, recipe.kind)
        miner = _without_widths(spell_miner(miner, loss), miner)
    check_kind(recipe.sampler, recipe.kind)
    sampler = _without_widths(spell_sampler(recipe.sampler), recipe.sampler)
    return dataclasses.replace(recipe, loss=spell_loss(recipe.loss), miner=miner, sampler=sampler)


def _without_widths(text: str, given: str) -> str:
    """Leave widths out of a text with all parameters, but for those that are given."""
    (name, params, _), known = parse_naming(text), parse_naming(given)[1]
    kept = [f"{key}={value}" for key, value in params.items() if key in known or key not in Widths._fields]
    return f"{name}:{','.join(kept)}" if kept else name


def learned_labels(
    split: SplitPhotos, kind: Kind = "classes"
) -> tuple[NDArray[np.int64] | NDArray[np.float64], list[str]]:
    """Give the classes of the photos that train, numbered from 0, and their names; or their scores."""
    if kind == "scores":
        return split.scores[split.places("train")], []
    classes, labels = np.unique(split.labels[split.places("train")], return_inverse=True)
    return labels.astype(np.int64), [split.names[number] for number in classes]


def sampler_of(recipe: TrainingRecipe, split: SplitPhotos) -> Sampler:
    """Build a recipe's sampler; EvaluationError where the photos that train are too few for it."""
    labels, names = learned_labels(split, recipe.kind)
    setting = SamplerSetting(labels, recipe.kind, recipe.batch, recipe.seed, names)
    return build_sampler(recipe.sampler, setting, widths_for(recipe.widths, split))


def sized_backbone(recipe: TrainingRecipe) -> Backbone:
    """Load the backbone that a recipe names, for images of its size."""
    backbone = load_backbone(recipe.architecture, recipe.weights)
    if not count_frozen(recipe.freeze, backbone) and recipe.views:
        raise ParameterError("views are what frozen stages are given, and none is frozen: freeze some, or views 0")
    return backbone.resized(recipe.size)


def _decode(root: str, paths: list[str], backbone: Backbone, means: Means, *, hashed: bool) -> DecodingOutcome:
    form = PixelForm(backbone.preprocessing, "whole" if backbone.any_size else "squash", means.limits)
    return means.decode(form, root, paths, hashed=hashed)


class _Assembly:
    """Puts a run together of its split photos."""

    def __init__(
        self,
        recipe: TrainingRecipe,
        backbone: Backbone,
        split: SplitPhotos,
        pixels: DecodedPhotos,
        folder: RunFolder,
        means: Means,
        device: torch.device,
        team: ProcessTeam,
    ) -> None:
        self._team = team
        self._recipe = recipe
        self._backbone = backbone
        self._split = split
        self._widths = widths_for(recipe.widths, split)
        self._pixels = pixels
        self._folder = folder
        self._means = means
        self._network = EmbeddingNetwork(
            backbone,
            dim=recipe.dim,
            frozen=count_frozen(recipe.freeze, backbone),
            still=recipe.batch_norm == "frozen",
            generator=generator_of(recipe.seed, HEAD),
        )
        self._network.lay_out(device)
        least, flip = recipe.least_crop, recipe.flip == "yes"
        self._augmentation = Augmentation(backbone.preprocessing, least=least, flip=flip)
        self._shared = means.shared or SharedWork()
        self._seen = (backbone.architecture, backbone.weights, backbone.preprocessing, self._network.frozen)
        begun = self._shared.once("begun", self._seen, lambda: BegunPhotos(means.most_bytes * 3 // 4))
        self._served = {part: self._serve(split.asked(part), begun) for part in ("train", "validation", "test")}

    def train(self, *, resumed: bool) -> Trained | None:
        """Train, write what came of it, and give the model; only train, in a process that is not the first."""
        before = self._before() if self._team.first else None
        self._team.spread(self._network)
        run = TrainingRun(self._recipe, self._parts(), self._folder)
        if resumed:
            run.resume()
            if done := run.standing.done:
                self._means.said(f"{self._folder.path}: going on after epoch {done}")
        run.go(self._means.heard, self._means.advanced)
        self._team.part()
        return self._came_to(run, before) if before else None

    def _before(self) -> Before:
        """Make the pooled rows, and the linear map of them, and let the projection begin as that if it is told to."""
        pooled = {part: self._pooled(part) for part in self._served}
        learned = None if self._widths else self._learn_map(pooled["train"])
        if self._recipe.head == "linear":
            self._begin_linear(learned, pooled["train"])
        return Before(pooled, learned.map if learned else None)

    def _came_to(self, run: TrainingRun, before: Before) -> Trained:
        """Judge the trained network, and write it and what it came to."""
        outcomes = self._judge(*before)
        data = self._export(run)
        best, log = run.standing.best, run.standing.log
        metrics = {"split": self._recipe.split, "best_epoch": best.epoch, "epochs": run.standing.done}
        metrics["outcomes"] = [one.to_row() for one in outcomes]
        self._folder.write_metrics(metrics)
        return Trained(data, outcomes, log, best)

    def _parts(self) -> RunParts:
        places = self._split.places("train")
        labels, names = learned_labels(self._split, self._recipe.kind)
        setting = LossSetting(len(names), self._recipe.dim, generator_of(self._recipe.seed, LOSS))
        loss = build_loss(self._recipe.loss, setting).to(next(self._network.parameters()).device)
        validation = self._served["validation"]
        return RunParts(
            self._network,
            loss,
            build_miner(self._recipe.miner, loss, self._recipe.kind, self._widths) if self._recipe.miner else None,
            sampler_of(self._recipe, self._split),
            self._feed(places),
            labels,
            self._paths(places),
            lambda: validation.rows(self._network.finish),
            lambda rows: self._figures("validation", rows).named(),
            team=self._team,
            from_start=self._recipe.head == "linear",  # the map, where nothing that is learned does better
        )

    def _feed(self, places: NDArray[np.intp]) -> Feed:
        recipe = self._recipe
        if not recipe.views:
            photos = CroppedPhotos(self._pixels.take(places), self._augmentation, recipe.seed)
            return PictureFeed(photos, self._means.jobs, self._team)
        return ViewFeed(self._views(places), recipe.views, recipe.seed, self._team)

    def _views(self, places: NDArray[np.intp]) -> torch.Tensor:
        """Draw views of photos, and give what the frozen stages make of them, photo after photo."""
        recipe = self._recipe
        begin = lambda: view_photos(  # noqa: E731
            self._pixels.take(places),
            self._augmentation,
            self._network,
            views=recipe.views,
            seed=recipe.seed,
            most_bytes=self._means.most_bytes,
            advanced=lambda share: self._means.advanced("views", share),
        )
        drawn = (recipe.views, recipe.seed, recipe.least_crop, recipe.flip)
        return self._shared.once("views", (*self._seen, *drawn, self._paths(places)), begin)

    def _serve(self, places: NDArray[np.intp], begun: BegunPhotos) -> ServedPhotos:
        pixels, paths = self._pixels.take(places), self._paths(places)
        return ServedPhotos(pixels, paths, self._network, self._backbone.preprocessing, begun)

    def _paths(self, places: NDArray[np.intp]) -> tuple[str, ...]:
        return tuple(self._split.paths[place] for place in places)

    def _pooled(self, part: str) -> Features:
        """Give the rows of a part's photos as the backbone makes them before training."""
        key = (*self._seen, self._paths(self._split.asked(part)))
        return self._shared.once(f"pooled {part}", key, lambda: self._rows(part, self._network.pool, POOLED))

    def _rows(self, part: str, finish: Callable[[torch.Tensor], torch.Tensor], what: str) -> Features:
        return self._served[part].rows(finish, lambda share: self._means.advanced(f"{what}: {part}", share))

    def _figures(self, part: str, rows: Features) -> RetrievalFigures | ScoreFigures:
        """Judge rows of a part's photos."""
        places = self._split.asked(part)
        if self._widths:
            return judge_scored(rows, self._split.scores[places], self._widths)
        return judge_rows(rows, self._split.labels[places], self._split.queries(part))

    def _judge(self, pooled: dict[str, Features], mapped: LinearMap | None) -> list[Outcome]:
        """Judge rows of the photos that were not learned from: the trained network's and others."""
        outcomes: list[Any] = []
        compare = compare_scored if self._widths else compare_rows
        for part in ("validation", "test"):
            if not len(self._split.asked(part)):
                continue
            rows = {TRAINED: self._rows(part, self._network.finish, TRAINED), POOLED: pooled[part]}
            if mapped is not None:
                rows[MAPPED] = unit_rows(mapped(pooled[part]).astype(np.float32))
            judged: Any = {name: self._figures(part, these) for name, these in rows.items()}
            outcomes += compare(part, judged, self._recipe.seed)
        return outcomes

    def _learn_map(self, rows: Features) -> Learned | None:
        """Learn a linear map of the pooled rows of the photos that train, as `imgsim train linear` does."""
        places, seed = self._split.asked("train"), self._recipe.seed
        labels = self._split.labels[places]
        try:
            known = find_learnable(rows, labels.astype(np.intp))
        except LearningError:  # one class will do for a network, if its loss is content
            return None
        learn = lambda: learn_map(known, LinearSettings(seed=seed), lambda of: 1 - of @ of.T)  # noqa: E731
        return self._shared.once("map", (*self._seen, self._paths(places), labels.tobytes(), seed), learn)

    def _begin_linear(self, learned: Learned | None, rows: Features) -> None:
        """Let the projection begin as a map of the rows (N, C) of the photos that train, and of their views."""
        if learned is None:
            raise LearningError(
                "head linear: fewer than two classes that train have two photos: give --head orthogonal"
            )
        mapped, seed = learned.map, self._recipe.seed
        if count := self._recipe.views:
            places = self._split.places("train")
            labels = self._split.labels[np.concatenate([self._split.asked("train"), np.repeat(places, count)])]
            rows = np.concatenate([rows, self._pool_views(places)])
            mapped = whiten_crops(rows, labels.astype(np.intp), learned.form, seed)
        rng = np.random.default_rng([seed, LINEAR_HEAD])
        self._network.begin_head(project_map(mapped, rows, self._recipe.dim, rng))

    def _pool_views(self, places: NDArray[np.intp]) -> Features:
        """Give the rows of photos' views as the backbone makes them before training."""
        device = next(self._network.parameters()).device
        self._network.eval()
        with torch.inference_mode():
            parts = self._views(places).split(self._recipe.views)
            return np.concatenate([self._network.pool(maps.to(device)).cpu().numpy() for maps in parts])

    def _export(self, run: TrainingRun) -> bytes:
        recipe = {key: value for key, value in self._recipe.as_options().items() if key != "weights"}
        counted = {} if self._widths else {"classes": len(np.unique(self._split.labels))}
        told = {**recipe, "epoch": run.standing.best.epoch, **counted}
        licence = provenance(self._backbone.architecture, self._backbone.weights).get("licence", "")
        return export_embedding(self._network.cpu(), self._backbone, told, licence)
