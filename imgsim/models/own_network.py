"""From an ONNX file that somebody brings to a model in the cache: what it takes is asked, or found by running it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgsim.errors import WeightsError, first_few
from imgsim.models.architectures import FINAL, IMAGENET_MEAN, IMAGENET_STD, OWN, Preprocessing
from imgsim.models.cache import ModelFile, about, store_model
from imgsim.models.graph import check_graph
from imgsim.models.graph_additions import with_output, with_property
from imgsim.models.header import KEY, OWN_NETWORK, SIDES, UNSEALED, WIDTHS, Header, seal
from imgsim.models.model_limits import look_limited
from imgsim.models.own_session import TYPES, laid_out, to_maps
from imgsim.models.regular_file import read_regular
from imgsim.models.session import open_graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnxruntime
    from numpy.typing import NDArray

SIDE = 224  # pixels, where a network takes any and none are asked for
RESIZED = 8 / 7  # of the square: what a photo's shorter side is brought to before that is cut from it
_LAYOUTS = {"NCHW": (1, (2, 3)), "NHWC": (3, (1, 2))}  # the axes of the channels and of the places


class Asked(NamedTuple):
    """What a user says of a network; what is left empty is found out, or as most networks have it."""

    size: int = 0
    mean: tuple[float, ...] = IMAGENET_MEAN
    deviation: tuple[float, ...] = IMAGENET_STD
    channels: str = "rgb"
    input: str = ""
    output: str = ""


def name_of(path: str) -> str:
    """Name a network as its file is named, as far as a name can be so."""
    stem = os.path.basename(path).removesuffix(".onnx")
    return re.sub(r"[^\w.]+", "_", stem, flags=re.ASCII).strip("_.") or "network"


def import_network(path: str, name: str, asked: Asked) -> ModelFile:
    """Put an ONNX file into the cache, with what it takes written into it."""
    with about(path):
        data = read_regular(path)
        check_graph(data)
        if asked.size and asked.size not in SIDES:
            raise WeightsError(f"a network's images are {SIDES[0]} to {SIDES[-1]} pixels wide, not {asked.size}")
        header, data = look_limited(path, _look, data, f"{OWN}{name}", asked)
    return store_model(data, **header.identity)


def _look(data: bytes, architecture: str, asked: Asked) -> tuple[Header, bytes]:
    """Find out what a network takes and gives by running it, and write it into its file."""
    file = hashlib.sha256(data).hexdigest()
    session, data = _with_output(data, asked.output)
    if KEY in session.get_modelmeta().custom_metadata_map:
        raise WeightsError("a model of imgsim's, changed since: import it as it was exported")
    given, output = _input(session, asked.input), _output(session, asked.output)
    layout, side, answer = _run(session, given, output, asked)
    axes = _axes(answer, layout, output)
    maps = to_maps(answer, axes)
    if not np.isfinite(maps).all() or maps.shape[1] not in WIDTHS:
        raise WeightsError(f"output {output} does not give finite features of an image")
    details = {"input": given.name, "output": output, "layout": layout, "axes": axes, "channels": asked.channels}
    details["sizes"] = "any" if _takes_other(session, given, details, side, maps.shape[1]) else "one"
    form = Preprocessing(round(RESIZED * side), side, "bilinear", asked.mean, asked.deviation)
    # Whatever is asked of a file makes another model of it, with features of its own.
    weights = hashlib.sha256(json.dumps([file, details, form]).encode()).hexdigest()
    details |= {"architecture": architecture, "padding": "torch", "layer": FINAL}
    outputs = {"maps": ("n", maps.shape[1], "h", "w")}
    header = Header(OWN_NETWORK, {"weights": weights, "file": file}, form, outputs, details)
    written = header._replace(digest=UNSEALED.decode()).to_properties()[KEY]
    return header, seal(with_property(data, KEY, written))


def _with_output(data: bytes, output: str) -> tuple[onnxruntime.InferenceSession, bytes]:
    """Open a graph, with one more output where what is asked for is only computed on the way."""
    session = open_graph(data, "cpu")
    there = [one.name for one in session.get_outputs()]
    if not output or output in there:
        return session, data
    data = with_output(data, output)
    try:
        return open_graph(data, "cpu"), data
    except WeightsError as error:
        raise WeightsError(f"it computes no {output!r}: its outputs are {', '.join(there)}") from error


def _input(session: onnxruntime.InferenceSession, wanted: str) -> Any:  # noqa: ANN401 (ONNX Runtime's own)
    there = session.get_inputs()
    named = [one.name for one in there]
    if wanted and wanted not in named:
        raise WeightsError(f"it takes no {wanted!r}, but {', '.join(named)}")
    if len(there) != 1:
        raise WeightsError(f"it takes {first_few(named)}, where one input of images is what can be given")
    (one,) = there
    told = f"its input {one.name} is {one.type} of {_shape(one.shape)}"
    if one.type not in TYPES:
        raise WeightsError(f"{told}: only float and float16 can be given")
    if len(one.shape) != 4:
        raise WeightsError(f"{told}: images are N x 3 x H x W or N x H x W x 3")
    if isinstance(one.shape[0], int) and one.shape[0] != 1:
        raise WeightsError(f"{told}: export it for one image at a time, or for any number")
    return one


def _output(session: onnxruntime.InferenceSession, wanted: str) -> str:
    there = [str(one.name) for one in session.get_outputs()]
    if not wanted and len(there) > 1:
        raise WeightsError(f"it gives {', '.join(there)}: say which of them the features are", remedy="name-output")
    return wanted or there[0]


def _run(
    session: onnxruntime.InferenceSession,
    given: Any,  # noqa: ANN401 (ONNX Runtime's own)
    output: str,
    asked: Asked,
) -> tuple[str, int, NDArray[Any]]:
    """Run a network on one image, in the layout that its input has or, where that can be both, in the first that works.

    Gives that layout, the side of the image, and what came out.
    """
    why = ""
    for layout in _layouts(given):
        side = _side([given.shape[axis] for axis in _LAYOUTS[layout][1]], asked.size)
        images = laid_out(_noise(side, side), layout, asked.channels).astype(TYPES[given.type])
        try:
            answer = session.run([output], {given.name: images})[0]
        except Exception as error:  # noqa: BLE001 (ONNX Runtime's have no common ancestor but this)
            why = why or f"it cannot be run on an image of {side} x {side} pixels ({_reason(error)})"
            continue
        return layout, side, answer
    raise WeightsError(why)


def _layouts(given: Any) -> list[str]:  # noqa: ANN401
    """List the layouts that an input may be in; a number of channels other than three is in none."""
    fits = {layout: given.shape[channels] for layout, (channels, _) in _LAYOUTS.items()}
    if sure := [layout for layout, count in fits.items() if count == 3]:
        return sure
    if not any(isinstance(count, int) for count in fits.values()):
        return [*fits]
    free = [layout for layout, count in fits.items() if not isinstance(count, int)]
    if not free:
        raise WeightsError(f"its input {given.name} is of {_shape(given.shape)}, where colour images have 3 channels")
    return free


def _side(shape: Sequence[Any], wanted: int) -> int:
    """Find the side of the square that is taken."""
    fixed = {side for side in shape if isinstance(side, int)}
    pixels = f"{_shape(shape)} pixels"
    if len(fixed) > 1:
        raise WeightsError(f"it takes {pixels}, and only squares can be given")
    side = next(iter(fixed), wanted or SIDE)
    if wanted and side != wanted:
        raise WeightsError(f"it takes {pixels}, not {wanted}")
    if side not in SIDES:
        raise WeightsError(f"it takes {pixels}, where {SIDES[0]} to {SIDES[-1]} can be given")
    return side


def _axes(answer: Any, layout: str, output: str) -> str:  # noqa: ANN401 (whatever a network gives)
    """Tell what the axes are of what came of one image."""
    shape = np.shape(answer)
    floats = isinstance(answer, np.ndarray) and answer.dtype.kind == "f"
    if not floats or not shape or shape[0] != 1 or len(shape) not in (2, 3, 4):
        kind = getattr(answer, "dtype", type(answer).__name__)
        raise WeightsError(f"output {output} is {kind} of {_shape(shape)}: features are rows, rows of tokens, or maps")
    if len(shape) < 4:
        return "NC" if len(shape) == 2 else "NTC"
    if shape[1] == shape[2] != shape[3]:
        return "NHWC"
    return "NCHW" if shape[2] == shape[3] != shape[1] else layout


def _takes_other(
    session: onnxruntime.InferenceSession,
    given: Any,  # noqa: ANN401
    details: dict[str, str],
    side: int,
    width: int,
) -> bool:
    """Try a network on a larger image that is no square, as whole photos are."""
    places = [given.shape[axis] for axis in _LAYOUTS[details["layout"]][1]]
    if any(isinstance(place, int) for place in places):
        return False
    images = laid_out(_noise(round(RESIZED * side), round(1.5 * side)), details["layout"], details["channels"])
    try:
        answer = session.run([details["output"]], {given.name: images.astype(TYPES[given.type])})[0]
    except Exception:  # noqa: BLE001 (ONNX Runtime's have no common ancestor but this)
        return False
    maps = to_maps(answer, details["axes"])
    return maps.ndim == 4 and maps.shape[:2] == (1, width) and bool(np.isfinite(maps).all())


def _noise(height: int, width: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((1, 3, height, width), np.float32)


def _shape(shape: Sequence[Any]) -> str:
    return " x ".join("any" if one is None else str(one) for one in shape) or "no axes"


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[-120:]
