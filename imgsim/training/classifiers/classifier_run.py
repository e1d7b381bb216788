"""The run of a classifier, from photos and a recipe to a trained model: what it is put together of, in order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from imgsim.evaluation.label_figures import name_figures
from imgsim.models.classifier_export import write_classifier
from imgsim.models.classifier_model import check_labels
from imgsim.training.classifiers.baseline_probe import fit_baseline
from imgsim.training.classifiers.class_balance import NONE, ClassBalance
from imgsim.training.classifiers.class_feed import feed_classes
from imgsim.training.classifiers.class_loss import ClassLoss, balanced_weights
from imgsim.training.classifiers.class_pictures import mean_color
from imgsim.training.classifiers.classifier_network import ClassifierNetwork, Dropout
from imgsim.training.classifiers.dealt_photos import deal_for
from imgsim.training.classifiers.label_outcome import JUDGED, PROBE, TRAINED, judge_part
from imgsim.training.classifiers.stratified_split import count_parts
from imgsim.training.part_rows import PartRows
from imgsim.training.photos_digest import photos_digest
from imgsim.training.random_states import generator_of
from imgsim.training.readable_photos import decode_again, decode_new
from imgsim.training.run_parts import RunParts
from imgsim.training.run_setup import set_up
from imgsim.training.split_file import PARTS, read_splits
from imgsim.training.trained_model import TrainedModel, learn_epochs, tell_metrics, tell_recipe, write_beginning

if TYPE_CHECKING:
    from imgsim.core import Features
    from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe
    from imgsim.training.classifiers.label_outcome import LabelOutcome
    from imgsim.training.decoded_photos import DecodingOutcome
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_log import RunStanding
    from imgsim.training.run_means import ClassedPhotos, Means
    from imgsim.training.run_setup import RunSetup
    from imgsim.training.split_file import SplitPhotos

HEAD = 8  # what is drawn, for its random state


def begin_classifier(photos: ClassedPhotos, recipe: ClassifierRecipe, folder: RunFolder, means: Means) -> TrainedModel:
    """Split photos, train, and judge: in a new folder, from which `resume_classifier` goes on after a kill."""
    setup = set_up(recipe, folder, means, crop=recipe.crop)
    check_labels(photos.names)
    photos = photos.labelled()
    decoded = decode_new(photos, setup)
    dealt = deal_for(setup, photos, decoded)
    write_beginning(setup, dealt.split)
    split = read_splits(folder.splits)  # classes are numbered as a run that goes on numbers them
    counts = count_parts(split.labels, np.minimum(split.parts, PARTS.index("test")), split.names)
    folder.write_rows("classes.csv", [one._asdict() for one in counts])
    folder.write_rows("failures.csv", [{"path": one.path, "reason": one.reason} for one in decoded.unreadable])
    return _ClassifierRun(setup, split, decoded.take(dealt.places)).train(resumed=False)


def resume_classifier(root: str, recipe: ClassifierRecipe, folder: RunFolder, means: Means) -> TrainedModel:
    """Go on with a run that was ended: its photos are in its folder's parts, and must all be there."""
    setup = set_up(recipe, folder, means, crop=recipe.crop)
    split, decoded = decode_again(root, setup, hashed=True)
    return _ClassifierRun(setup, split, decoded).train(resumed=True)


