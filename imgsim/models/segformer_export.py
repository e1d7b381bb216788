"""From a folder that transformers wrote, or one of the hub, to a segmenter in the model cache."""

from __future__ import annotations

import json
import os
import re
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.errors import MissingDependencyError, WeightsError
from imgsim.models.architectures import Preprocessing
from imgsim.models.cache import digest_file
from imgsim.models.header import SEGMENTER, SIDES, Header
from imgsim.models.header_details import LONGEST_TEXT
from imgsim.models.model_limits import look_limited
from imgsim.models.segmenter_model import SEGFORMER, store_segmenter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.models.model_shelf import LearnedModel

RELATIVE_ERROR = 1e-4
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
MEAN, DEVIATION, SIDE = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 512  # unless a folder says otherwise
_HUB = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_FILES = ("config.json", "preprocessor_config.json", "README.md", *WEIGHTS[:1])  # what is fetched: nothing that is code
_LICENCE = re.compile(r"^license(?:_name)?:\s*(\S+)\s*$", re.MULTILINE)
_FILTERS = {2: "bilinear", 3: "bicubic"}  # as Pillow numbers them


def import_segformer(place: str, name: str) -> tuple[LearnedModel, LearnedModel | None]:
    """Export a SegFormer, of a folder or of the hub by its ``OWNER/NAME``, into the cache under a name.

    Gives also the one that had the name before. The network is loaded in a process with limits.
    """
    for package, extra in (("torch", "deep"), ("onnx", "deep"), ("transformers", "segformer")):
        if find_spec(package) is None:
            raise MissingDependencyError(package, extra)
    folder, source = (place, "") if os.path.isdir(place) else (_fetched(place), f"https://huggingface.co/{place}")
    weights = next((path for name_ in WEIGHTS if os.path.isfile(path := os.path.join(folder, name_))), None)
    if weights is None or not os.path.isfile(os.path.join(folder, "config.json")):
        raise WeightsError(f"{place}: no config.json with {' or '.join(WEIGHTS)}, as transformers writes them")
    return store_segmenter(look_limited(weights, export_segformer, folder, weights, source), name)


def export_segformer(folder: str, weights: str, source: str = "") -> bytes:
    """Write the SegFormer in a folder as an ONNX file with a header, checked against torch."""
    from imgsim.models.onnx_file import write_onnx
    from imgsim.models.session import Session
    from imgsim.models.vision import torch  # transformers imports torchvision, which it mends

    network = _load(folder)
    form = read_preprocessing(folder)
    names = [str(network.config.id2label[place]) for place in range(len(network.config.id2label))]

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            scores: torch.Tensor = self.network(pixel_values=images).logits
            return scores

    sample = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 3, form.crop, form.crop), np.float32))
    with torch.inference_mode():
        expected = Logits()(sample).numpy()
    header = Header(
        SEGMENTER,
        {"weights": digest_file(weights)},
        form,
        {"scores": ("n", len(names), "h", "w")},
        {"names": names},
        licence_of(folder),
        source,
    )
    data = write_onnx(Logits().eval(), sample, header, {0: "n"}, f"{folder}: it")
    ours = Session(data, "cpu", SEGMENTER).run(sample.numpy())
    error = float(np.linalg.norm(ours - expected) / max(float(np.linalg.norm(expected)), 1e-12))
    if not error < RELATIVE_ERROR:
        raise WeightsError(f"{folder}: ONNX Runtime departs from torch by {error:.1e}, more than {RELATIVE_ERROR:g}")
    return data


def read_preprocessing(folder: str) -> Preprocessing:
    """Read what the network was trained to take: photos squeezed into a square of so many pixels."""
    path = Path(folder, "preprocessor_config.json")
    try:
        told: Mapping[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
        size = told.get("size", SIDE)
        sides = {size} if isinstance(size, int) else {size[key] for key in ("height", "width")}
        mean, deviation = told.get("image_mean", MEAN), told.get("image_std", DEVIATION)
        if not told.get("do_normalize", True):
            mean, deviation = (0.0,) * 3, (1.0,) * 3
        filter_ = _FILTERS[told.get("resample", 2)]
        (side,) = sides
        red, green, blue = map(float, mean)
        by_red, by_green, by_blue = map(float, deviation)
        form = Preprocessing(side, side, filter_, (red, green, blue), (by_red, by_green, by_blue))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path}: does not say a square size, as SegFormer's does") from error
    if form.crop not in SIDES:
        raise WeightsError(f"{path}: {form.crop} pixels, where {SIDES[0]} to {SIDES[-1]} can be given")
    return form


def licence_of(folder: str) -> str:
    """Read from a model's card under which licence it is; '' where it does not say."""
    try:
        card = Path(folder, "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    head = card[3:].partition("\n---")[0] if card.startswith("---") else ""
    return ", ".join(_LICENCE.findall(head))[:LONGEST_TEXT]


def _load(folder: str) -> Any:  # noqa: ANN401 (transformers' own)
    """Load a network of the class that its folder names, which is to be SegFormer's; nothing in it is run."""
    import transformers

    library: Any = transformers
    library.logging.set_verbosity_error()
    library.logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kind = library.AutoConfig.from_pretrained(folder, local_files_only=True).model_type
            network, told = (
                library.SegformerForSemanticSegmentation.from_pretrained(
                    folder, local_files_only=True, output_loading_info=True
                )
                if kind == SEGFORMER
                else (None, {})
            )
    except Exception as error:  # damage surfaces as almost anything
        reason = " ".join(str(error).split())[:120]
        raise WeightsError(f"{folder}: not a SegFormer that transformers can load ({reason})") from error
    if network is None:
        raise WeightsError(f"{folder}: a {kind}, not a {SEGFORMER}")
    if lacking := sorted(told["missing_keys"]):
        raise WeightsError(f"{folder}: a SegFormer without its head: {len(lacking)} weights are missing ({lacking[0]})")
    return network.eval()


def _fetched(place: str) -> str:
    """Fetch a model of the hub, and nothing of it that is code; give the folder where it is."""
    if not _HUB.fullmatch(place):
        raise WeightsError(f"{place}: no such folder, nor OWNER/NAME of a model on the hub")
    from huggingface_hub import snapshot_download

    try:
        return str(snapshot_download(place, allow_patterns=list(_FILES)))
    except Exception as error:  # of the network, of the hub, or of the cache
        reason = " ".join(str(error).split())[:100]
        raise WeightsError(f"{place}: no such folder, and it cannot be fetched from the hub ({reason})") from error
