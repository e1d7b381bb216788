"""What a model file says of itself: written beside its graph, and believed only where it can be true."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from imgsim.errors import WeightsError
from imgsim.models.architectures import ARCHITECTURES, FINAL, Preprocessing, provenance
from imgsim.models.cache import SHA256, SHOWN_DIGITS, ModelFile, about, is_identity
from imgsim.models.header_details import are_details, are_numbers, is_count, is_text
from imgsim.models.regular_file import open_regular

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


KEY, KEY_OF_COLORS = "imgsim", "imgsim-color-names"  # format 1 had a key for colour names, and no number
FORMAT = 2
_START, _START_OF_1 = b'{"format"', b'{"architecture"'
LONGEST = 1 << 20  # bytes of a header: a thousand labels and more
UNSEALED = b"0" * 64
_SEAL = b'"digest": "'
SIDES = range(32, 4097)  # pixels: less than 32 leave nothing of some maps; timm's networks take up to 1024
WIDTHS = range(1, 1 << 20)  # values of a row, channels of a map
INTERPOLATIONS = ("bilinear", "bicubic")
LEAST_DEVIATION = 1e-6  # for values in 0..1


class Kind(NamedTuple):
    """What models of a kind take and give: of each output, the first axis is the batch, the second its width."""

    title: str
    takes: str
    gives: str
    axes: int
    details: tuple[str, ...]
    parents: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """What the width counts."""
        return "channels" if self.axes == 4 else "values"


# The width of those that have names is how many.
_IDENTITY = ("architecture", "padding", "layer")
_BROUGHT = (*_IDENTITY, "input", "output", "layout", "axes", "channels", "sizes")
TRUNK, OWN_NETWORK = "trunk", "network"
CACHED = (TRUNK, OWN_NETWORK)  # what a model that deep extractors run is of
EMBEDDING, LINEAR = "embedding", "linear-embedding"  # of images whole, and of another extractor's rows, the base's
EMBEDDINGS = (EMBEDDING, LINEAR)
# Of images, of the rows of other extractors joined, and of what other classifiers say, which the same file holds.
CLASSIFIER, LINEAR_CLASSIFIER, ENSEMBLE = "classifier", "linear-classifier", "ensemble"
CLASSIFIERS = (CLASSIFIER, LINEAR_CLASSIFIER, ENSEMBLE)
SEGMENTER = "segmenter"
KINDS = {
    TRUNK: Kind("model", "images", "maps", 4, _IDENTITY, ("weights",)),
    OWN_NETWORK: Kind("model", "images", "maps", 4, _BROUGHT, ("weights", "file")),
    EMBEDDING: Kind("learned embedding", "images", "rows", 2, ("crop", "recipe"), ("trunk",)),
    LINEAR: Kind("learned embedding", "features", "rows", 2, ("base", "recipe"), ("photos",)),
    CLASSIFIER: Kind("classifier", "images", "probabilities", 2, ("labels", "counts", "crop", "recipe"), ("photos",)),
    LINEAR_CLASSIFIER: Kind(
        "classifier", "features", "probabilities", 2, ("labels", "counts", "bases", "recipe"), ("photos",)
    ),
    ENSEMBLE: Kind("classifier", "votes", "probabilities", 2, ("labels", "members", "recipe")),
    "color-names": Kind(
        "colour-name model", "colors", "probabilities", 2, ("architecture", "names", "recipe", "split", "seed")
    ),
    SEGMENTER: Kind("segmenter", "images", "scores", 4, ("names",)),
}


class Header(NamedTuple):
    """What a model file says of itself."""

    kind: str
    parents: Mapping[str, str]  # SHA-256 of what it was made from: its weights, its trunk, its data
    images: Preprocessing | None  # what it takes; None for colours, which are given as 0..255, and for features
    outputs: Mapping[str, Sequence[int | str]]  # their shapes; a text is an axis of any length
    details: Mapping[str, Any]  # what is of its kind
    licence: str = ""
    source: str = ""
    digest: str = ""

    @property
    def dim(self) -> int:
        """Channels of its maps or scores, values of its rows, names that it knows."""
        return cast("int", self.outputs[KINDS[self.kind].gives][1])

    @property
    def preprocessing(self) -> Preprocessing:
        """What images went through, of a kind that takes images."""
        return cast("Preprocessing", self.images)

    @property
    def identity(self) -> dict[str, str]:
        """What a cached trunk is named by."""
        return {**{key: self.details[key] for key in _IDENTITY}, "weights": self.parents["weights"]}

    def to_properties(self) -> dict[str, str]:
        """Write it as an ONNX file's metadata; its digest comes last."""
        raw = self._asdict()
        images = raw.pop("images")
        given = images._asdict() if images else KINDS[self.kind].takes
        return {KEY: json.dumps({"format": FORMAT, "input": given} | raw)}

    @classmethod
    def from_properties(cls, properties: Mapping[str, str], *kinds: str) -> Header:
        """Read it from an ONNX file's metadata; WeightsError where there is none of imgsim's, or it cannot be true.

        `kinds` are those that will do: those of cached models, unless given.
        """
        kinds = kinds or CACHED
        stranger = f"not a {KINDS[kinds[0]].title} that imgsim exported"
        try:
            raw = json.loads(properties[KEY if KEY in properties else KEY_OF_COLORS])
            if (written := raw.pop("format", 1)) > FORMAT:
                raise WeightsError(f"of model format {written!r:.20}, newer than {FORMAT}: update imgsim")
            raw = _from_format_1(raw) if written == 1 else raw
            if raw["kind"] not in KINDS:
                raise WeightsError(f"of kind {raw['kind']!r:.40}, which this imgsim does not know: update imgsim")
            header = cls(images=_read_input(raw.pop("input"), KINDS[raw["kind"]].takes), **raw)
            wrong = _impossible(header, KINDS[header.kind])
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
            raise WeightsError(stranger) from error
        if wrong or header.kind not in kinds:
            raise WeightsError(f"{stranger}: {wrong[:120] or f'of kind {header.kind}'}")
        return header


