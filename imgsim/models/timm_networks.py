"""Networks of timm: how they are built, cut and described, and where their weights are."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from imgsim.errors import MissingDependencyError, UnknownNameError, WeightsError
from imgsim.models.architectures import TIMM, Preprocessing
from imgsim.models.vision import torch

if TYPE_CHECKING:
    from types import ModuleType

nn = torch.nn


class NormalisedByAverage(nn.Module):
    """Normalise maps (N, C, H, W) by the mean and deviation over channels of their average over places.

    Their average then is what comes of averaging first and normalising then: but for those two that is linear.
    """

    def __init__(self, norm: nn.LayerNorm) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Give normalised maps."""
        average = maps.mean((2, 3), keepdim=True)
        centre = average.mean(1, keepdim=True)
        deviation = torch.sqrt(((average - centre) ** 2).mean(1, keepdim=True) + self.norm.eps)
        scaled: torch.Tensor = (maps - centre) / deviation * self.norm.weight[:, None, None]
        return scaled + self.norm.bias[:, None, None]


class TimmTrunk(nn.Module):
    """A timm network up to its maps, channels on whichever axis, or to its features as maps of one pixel without any.

    Of what its head does after pooling only ConvNeXt's normalisation is in the maps: that MobileNetV3 convolves is not.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        norm = getattr(getattr(network, "head", None), "norm", None)
        known = type(network).__name__ == "ConvNeXt" and isinstance(norm, nn.LayerNorm)
        self.normalised = NormalisedByAverage(norm) if known else nn.Identity()  # type: ignore[arg-type]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give the maps."""
        features = self.network.forward_features(images)  # type: ignore[operator]
        if isinstance(features, torch.Tensor) and features.ndim == 4:
            maps: torch.Tensor = self.normalised(features)
            return maps
        pooled: torch.Tensor = self.network.forward_head(features, pre_logits=True)  # type: ignore[operator]
        return pooled[:, :, None, None]


def build_timm(name: str) -> nn.Module:
    """Build a network with its classifier, its weights not yet loaded."""
    timm, _ = _find(name)
    network: nn.Module = timm.create_model(name.removeprefix(TIMM), pretrained=False)
    return network


def classifier_of(network: nn.Module) -> set[int]:
    """Tell the classifier's tensors, by identity, which a trunk has within it and does not use."""
    heads = network.get_classifier()  # type: ignore[operator]
    modules = heads if isinstance(heads, tuple | list) else (heads,)
    found = (one.state_dict(keep_vars=True).values() for one in modules if isinstance(one, nn.Module))
    return {id(tensor) for tensors in found for tensor in tensors}


def timm_weights(name: str) -> str:
    """Tell where a network's weights are published."""
    _, config = _find(name)
    if not config.hf_hub_id:
        return config.url or ""
    from huggingface_hub import hf_hub_url

    return hf_hub_url(config.hf_hub_id, config.hf_hub_filename or "model.safetensors")


def timm_preprocessing(network: nn.Module) -> Preprocessing:
    """Tell what a network's input went through when it was trained."""
    from timm.data import resolve_model_data_config

    config = resolve_model_data_config(network)
    channels, height, side = config["input_size"]
    if channels != 3 or height != side:
        name = network.pretrained_cfg["architecture"]  # type: ignore[index]
        raise WeightsError(
            f"timm/{name}: takes images of {channels} x {height} x {side} values: only RGB squares are given"
        )
    interpolation = "bicubic" if config["interpolation"] == "bicubic" else "bilinear"
    return Preprocessing(
        round(side / config["crop_pct"]), side, interpolation, tuple(config["mean"]), tuple(config["std"])
    )


def _find(name: str) -> tuple[ModuleType, Any]:
    """Import timm, and find a network's configuration in it."""
    try:
        import timm
    except ImportError as error:
        raise MissingDependencyError("timm", "timm") from error
    # Only names of its own table: what it calls hf-hub:NAME it would fetch.
    name = name.removeprefix(TIMM)
    bare, _, tag = name.partition(".")
    if bare not in timm.list_models():
        if renamed := timm.models.get_deprecated_models().get(bare):
            raise UnknownNameError("architecture of timm", bare, [renamed])
        near = get_close_matches(name, timm.list_models())
        raise UnknownNameError("architecture of timm", name, near or ["those that timm.list_models() lists"])
    tagged = timm.list_pretrained(f"{bare}.*")
    if tag and name not in tagged:
        raise UnknownNameError("architecture of timm", name, [bare, *tagged])
    return timm, timm.models.get_pretrained_cfg(name)
