"""From photos of classes and a recipe to a trained classifier: what its run is put together of, in order."""

from __future__ import annotations

import csv
import dataclasses
import io
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.errors import EvaluationError, ParameterError, first_few
from imgsim.evaluation.label_figures import LabelFigures, judge_labels, name_figures
from imgsim.models.architectures import provenance
from imgsim.models.classifier_export import write_classifier
from imgsim.models.classifier_model import check_labels
from imgsim.tables.ground_truth import check_readable
from imgsim.training.backbone import load_backbone
from imgsim.training.batches import Augmentation, PictureFeed, keep_maps
from imgsim.training.classifiers.class_balance import NONE, ORIGINAL, ClassBalance
from imgsim.training.classifiers.class_loss import ClassLoss, balanced_weights
from imgsim.training.classifiers.class_pictures import ClassPictures, KeptPictures, mean_color
from imgsim.training.classifiers.classifier_network import ClassifierNetwork, Dropout
from imgsim.training.classifiers.dealt_photos import deal_as_before, deal_photos
from imgsim.training.classifiers.probe_fit import choose_form, fit_probe
from imgsim.training.classifiers.sample_sheet import draw_samples
from imgsim.training.classifiers.stratified_split import count_parts
from imgsim.training.decoded_photos import PixelForm
from imgsim.training.photos_digest import photos_digest
from imgsim.training.random_states import generator_of
from imgsim.training.run_means import ClassedPhotos, Means, find_device
from imgsim.training.run_parts import RunParts
from imgsim.training.served_photos import ServedPhotos
from imgsim.training.shared_work import BegunPhotos
from imgsim.training.split_file import PARTS, read_splits, spell_splits
from imgsim.training.staged_network import count_frozen
from imgsim.training.training_run import TrainingRun

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.training.backbone import Backbone
    from imgsim.training.batches import Feed
    from imgsim.training.classifiers.class_balance import PictureCounts
    from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe
    from imgsim.training.classifiers.dealt_photos import DealtPhotos
    from imgsim.training.classifiers.probe_fit import FittedProbe
    from imgsim.training.decoded_photos import DecodingOutcome
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_log import Epoch
    from imgsim.training.split_file import SplitPhotos

HEAD = 8  # what is drawn, for its random state
TRAINED, PROBE = "network", "regression"
JUDGED = ("validation", "test")


class LabelOutcome(NamedTuple):
    """Figures of a part's photos, by whose probabilities."""

    part: str
    rows: str
    figures: LabelFigures

    def to_row(self) -> dict[str, Any]:
        """Name its figures."""
        return {"part": self.part, "rows": self.rows, **self.figures.to_row()}


class TrainedClassifier(NamedTuple):
    """A trained classifier's file, what it came to, and how many photos of each class it saw."""

    data: bytes
    outcomes: list[LabelOutcome]
    counts: list[PictureCounts]
    log: list[Epoch]
    best: Epoch


def begin_classifier(
    photos: ClassedPhotos, recipe: ClassifierRecipe, folder: RunFolder, means: Means
) -> TrainedClassifier:
    """Split photos, train, and judge: in a new folder, from which `resume_classifier` goes on after a kill."""
    device, backbone = find_device(means.device), staged_backbone(recipe)
    check_labels(photos.names)
    wanted = np.flatnonzero(photos.codes >= 0)
    paths = [photos.paths[place] for place in wanted]
    decoded = _decode(photos.root, paths, recipe, backbone, means)
    check_readable([error.path for error in decoded.unreadable] if photos.strict else [])
    for error in decoded.unreadable:
        means.said(f"skipped {error}")
    dealt = _deal(photos, paths, photos.codes[wanted], decoded, recipe)
    for remark in dealt.remarks:
        means.said(remark)
    folder.make()
    folder.write(folder.splits, spell_splits(dealt.split))
    split = read_splits(folder.splits)  # classes are numbered as a run that goes on numbers them
    counts = count_parts(split.labels, np.minimum(split.parts, PARTS.index("test")), split.names)
    folder.write(folder.config, recipe.to_toml().encode())
    _write_rows(folder, "classes.csv", [one._asdict() for one in counts])
    _write_rows(folder, "failures.csv", [{"path": one.path, "reason": one.reason} for one in decoded.unreadable])
    decoded = decoded.take(dealt.places)
    return _ClassifierAssembly(recipe, backbone, split, decoded, folder, means, device).train(resumed=False)


def resume_classifier(root: str, recipe: ClassifierRecipe, folder: RunFolder, means: Means) -> TrainedClassifier:
    """Go on with a run that was ended: its photos are in its folder's parts, and must all be there."""
    device, backbone = find_device(means.device), staged_backbone(recipe)
    split = read_splits(folder.splits)
    decoded = _decode(root, split.paths, recipe, backbone, means)
    wanted = set(split.paths)
    for error in decoded.unreadable:
        if error.path in wanted:
            raise error
    return _ClassifierAssembly(recipe, backbone, split, decoded, folder, means, device).train(resumed=True)