class _ClassifierRun:
    """Puts a run together of its split photos, and carries it out."""

    def __init__(self, setup: RunSetup[ClassifierRecipe], split: SplitPhotos, decoded: DecodingOutcome) -> None:
        recipe, places = setup.recipe, split.places("train")
        self._split, self._places, self._digests = split, places, decoded.digests
        self._labels, self._photos = split.labels[places], decoded.photos.take(places)
        if recipe.normalise == "centred":
            mean = mean_color(self._photos)
            form = setup.backbone.preprocessing._replace(mean=mean)
            setup = replace(setup, backbone=replace(setup.backbone, preprocessing=form))
        self._setup = setup
        self._balance = ClassBalance(self._labels, split.names, recipe.augment, batch=recipe.batch, seed=recipe.seed)
        self._network = ClassifierNetwork(
            setup.backbone,
            len(split.names),
            frozen=setup.frozen,
            still=recipe.batch_norm == "frozen",
            dropout=Dropout(recipe.dropout, recipe.dropout_rate),
            generator=generator_of(recipe.seed, HEAD),
        ).to(setup.device)
        self._rows = PartRows(setup, self._network, split, decoded.photos)

    def train(self, *, resumed: bool) -> TrainedModel:
        """Train, write what came of it, and give the model."""
        for one in self._balance.counts:
            more = f", {one.made} pictures made of them: {one.pictures}" if self._setup.recipe.augment != NONE else ""
            self._setup.means.said(f"{one.label}: learned from {one.photos} photos{more}")
        begun = self._begin()
        standing = learn_epochs(self._setup, self._parts(), resumed=resumed)
        return self._came_to(standing, begun)

    def _begin(self) -> dict[str, LabelOutcome]:
        """Judge the probe that the classifier is compared with, and let the head begin as that if it is told to."""
        recipe = self._setup.recipe
        baseline = fit_baseline(self._rows, self._split, recipe.seed)
        if recipe.start == PROBE:
            self._network.head.begin_with(baseline.probe, baseline.deviation)
        judged = [part for part in JUDGED if len(self._split.asked(part))]
        return {part: baseline.judge(self._split, part, recipe.seed) for part in judged}

    def _parts(self) -> RunParts:
        recipe, copies = self._setup.recipe, 1 + int(self._balance.most_of().max(initial=0))
        paths = self._split.paths_of(self._places)
        weights = None
        if recipe.class_weights == "balanced":
            weights = balanced_weights(np.array([one.pictures for one in self._balance.counts]))
        truth = self._split.labels[self._split.asked("validation")]
        return RunParts(
            self._network,
            ClassLoss(smoothing=recipe.smoothing, weights=weights).to(self._setup.device),
            None,
            self._balance,
            feed_classes(self._setup, self._network, self._balance, self._photos, paths, self._rows),
            np.tile(self._labels, copies),
            paths * copies,
            lambda: self._probabilities("validation"),
            lambda rows: name_figures(rows, truth),
            lambda epoch: self._network.hold([count for begins, count in self._setup.freezes if begins <= epoch][-1]),
            from_start=recipe.start == PROBE,
        )

    def _probabilities(self, part: str) -> Features:
        rows = self._rows.rows(part, self._network.probabilities)
        return rows if len(rows) else np.zeros((0, len(self._split.names)), np.float32)

    def _came_to(self, standing: RunStanding, begun: dict[str, LabelOutcome]) -> TrainedModel:
        """Judge the trained network by photos that it did not learn from, and write it and what it came to."""
        outcomes = []
        for part, before in begun.items():
            probabilities = self._probabilities(part)
            outcomes += [judge_part(self._split, part, TRAINED, probabilities, self._setup.recipe.seed), before]
        data = self._export(standing)
        counts = [one.to_row() for one in self._balance.counts]
        self._setup.folder.write_metrics({**tell_metrics(standing, outcomes), "counts": counts})
        return TrainedModel(data, outcomes, standing.log, standing.best)

    def _export(self, standing: RunStanding) -> bytes:
        names, backbone = self._split.names, self._setup.backbone
        digests = [self._digests[place] for place in self._places]
        return write_classifier(
            self._network.cpu(),
            backbone.preprocessing,
            names,
            crop=self._setup.crop,
            counts=[one.photos for one in self._balance.counts],
            recipe=tell_recipe(self._setup, standing),
            parents={
                "photos": photos_digest(digests, [names[label] for label in self._labels]),
                "weights": backbone.weights,
            },
            licence=backbone.licence,
        )
