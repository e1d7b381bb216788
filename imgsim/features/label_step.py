"""A classifier's answer as a step of measuring photos: attributes, as an index keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from imgsim.errors import ExtractorMismatchError
from imgsim.features.measure import Step
from imgsim.features.ranked_labels import rank_labels

if TYPE_CHECKING:
    from imgsim.core import ExtractorSpec, Image
    from imgsim.features.classifier import Classifier


@dataclass(frozen=True)
class LabelWork:
    """Tells the likeliest label of a photo, and how probable it is; it travels to processes before its model is open."""

    label: str  # the attributes' names
    probability: str
    spec: ExtractorSpec

    def __call__(self, image: Image) -> dict[str, Any]:
        """Classify a photo (H, W, 3)."""
        (answer,) = rank_labels(self.classifier, self.classifier.extract([image])[0], 1)
        return {self.label: answer.label, self.probability: answer.probability}

    @cached_property
    def classifier(self) -> Classifier:
        """The classifier that the specification is of."""
        return build_classifier(self.spec)


def label_step(label: str, probability: str, spec: ExtractorSpec) -> Step:
    """Make the step by which a classifier's answer becomes these attributes."""
    return Step(LabelWork(label, probability, spec), build_classifier(spec).scale)


def build_classifier(spec: ExtractorSpec) -> Classifier:
    """Rebuild the classifier that a specification describes.

    ExtractorMismatchError where it is one of imgsim's that has another table now, or other weights.
    """
    from imgsim.features.kinds import ImageNetKinds, OfficeKinds

    params = dict(spec.params)
    built: Classifier
    if spec.name == ImageNetKinds.name:
        built = ImageNetKinds()
    elif spec.name == OfficeKinds.name:
        built = OfficeKinds(params.get("language", "en"))  # type: ignore[arg-type]
    else:
        from imgsim.features.classifier import load_classifier

        built = load_classifier(str(params["sha256"]))
    if built.spec != spec:
        raise ExtractorMismatchError(f"{spec} is now {built.spec}")
    return built