def _deal(
    photos: ClassedPhotos,
    paths: list[str],
    codes: NDArray[np.intp],
    decoded: DecodingOutcome,
    recipe: ClassifierRecipe,
) -> DealtPhotos:
    """Give photos (N,) the parts that they had in an earlier run, or those that a seed draws."""
    readable = np.array([bool(digest) for digest in decoded.digests], bool)
    if photos.splits is not None:
        return deal_as_before(photos.splits, paths, readable)
    known = np.where(readable, codes, -1)
    if empty := [photos.names[code] for code in np.setdiff1d(codes, known).tolist()]:
        is_left = "class has" if len(empty) == 1 else "classes have"
        told = f"{len(empty)} {is_left} no photo left, since none of theirs can be read ({first_few(empty)})"
        raise EvaluationError(f"{told}: mend the photos, or take them away")
    shares = {"test": recipe.test, "validation": recipe.validation}
    return deal_photos(paths, photos.names, known, decoded.digests, decoded.hashes, seed=recipe.seed, **shares)


def staged_backbone(recipe: ClassifierRecipe) -> Backbone:
    """Load the backbone that a recipe names, for images of its size; ParameterError where stages do not fit it."""
    backbone = load_backbone(recipe.architecture, recipe.weights)
    listed = [recipe.freeze, *(stages for _, stages in recipe.unfrozen)]
    counts = [count_frozen(text, backbone) for text in listed]
    if any(later >= earlier for earlier, later in pairwise(counts)):
        raise ParameterError(f"unfreeze {recipe.unfreeze}: after freeze {recipe.freeze} it freezes fewer and fewer")
    if not counts[-1] and recipe.views:
        raise ParameterError("views are what frozen stages are given, and none is frozen: freeze some, or views 0")
    return backbone.resized(recipe.size)


def crop_of(recipe: ClassifierRecipe, backbone: Backbone) -> str:
    """Tell what a network sees of a photo: one that takes squares only is given no whole one."""
    return "squash" if recipe.crop == "whole" and not backbone.any_size else recipe.crop


def _decode(root: str, paths: list[str], recipe: ClassifierRecipe, backbone: Backbone, means: Means) -> DecodingOutcome:
    form = PixelForm(backbone.preprocessing, crop_of(recipe, backbone), means.limits)
    return means.decode(form, root, paths, hashed=True)


