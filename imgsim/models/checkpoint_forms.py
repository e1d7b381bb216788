"""The forms in which people keep weights: wrapped, with prefixes, of any number of classes or none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.errors import WeightsError, first_few
from imgsim.models.architectures import find_architecture
from imgsim.models.timm_networks import classifier_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from torch import Tensor, nn


WRAPPERS = ("state_dict", "model_state_dict", "model")  # under which trainers keep weights beside other things
PREFIXES = ("module.", "model.", "backbone.", "encoder.", "_orig_mod.")  # of whatever holds the network, in any order
# The modules that torchvision's networks have after their trunks, by how these are taken.
_HEADS = {
    "stages": "fc",
    "features": "classifier",
    "features, normalised by their average": "classifier.2",
    "features, permuted": "head",
    "class token": "heads",
}


class Fitted(NamedTuple):
    """Weights by their network's own names, and what was left out, in words."""

    state: dict[str, Tensor]
    left_out: str


def unwrap(content: Any, path: str) -> tuple[Any, list[str]]:  # noqa: ANN401 (whatever is in the file)
    """Take weights out of what a trainer saved, and name what lies beside them."""
    beside: list[str] = []
    while isinstance(content, dict) and (named := [key for key in WRAPPERS if key in content]):
        there = [key for key in named if isinstance(content[key], dict)] or named  # under `model` may be a mere name
        if len(there) > 1:
            raise WeightsError(f"{path}: holds several networks ({', '.join(there)}): save the one that is meant alone")
        beside += [str(key) for key in content if key != there[0]]
        content = content[there[0]]
    return content, beside


def heads_of(architecture: str, network: nn.Module, layer: str = "") -> tuple[str, ...]:
    """Name the modules that a trunk does without."""
    known = find_architecture(architecture)
    if known.source == "timm":
        tensors = classifier_of(network)
        state = network.state_dict(keep_vars=True)
        heads = {name.rpartition(".")[0] for name, tensor in state.items() if id(tensor) in tensors}
    else:
        heads = {_HEADS[known.trunk]}
    return () if _is_in(layer, heads) else tuple(sorted(heads))


def fit_state(
    state: Mapping[str, Tensor],
    network: nn.Module,
    heads: Collection[str],
    *,
    path: str,
    beside: Iterable[str] = (),
) -> Fitted:
    """Name weights as their network does, with its own head where they have another or none."""
    wanted = network.state_dict()
    trunk = {name for name in wanted if not _is_in(name, heads)}
    prefix = _find_prefix(state, trunk, path)
    mine = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
    body = {name: tensor for name, tensor in mine.items() if not _is_in(name, heads)}
    head = {name: tensor for name, tensor in mine.items() if name not in body}
    own = {name: tensor for name, tensor in wanted.items() if name not in trunk}
    left_out = [name for name in state if not name.startswith(prefix)]
    if _shapes(head) == _shapes(own):
        return Fitted(mine, ", ".join(filter(None, [_listed(left_out), *beside])))
    return Fitted(body | own, ", ".join(filter(None, [_listed([*head]) + _classes(head), _listed(left_out), *beside])))


def _find_prefix(state: Mapping[str, Tensor], trunk: Collection[str], path: str) -> str:
    """Find under which prefix most of a trunk's weights are; WeightsError where that is so of several."""
    prefixes = {""}
    for name in state:
        end = 0
        while word := next((one for one in PREFIXES if name.startswith(one, end)), ""):
            end += len(word)
            prefixes.add(name[:end])
    found = {one: sum(f"{one}{name}" in state for name in trunk) for one in sorted(prefixes)}
    most = max(found.values())
    best = [one for one, count in found.items() if count == most]
    if not most or best == [""]:
        return ""
    if len(best) > 1:
        told = ", ".join(one or "no prefix" for one in best)
        name = os.path.basename(path)
        raise WeightsError(f"{name}: holds the network several times ({told}): save the one that is meant alone")
    return best[0]


def _is_in(name: str, modules: Iterable[str]) -> bool:
    """Tell whether a tensor or a layer is one of modules, or within one."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _shapes(state: Mapping[str, Tensor]) -> dict[str, tuple[tuple[int, ...], bool]]:
    return {name: (tuple(tensor.shape), tensor.is_floating_point()) for name, tensor in state.items()}


def _classes(head: Mapping[str, Tensor]) -> str:
    """Say how many classes a head has: its last matrix has a row each."""
    rows = [len(tensor) for name, tensor in head.items() if name.endswith("weight") and tensor.ndim > 1]
    return f" ({rows[-1]} class{'es' * (rows[-1] != 1)})" if rows else ""


def _listed(names: list[str]) -> str:
    return first_few(names) if names else ""
