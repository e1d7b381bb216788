"""From a name in the shell, or a spec in an index, to an extractor."""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import partial
from typing import TYPE_CHECKING, Any, get_type_hints

from imgsim.core import CLASSIFIER, EMBEDDING
from imgsim.errors import ExtractorMismatchError, ParameterError, UnknownModelError, UnknownNameError
from imgsim.models.architectures import ARCHITECTURES, is_architecture
from imgsim.models.own_names import own_names
from imgsim.models.packaged import is_ready
from imgsim.naming import EXTERNAL, is_embedding, is_external, parse_naming, typed_params
from imgsim.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from imgsim.core import Extractor, ExtractorSpec, ParamValue

EXTRACTORS: Registry[Callable[..., Extractor]] = Registry(
    "extractor",
    {
        "classic": "imgsim.features.classic:Classic",
        "covariance": "imgsim.features.covariance:Covariance",
        "haralick": "imgsim.features.haralick:Haralick",
        "histogram": "imgsim.features.histogram:Histogram",
        "hog": "imgsim.features.hog:Hog",
        "lbp": "imgsim.features.lbp:Lbp",
        "phash": "imgsim.features.phash:PHash",
    },
)
UNTRAINED: Registry[Callable[..., Extractor]] = Registry(
    "classifier", {"kinds": "imgsim.features.kinds:OfficeKinds", "imagenet": "imgsim.features.kinds:ImageNetKinds"}
)
FUSIONS = {"lite": ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")}
DEFAULT_EXTRACTOR, WITHOUT_NETWORK = "efficientnet_lite0", "classic"


def default_extractor() -> str:
    """Name the extractor that is used where none is named: a network, or `classic` where its weights are missing."""
    return DEFAULT_EXTRACTOR if is_ready(DEFAULT_EXTRACTOR) else WITHOUT_NETWORK


def write_out(texts: Sequence[str], *, fused: bool = False) -> list[str]:
    """Put in place of the name of a fusion the extractors that it stands for, which share its weight.

    Where the texts are `fused` with one another, it counts as one of them if it has no weight.

    Examples
    --------
    >>> write_out(["lite"])
    ['efficientnet_lite0', 'efficientnet_lite1', 'efficientnet_lite2']
    >>> write_out(["hog", "lite@0.6"])[1:]
    ['efficientnet_lite0@0.2', 'efficientnet_lite1@0.2', 'efficientnet_lite2@0.2']
    >>> write_out(["hog", "lite"], fused=True)[1]
    'efficientnet_lite0@0.333333'
    """
    one_of_several = fused and len(texts) > 1
    written: list[str] = []
    for text in map(spell_out, texts):
        name, params, weight = parse_naming(text)
        if name in FUSIONS and params:
            raise ParameterError(f"{name} takes no parameters: it stands for {', '.join(FUSIONS[name])}")
        if name not in FUSIONS:
            written.append(text)
            continue
        weight = 1.0 if weight is None and one_of_several else weight
        share = "" if weight is None else f"@{weight / len(FUSIONS[name]):g}"
        written += [f"{one}{share}" for one in FUSIONS[name]]
    return written


def spell_out(text: str) -> str:
    """Put in place of a name that a user gave to a model the extractor by that model; leave all others as they are.

    An embedding that is named by its path is copied into the model cache.
    """
    name = _parse_name(text)
    if is_embedding(name):
        from imgsim.models.embedding_model import EMBEDDING_MODELS

        bare = name.removeprefix(EMBEDDING)
        return f"{EMBEDDING}{EMBEDDING_MODELS.spell(bare)}{text.removeprefix(name)}"
    if name in EXTRACTORS or name in FUSIONS or name in UNTRAINED or is_architecture(name):
        return text
    if is_external(name):
        return text
    file, rest = own_names().get(name), text.removeprefix(name)
    return f"{file.naming}{rest.replace(':', ',', 1) if rest[:1] == ':' else rest}" if file else text


def _parse_name(text: str) -> str:
    """Read an extractor's name; one that is none is told before what follows it, which may be of the name."""
    try:
        return parse_naming(text).name
    except ParameterError as error:
        name, colon, _ = text.partition(":")
        known = name in (*extractor_names(), *FUSIONS, *UNTRAINED, *own_names()) or is_architecture(name)
        if not colon or not name or known or is_external(text) or is_embedding(text):
            raise
        if text.startswith(CLASSIFIER):
            told = f"{text}: what a classifier says is no features"
            raise ParameterError(told, remedy="classify", model=text) from error
        raise _unknown(text) from error


def _unknown(name: str) -> UnknownModelError:
    from imgsim.models.embedding_model import EMBEDDING_MODELS

    choices = [*extractor_names(), *FUSIONS, *own_names(), *EMBEDDING_MODELS.namings()]
    return UnknownModelError("extractor", name, choices)


def extractor_names() -> list[str]:
    """List the names that `load_extractor` takes: the table's, then the networks'; ``timm/NAME`` comes beside them."""
    return [*EXTRACTORS, *ARCHITECTURES]


def find_factory(name: str) -> Callable[..., Extractor]:
    """Find what makes an extractor of its parameters.

    By a name of the tables, of a network, ``timm/NAME``, or a model's ``embedding:DIGITS`` or ``classifier:DIGITS``.
    """
    if is_architecture(name):
        from imgsim.features.deep import DeepExtractor

        return partial(DeepExtractor, name)
    if is_embedding(name):
        from imgsim.features.embedding import Embedding

        return partial(Embedding, name)
    if name.startswith(CLASSIFIER):
        from imgsim.features.classifier import LearnedClassifier

        return partial(LearnedClassifier, name)
    if name in UNTRAINED:
        return UNTRAINED.load(name)
    if is_external(name):
        told = f"{name}: its rows come from a file, and are of photos of an index only"
        raise ParameterError(told, remedy="add-rows", name=name.removeprefix(EXTERNAL))
    if name not in EXTRACTORS:
        raise _unknown(name)
    return EXTRACTORS.load(name)


def load_extractor(text: str) -> Extractor:
    """Build the extractor that a text names.

    Parameters
    ----------
    text : str
        ``NAME[:key=value,...]``.

    Returns
    -------
    Extractor
        Ready to extract.

    Raises
    ------
    UnknownNameError
        If no extractor has that name.
    ParameterError
        If a parameter is unknown or its value does not fit.

    Examples
    --------
    >>> load_extractor("histogram:space=lab,bins=4").dim
    64
    """
    naming = parse_naming(spell_out(text))
    if naming.name in FUSIONS:
        raise ParameterError(f"{naming.name} is several extractors: name one of {', '.join(FUSIONS[naming.name])}")
    if naming.weight is not None:
        raise ParameterError(f"{text!r}: leave out the weight; it has its place in queries that fuse extractors")
    return find_factory(naming.name)(**_typed(naming.name, naming.params))


def default_parameters(name: str) -> dict[str, ParamValue]:
    """Give every parameter of an extractor that has a default, by a name as `find_factory` takes it."""
    taken = (field for field in fields(_class(name)) if field.name != "version")
    return {field.name: field.default for field in taken if field.default is not MISSING}


def build_extractor(spec: ExtractorSpec) -> Extractor:
    """Rebuild the extractor that a stored spec describes.

    ExtractorMismatchError if this imgsim makes other features under that name, ParameterError if none by these.
    """
    try:
        version = {"version": spec.version} if is_architecture(spec.name) else {}  # networks may be cut as before
        extractor = find_factory(spec.name)(**dict(spec.params), **version)
    except TypeError as error:  # names or types of parameters that it does not have
        raise ParameterError(f"{spec.name} takes no such parameters as {dict(spec.params)}") from error
    except UnknownNameError as error:
        raise ExtractorMismatchError(
            f"this imgsim has no extractor {spec.name!r}: drop it from the index, or update imgsim"
        ) from error
    if extractor.spec != spec:
        raise ExtractorMismatchError(
            f"{spec} was indexed as version {spec.version}, this imgsim makes version {extractor.spec.version}",
            remedy="index-again",
            name=spec.name,
            extractor=spec,
        )
    return extractor


def _class(name: str) -> Any:  # noqa: ANN401 (a dataclass)
    factory = find_factory(name)
    return factory.func if isinstance(factory, partial) else factory


def _typed(name: str, params: Mapping[str, str]) -> dict[str, ParamValue]:
    """Convert texts to the types that the extractor's fields are declared with."""
    declared = get_type_hints(_class(name))
    return typed_params(name, params, {key: declared[key] for key in default_parameters(name)})
