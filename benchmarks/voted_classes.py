"""What a vote of probes is worth beside each of them, on clothing's ten classes and grocery's 81: the tables of docs.

``python -m benchmarks.voted_classes ../shared/data INDEXES [NAME=MODEL.onnx ...]``: INDEXES is a folder for their
indexes; a MODEL is one more member, of clothing, whose path has {seed} in it, such as fine=runs/{seed}.onnx. The model
cache needs mobilenet_v2: `imgsim models import ../shared/weights/mobilenet_v2_coral_ptq_dequant_fp16.pth
--architecture mobilenet_v2 --padding tensorflow`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgsim.evaluation.label_figures import name_figures
from imgsim.features import load_extractor
from imgsim.features.classifier import load_classifier
from imgsim.features.measure import measure_all
from imgsim.images.read import read_image
from imgsim.index.index import open_index
from imgsim.index.update import update_index
from imgsim.models.architectures import find_architecture
from imgsim.models.header import LINEAR_CLASSIFIER
from imgsim.models.model_shelf import open_learned
from imgsim.models.packaged import find_ready
from imgsim.tables.ground_truth import read_labels
from imgsim.training.classifiers.dealt_photos import deal_photos
from imgsim.training.classifiers.ensemble_model import JudgedPart, VoteSettings, fit_vote
from imgsim.training.classifiers.probe_model import ProbeSettings, learn_probe
from imgsim.training.sweep_runs import estimate_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from imgsim.core import Features
    from imgsim.training.classifiers.dealt_photos import DealtPhotos

HASH = "phash"
MEMBERS = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "mobilenet_v2")
SEEDS = range(5)
VOTES = {
    "plain mean": VoteSettings(temperature="none"),
    "vote": VoteSettings(),
    "weighted vote": VoteSettings(vote="weighted"),
}
BEST = "best by validation"
NAMES = ("log-loss", "top-1", "top-3", "macro-f1")
TIMED = 30  # photos


class Photos(NamedTuple):
    """A data set's photos, their rows by each extractor, and what they are of."""

    root: str
    paths: list[str]
    names: Sequence[str]
    codes: NDArray[np.intp]
    digests: list[bytes]
    rows: Mapping[str, Features]


def read_photos(data: Path, name: str, indexes: Path) -> Photos:
    """Measure a data set, or read its index."""
    folder, place = data / name / "photos", indexes / f"{name}.idx"
    update_index(folder, index=place, extractors=[*MEMBERS, HASH])
    source = f"{data / name / 'photos.csv'}:fine" if name == "grocery" else "folders"
    with open_index(place) as index, index.snapshot():
        labels = read_labels(source, index.root, index.paths)
        digests = {record.path: record.digest for record in index}
        rows = {text: index.distance([text]).features()[0] for text in (*MEMBERS, HASH)}
        paths = list(index.paths)
    return Photos(str(folder), paths, labels.names, labels.codes, [digests[path] for path in paths], rows)


def ask(photos: Photos, dealt: DealtPhotos, others: Mapping[str, str], seed: int) -> dict[str, dict[str, JudgedPart]]:
    """Train a probe on each extractor's rows, and let it and other models say what photos of each part show."""
    split, contents = dealt.split, [photos.digests[place] for place in dealt.places]
    said: dict[str, dict[str, Features]] = {}
    for text in MEMBERS:
        rows = photos.rows[text][dealt.places]
        bases = [(load_extractor(text).spec, rows.shape[1])]
        learned = learn_probe(rows, bases, split, contents, ProbeSettings(seed=seed))
        session = open_learned(learned.data, LINEAR_CLASSIFIER)
        said[text] = {part: session.run(rows[split.asked(part)]) for part in ("validation", "test")}
    for name, path in others.items():
        classifier = load_classifier(path.format(seed=seed))
        for part in ("validation", "test"):
            files = [os.path.join(photos.root, split.paths[place]) for place in split.asked(part)]
            said.setdefault(name, {})[part] = measure_all(files, [classifier])[0]
    truth = {part: split.labels[split.asked(part)].astype(np.intp) for part in ("validation", "test")}
    return {
        name: {part: JudgedPart(rows.astype(np.float64)[None], truth[part]) for part, rows in parts.items()}
        for name, parts in said.items()
    }