def _write_rows(folder: RunFolder, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        folder.write(folder.file(name), text.getvalue().encode("utf-8", "surrogateescape"))


class _ClassifierAssembly:
    """Puts a run together of its split photos."""

    def __init__(
        self,
        recipe: ClassifierRecipe,
        backbone: Backbone,
        split: SplitPhotos,
        decoded: DecodingOutcome,
        folder: RunFolder,
        means: Means,
        device: Any,  # noqa: ANN401 (torch's)
    ) -> None:
        self._recipe, self._split, self._folder, self._means = recipe, split, folder, means
        self._pixels, self._digests = decoded.photos, decoded.digests
        self._places = split.places("train")
        self._labels = split.labels[self._places]
        if recipe.normalise == "centred":
            mean = mean_color(decoded.photos.take(self._places))
            backbone = dataclasses.replace(backbone, preprocessing=backbone.preprocessing._replace(mean=mean))
        self._backbone = backbone
        freezes = [(1, recipe.freeze), *recipe.unfrozen]
        self._frozen = [(epoch, count_frozen(text, backbone)) for epoch, text in freezes]
        self._balance = ClassBalance(self._labels, split.names, recipe.augment, batch=recipe.batch, seed=recipe.seed)
        self._network = ClassifierNetwork(
            backbone,
            len(split.names),
            frozen=self._frozen[-1][1],
            still=recipe.batch_norm == "frozen",
            dropout=Dropout(recipe.dropout, recipe.dropout_rate),
            generator=generator_of(recipe.seed, HEAD),
        ).to(device)
        self._served = {part: self._serve(split.asked(part)) for part in ("train", *JUDGED)}

    def train(self, *, resumed: bool) -> TrainedClassifier:
        """Train, write what came of it, and give the model."""
        for one in self._balance.counts:
            more = f", {one.made} pictures made of them: {one.pictures}" if self._recipe.augment != NONE else ""
            self._means.said(f"{one.label}: learned from {one.photos} photos{more}")
        outcomes = self._begin()
        run = TrainingRun(self._recipe, self._parts(), self._folder)
        if resumed:
            run.resume()
            if run.standing.log:
                self._means.said(f"{self._folder.path}: going on after epoch {run.standing.done}")
        run.go(self._means.heard, self._means.advanced)
        trained = [self._judge(part, self._probabilities(part)) for part in JUDGED if len(self._split.asked(part))]
        outcomes = [one for pair in zip(trained, outcomes, strict=True) for one in pair]
        data = self._export(run)
        best, log = run.standing.best, run.standing.log
        metrics: dict[str, Any] = {"best_epoch": best.epoch, "epochs": run.standing.done}
        metrics["outcomes"] = [one.to_row() for one in outcomes]
        metrics["counts"] = [one.to_row() for one in self._balance.counts]
        self._folder.write_metrics(metrics)
        return TrainedClassifier(data, outcomes, self._balance.counts, log, best)

    def _begin(self) -> list[LabelOutcome]:
        """Fit a probe to the rows that the network begins with, judge it, and let the head begin with it."""
        pooled = {part: self._served[part].rows(self._network.pool, self._heard(part)) for part in self._served}
        asked = self._split.asked("train")
        probe = fit_rows(pooled["train"], self._split.labels[asked], self._split.groups[asked], self._recipe.seed)
        if self._recipe.start == PROBE:
            self._network.head.begin_with(probe, pooled["train"].std(axis=0, dtype=np.float64))
        judged = [part for part in JUDGED if len(pooled[part])]
        return [self._judge(part, probe.probabilities(pooled[part]), PROBE) for part in judged]

    def _heard(self, part: str) -> Any:  # noqa: ANN401 (what rows tell of how far they are)
        return lambda share: self._means.advanced(f"as it begins: {part}", share)

    def _parts(self) -> RunParts:
        recipe, copies = self._recipe, 1 + int(self._balance.most_of().max(initial=0))
        weights = None
        if recipe.class_weights == "balanced":
            weights = balanced_weights(np.array([one.pictures for one in self._balance.counts]))
        loss = ClassLoss(smoothing=recipe.smoothing, weights=weights).to(next(self._network.parameters()).device)
        truth = self._split.labels[self._split.asked("validation")]
        return RunParts(
            self._network,
            loss,
            None,
            self._balance,
            self._feed(),
            np.tile(self._labels, copies),
            [self._split.paths[place] for place in self._places] * copies,
            lambda: self._probabilities("validation"),
            lambda rows: name_figures(rows, truth),
            lambda epoch: self._network.hold([count for begins, count in self._frozen if begins <= epoch][-1]),
            from_start=recipe.start == PROBE,
        )

    def _feed(self) -> Feed:
        recipe, photos = self._recipe, self._pixels.take(self._places)
        augmentation = Augmentation(self._backbone.preprocessing, least=recipe.least_crop, flip=recipe.flip == "yes")
        pictures = ClassPictures(photos, augmentation, self._balance, augment=recipe.augment, seed=recipe.seed)
        paths = [self._split.paths[place] for place in self._places]
        draw_samples(pictures, self._balance, paths, self._folder.file("samples.png"))
        if not recipe.views:
            return PictureFeed(pictures, self._means.jobs)
        counts = np.array([len(pictures.kept_of(place, recipe.views)) for place in range(len(photos))])
        maps = keep_maps(
            lambda place: pictures.views_of(place, recipe.views),
            counts,
            self._network,
            most_bytes=self._means.most_bytes,
            advanced=lambda share: self._means.advanced("views", share),
        )
        return KeptPictures(maps, counts, recipe.views, fixed=recipe.augment == ORIGINAL, seed=recipe.seed)

    def _serve(self, places: NDArray[np.intp]) -> ServedPhotos:
        pixels, paths = self._pixels.take(places), [self._split.paths[place] for place in places]
        begun = BegunPhotos(self._means.most_bytes // 4)
        return ServedPhotos(pixels, paths, self._network, self._backbone.preprocessing, begun)

    def _probabilities(self, part: str) -> Features:
        rows = self._served[part].rows(self._network.probabilities)
        return rows if len(rows) else np.zeros((0, len(self._split.names)), np.float32)

    def _judge(self, part: str, probabilities: NDArray[np.floating], rows: str = TRAINED) -> LabelOutcome:
        truth = self._split.labels[self._split.asked(part)]
        return LabelOutcome(part, rows, judge_labels(probabilities, truth, seed=self._recipe.seed))

    def _export(self, run: TrainingRun) -> bytes:
        recipe = {key: value for key, value in self._recipe.as_options().items() if key != "weights"}
        names = self._split.names
        digests = [self._digests[place] for place in self._places]
        return write_classifier(
            self._network.cpu(),
            self._backbone.preprocessing,
            names,
            crop=crop_of(self._recipe, self._backbone),
            counts=[one.photos for one in self._balance.counts],
            recipe={**recipe, "epoch": run.standing.best.epoch},
            parents={
                "photos": photos_digest(digests, [names[label] for label in self._labels]),
                "weights": self._backbone.weights,
            },
            licence=provenance(self._backbone.architecture, self._backbone.weights).get("licence", ""),
        )


def fit_rows(rows: Features, labels: NDArray[np.int64], groups: NDArray[np.intp], seed: int) -> FittedProbe:
    """Fit a logistic regression to rows (N, D), its form chosen by cross-validation, as `imgsim train probe` does."""
    known, codes, widths = rows.astype(np.float64), labels.astype(np.intp), [rows.shape[1]]
    form, _ = choose_form(known, codes, groups, widths, seed=seed)
    return fit_probe(known, codes, widths, form, int(labels.max()) + 1)
