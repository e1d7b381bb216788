"""Classifying by the vote of three networks, against the same networks in torch, one after another."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.measuring import PYTHON, Figure, interleave, seconds, speedup

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.measuring import Setting
    from imgsim.core import Image
    from imgsim.features.classifier_members import Member

PHOTOS, FEW, CLASSES, BATCH = 64, 16, 81, 16  # few where a rough idea will do
QUICK = 2  # rounds of such a measurement
LIGHT = ("efficientnet_lite0", "efficientnet_lite1", "mobilenet_v2")
HEAVY = ("vgg19", "resnet50", "mobilenet_v3_large")


def classify_light(setting: Setting) -> list[Figure]:
    """Classify 64 photos by the vote of three light networks."""
    return _classify(setting, LIGHT, 1.8, setting.repeats)


def classify_heavy(setting: Setting) -> list[Figure]:
    """Classify 64 photos by the vote that a furniture shop took."""
    return _classify(setting, HEAVY, 1.3, max(2, setting.repeats // 3))


def _classify(setting: Setting, networks: Sequence[str], target: float, repeats: int) -> list[Figure]:
    """Time the vote and each member, and torch in a process of its own; both begin with pixels in memory."""
    sides, count = _store_models(setting.scratch, networks), FEW if setting.repeats <= QUICK else PHOTOS
    rng = np.random.default_rng(0)
    photos = rng.integers(0, 256, (count, 320, 320, 3), np.uint8)
    members = [_member(name) for name in networks]
    with _Torch(networks, [sides[name] for name in networks], count) as torch:
        runs = {f"ours {name}": lambda one=one: _ask(one, photos) for name, one in zip(networks, members, strict=True)}
        runs |= {f"torch {place}": lambda place=place: torch.ask(place) for place in range(len(networks))}
        times = interleave(runs, repeats)
    each = [(times[f"ours {name}"], times[f"torch {place}"]) for place, name in enumerate(networks)]
    ours, theirs = (np.sum([one[side] for one in each], axis=0).tolist() for side in (0, 1))
    against = f"torch eager, batches of {BATCH}"
    figures = [speedup(f"classify {count} photos by {' + '.join(networks)}", against, ours, theirs, target)]
    for name, (mine, its) in zip(networks, each, strict=True):
        figures.append(speedup(f"  of that, {name}, {sides[name]} x {sides[name]}", against, mine, its, None))
    return figures


def _store_models(scratch: Path, networks: Sequence[str]) -> dict[str, int]:
    """Export with random weights what is not installed as a package, in a process of its own; give their sides."""
    from imgsim.models.architectures import find_architecture
    from imgsim.models.packaged import PACKAGES

    os.environ["IMGSIM_MODELS"] = str(scratch / "vote-models")
    code = "import sys; from imgsim.models.testing import store_random_model as s; [s(n, 0) for n in sys.argv[1:]]"
    subprocess.run([PYTHON, "-c", code, *(name for name in networks if name not in PACKAGES)], check=True)
    forms = {name: find_architecture(name).preprocessing for name in networks}
    return {name: form.crop for name, form in forms.items() if form}


def _member(network: str) -> Member:
    """Make a probe on a network's rows, with random coefficients, as a vote has it."""
    from imgsim.features import load_extractor
    from imgsim.features.classifier_members import ProbeMember
    from imgsim.models.classifier_model import classifier_header
    from imgsim.models.header import LINEAR_CLASSIFIER, header_of
    from imgsim.models.linear_graph import write_probe

    base = load_extractor(f"{network}:crop=squash")
    rng = np.random.default_rng(0)
    details = {"bases": [base.spec.to_json()], "counts": [1] * CLASSES, "recipe": {}}
    header = classifier_header(LINEAR_CLASSIFIER, [str(n) for n in range(CLASSES)], details, {"photos": "0" * 64})
    coefficients = rng.standard_normal((base.dim, CLASSES)).astype(np.float32)
    data = write_probe(np.zeros(base.dim, np.float32), coefficients, np.zeros(CLASSES, np.float32), header)
    return ProbeMember(header_of(data, LINEAR_CLASSIFIER), data)


def _ask(member: Member, photos: NDArray[np.uint8]) -> float:
    (scale,) = member.scales
    images: Sequence[Image] = list(photos)
    return seconds(lambda: [member.classify({scale: image}) for image in images])


class _Torch:
    """A process in which torch runs networks, with its default threads."""

    def __init__(self, networks: Sequence[str], sides: Sequence[int], photos: int) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
        told = [json.dumps({"networks": list(networks), "sides": list(sides), "photos": photos, "batch": BATCH})]
        command = [PYTHON, "-m", "benchmarks.plain_votes", *told]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process: subprocess.Popen[str] = subprocess.Popen(command, env=environment, **pipes)  # type: ignore[call-overload]

    def __enter__(self) -> _Torch:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, place: int) -> float:
        """Let a network see all photos; give the seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{place}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())