def judge(said: Mapping[str, Mapping[str, JudgedPart]], groups: Sequence[Sequence[str]]) -> dict[str, dict[str, float]]:
    """Give the figures on photos that test: of each member, of the one that validates best, and of votes of some."""
    figures = {name: name_figures(parts["test"].votes[0], parts["test"].truth) for name, parts in said.items()}
    for group in groups:
        valid, test = (
            JudgedPart(np.concatenate([said[name][part].votes for name in group]), said[group[0]][part].truth)
            for part in ("validation", "test")
        )
        losses = [name_figures(one, valid.truth)["log-loss"] for one in valid.votes]
        label = " + ".join(group)
        figures[f"{BEST} of {label}"] = figures[group[int(np.argmin(losses))]]
        for name, settings in VOTES.items():
            vote = fit_vote(valid, len(group), settings)
            figures[f"{name} of {label}"] = name_figures(vote.take(test.votes), test.truth)
    return figures


def weigh(text: str, root: str, paths: Sequence[str]) -> tuple[float, float]:
    """Tell an extractor's megabytes, and the milliseconds that a photo takes once it is decoded."""
    extractor, ready = load_extractor(text), next(iter(find_ready(text)))
    size = getattr(ready, "size", 0) / 1e6 or find_architecture(text).megabytes
    images = [read_image(os.path.join(root, path), scale=extractor.scale) for path in paths[:TIMED]]
    extractor.extract(images[:2])
    times = []
    for image in images:
        began = time.perf_counter()
        extractor.extract([image])
        times.append(time.perf_counter() - began)
    return size, 1e3 * float(np.median(times))


def show(
    name: str, judged: Sequence[Mapping[str, Mapping[str, float]]], costs: Mapping[str, tuple[float, float]]
) -> None:
    """Print a table: the mean over seeds with Student's interval, and how far votes are from the best member."""
    print(f"\n{name}: {len(judged)} seeds\n")
    print("| model | MB | ms a photo | " + " | ".join(NAMES) + " |\n|---|---|---|" + "---|" * len(NAMES))
    for model in judged[0]:
        parts = [text for text in MEMBERS if text in model]
        size, milliseconds = (sum(costs[text][place] for text in parts) for place in (0, 1))
        cells = [_cell([one[model][figure] for one in judged]) for figure in NAMES]
        print(f"| {model} | {size:.1f} | {milliseconds:.1f} | " + " | ".join(cells) + " |")
        before, _, group = model.partition(" of ")
        if group and before != BEST:
            best = f"{BEST} of {group}"
            gains = [_cell([one[model][figure] - one[best][figure] for one in judged]) for figure in NAMES]
            print("| ... less the best | | | " + " | ".join(gains) + " |")


def _cell(values: Sequence[float]) -> str:
    mean = estimate_mean(np.array(values))
    return f"{mean.value:.3f} ({mean.low:.3f}..{mean.high:.3f})"


def main() -> None:
    """Judge, and print."""
    data, indexes = Path(sys.argv[1]), Path(sys.argv[2])
    others = dict(one.partition("=")[::2] for one in sys.argv[3:])
    for name in ("clothing", "grocery"):
        photos, more = read_photos(data, name, indexes), others if name == "clothing" else {}
        groups = [MEMBERS[:3], (*MEMBERS[:2], MEMBERS[3]), MEMBERS]
        groups += [(other, *MEMBERS[1:3]) for other in more]
        judged = []
        for seed in SEEDS:
            hashes = photos.rows[HASH]
            dealt = deal_photos(photos.paths, photos.names, photos.codes, photos.digests, hashes, seed=seed)
            judged.append(judge(ask(photos, dealt, more, seed), groups))
        show(name, judged, {text: weigh(text, photos.root, photos.paths) for text in MEMBERS})


if __name__ == "__main__":
    main()