def _from_format_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Bring a header of format 1, of a trunk or of colour names, into the present form."""
    kind = "color-names" if "names" in raw else "trunk"
    told: dict[str, Any] = {"kind": kind, "details": {key: raw.pop(key) for key in KINDS[kind].details}}
    if kind == "color-names":
        outputs = {"probabilities": ["n", len(told["details"]["names"])]}
        parents = {"data": data} if SHA256.fullmatch(data := raw.pop("data")) else {}  # rows may have come from no file
        return told | {"parents": parents, "input": "colors", "outputs": outputs} | raw
    weights, outputs = raw.pop("weights"), {"maps": ["n", raw.pop("dim"), "h", "w"]}
    told |= provenance(str(told["details"]["architecture"]), str(weights))
    return told | {"parents": {"weights": weights}, "input": raw.pop("preprocessing"), "outputs": outputs} | raw


def _read_input(raw: Any, takes: str) -> Preprocessing | None:  # noqa: ANN401 (whatever the JSON held)
    if raw == takes:
        return None
    mean, std = (tuple(raw.pop(key)) for key in ("mean", "std"))
    return Preprocessing(**raw, mean=mean, std=std)


def _impossible(header: Header, kind: Kind) -> str:
    """Say what cannot be true of a header, if anything."""
    known, width, details, parents = None, header.dim, header.details, header.parents
    if header.kind in CACHED:
        named = header.identity
        if not all(isinstance(text, str) for text in named.values()) or not is_identity(**named):
            return f"it calls itself {'--'.join(map(str, named.values()))!r}"
        known = ARCHITECTURES.get(named["architecture"]) if named["layer"].split(".")[0] == FINAL else None
    if not is_count(width) or width not in WIDTHS or (known and width != known.dim):
        return f"its {kind.gives} would have {width!r} {kind.unit}" + (f" instead of {known.dim}" if known else "")
    possible = {
        "digest": header.digest == "" or SHA256.fullmatch(str(header.digest)),
        "outputs": [(name, len(axes)) for name, axes in header.outputs.items()] == [(kind.gives, kind.axes)],
        "parents": {*kind.parents} <= {*parents} and all(map(SHA256.fullmatch, parents.values())),
        "licence": is_text(header.licence),
        "source": is_text(header.source),
        "images": (header.images is None) == (kind.takes != "images"),
        "details": {*details} == {*kind.details} and are_details(details, width),
    }
    wrong = next((f"its {name} would be {getattr(header, name)!r}" for name, good in possible.items() if not good), "")
    return wrong or _impossible_input(header.images)


def _impossible_input(images: Preprocessing | None) -> str:
    if images is None:
        return ""
    resize, crop, interpolation, mean, std = images
    if not all(is_count(side) and side in SIDES for side in (resize, crop)):
        return f"its input would be resized to {resize!r} and cut to {crop!r} pixels"
    if interpolation not in INTERPOLATIONS:
        return f"its interpolation would be {interpolation!r}"
    if not len(mean) == len(std) == 3 or not are_numbers((*mean, *std)) or min(std) < LEAST_DEVIATION:
        return f"its mean would be {mean!r}, its deviation {std!r}"
    return ""


def read_header(path: str, *kinds: str) -> Header:
    """Read what a model's file says of itself, unchecked; a trunk's, unless other kinds will do."""
    with about(path):
        return header_of(_tail(path), *kinds)


def header_of(data: bytes, *kinds: str) -> Header:
    """Read what a model says of itself from its content, or from the end of it."""
    place = max(data.rfind(_START), 0) or max(data.rfind(_START_OF_1), 0)
    return Header.from_properties({KEY: data[place:].decode("utf-8", "replace")}, *kinds)


def is_exported(path: str) -> bool:
    """Tell whether a file says of itself that imgsim exported it, be that true or not."""
    with about(path):
        tail = _tail(path)
    return _START in tail or _START_OF_1 in tail


def _tail(path: str) -> bytes:
    with open_regular(path) as stream:
        stream.seek(0, os.SEEK_END)
        stream.seek(max(0, stream.tell() - LONGEST))
        return stream.read()


def check_header(file: ModelFile) -> None:
    """Make sure that a cached model is what its name says and says so of itself, without opening it."""
    with file.about():
        for key, there in read_header(file.verify()).identity.items():
            named = getattr(file, key)
            if named != there:
                digits = SHOWN_DIGITS if key == "weights" else None
                raise WeightsError(f"renamed: it has {key} {there[:digits]}, not {named[:digits]}")


def write_header(data: bytes, header: Header) -> bytes:
    """Write a header into an ONNX file, with the file's digest."""
    import onnx

    model = onnx.load_from_string(data)
    onnx.helper.set_model_props(model, header._replace(digest=UNSEALED.decode()).to_properties())
    return seal(model.SerializeToString(deterministic=True))


def seal(data: bytes) -> bytes:
    """Write the digest of a model file into its header."""
    place = data.rindex(_SEAL + UNSEALED) + len(_SEAL)
    return b"".join((data[:place], _sealed_digest(data, place), data[place + len(UNSEALED) :]))


def check_seal(data: bytes) -> None:
    """Make sure that a model file is, bit for bit, what was exported: ONNX Runtime can crash on one that is not."""
    place = data.rfind(_SEAL) + len(_SEAL)
    if place < len(_SEAL):
        if data.endswith(b"]}}"):
            told = "exported by an older imgsim, without a digest to check it by"
            raise WeightsError(f"{told}: import its weights again, then export it again")
        raise WeightsError("not a model that imgsim exported, or a truncated one", remedy="describe-network")
    if data[place : place + len(UNSEALED)] != _sealed_digest(data, place):
        raise WeightsError("damaged or tampered with since it was exported: export it again")


def _sealed_digest(data: bytes, place: int) -> bytes:
    """Digest a file with zeros at the place of its digest, without copying it."""
    view = memoryview(data)
    digest = hashlib.sha256(view[:place])
    digest.update(UNSEALED)
    digest.update(view[place + len(UNSEALED) :])
    return digest.hexdigest().encode()
