"""How extractors and metrics are named in the shell: ``NAME[:key=value,...][@WEIGHT]``, nothing a shell would eat."""

from __future__ import annotations

import math
import os
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args, get_origin

from imgsim.core import EMBEDDING
from imgsim.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_VERSIONED = re.compile(r"[^:@]+@v\d+(?![^:@])")  # a network's name that tells which of its weights are meant
EXTERNAL = "external:"  # before the name of rows that came from a file
HASH = "phash"  # the extractor that tells copies that are not the same to the last bit


class Naming(NamedTuple):
    """A parsed ``NAME[:key=value,...][@WEIGHT]``; `weight` is None where none was written."""

    name: str
    params: dict[str, str]
    weight: float | None


def parse_naming(text: str) -> Naming:
    """Split ``NAME[:key=value,...][@WEIGHT]`` into name, parameters, still text, and weight, or raise ParameterError.

    Examples
    --------
    >>> parse_naming("histogram:space=lab,bins=8@0.3")
    Naming(name='histogram', params={'space': 'lab', 'bins': '8'}, weight=0.3)
    >>> parse_naming("haralick")
    Naming(name='haralick', params={}, weight=None)
    >>> parse_naming("resnet50@v1:pooling=max@2")
    Naming(name='resnet50@v1', params={'pooling': 'max'}, weight=2.0)
    >>> parse_naming("external:mine@2")
    Naming(name='external:mine', params={}, weight=2.0)
    >>> parse_naming("embedding:my models/a=1,b:2.onnx@0.5")
    Naming(name='embedding:my models/a=1,b:2.onnx', params={}, weight=0.5)
    """
    head, at, weight_text = _split_weight(text)
    if is_embedding(head) and head != EMBEDDING:
        return Naming(head, {}, _parse_weight(text, weight_text) if at else None)
    start = EXTERNAL if is_external(head) else ""
    name, colon, rest = head.removeprefix(start).partition(":")
    if not name or (colon and not rest):
        raise ParameterError(f"{text!r}: write NAME[:key=value,...][@WEIGHT], for example histogram:bins=8@0.5")
    return Naming(start + name, _parse_params(text, rest), _parse_weight(text, weight_text) if at else None)


def listed(texts: str | Sequence[str]) -> Sequence[str]:
    """Take one text, of an extractor or a condition, for a list of it.

    Examples
    --------
    >>> listed("hog"), listed(["hog", "lbp"])
    (['hog'], ['hog', 'lbp'])
    """
    return [texts] if isinstance(texts, str) else texts


def is_external(name: str) -> bool:
    """Tell whether a name is that of rows that came from a file, ``external:NAME``, and not of an extractor."""
    return name.startswith(EXTERNAL)


def is_embedding(name: str) -> bool:
    """Tell whether a name is that of a learned model, ``embedding:MODEL``."""
    return name.startswith(EMBEDDING)


def _split_weight(text: str) -> tuple[str, str, str]:
    """Split what a user wrote at the ``@`` before its weight; the last two are empty where it has none."""
    if is_embedding(text) and (os.path.isfile(text.removeprefix(EMBEDDING)) or not _is_number(text.rpartition("@")[2])):
        return text, "", ""  # the path of a model is taken whole
    start = named.end() if (named := _VERSIONED.match(text)) else 0
    head, at, weight = text[start:].rpartition("@")
    return (text[:start] + head, at, weight) if at else (text, "", "")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def without_weight(text: str) -> str:
    """Take the weight off what a user wrote.

    Examples
    --------
    >>> without_weight("histogram:space=lab@0.3"), without_weight("haralick"), without_weight("resnet50@v1@0.7")
    ('histogram:space=lab', 'haralick', 'resnet50@v1')
    """
    return _split_weight(text)[0] or text


def weight_of(text: str) -> float:
    """Give the weight that a user wrote, or else 1."""
    return parse_naming(text).weight or 1.0


def find_weighted(texts: Sequence[str]) -> str:
    """Find the first of what a user wrote that has a weight; empty if none has.

    Examples
    --------
    >>> find_weighted(["hog", "lbp@2"]), find_weighted(["hog"])
    ('lbp@2', '')
    """
    return next((text for text in texts if parse_naming(text).weight is not None), "")


def typed_params(name: str, params: Mapping[str, str], hints: Mapping[str, object]) -> dict[str, Any]:
    """Convert the texts of parameters to the types that they are declared with, or raise ParameterError.

    Examples
    --------
    >>> typed_params("histogram", {"bins": "8"}, {"bins": int})
    {'bins': 8}
    """
    typed = {}
    for key, value in params.items():
        if key not in hints:
            known = ", ".join(sorted(hints)) or "none"
            raise ParameterError(f"{name} takes no parameter {key!r}; it takes: {known}")
        typed[key] = _convert(name, key, value, hints[key])
    return typed


def _convert(name: str, key: str, value: str, hint: object) -> Any:  # noqa: ANN401 (what the hint says)
    if get_origin(hint) is Literal:
        choices = {str(choice): choice for choice in get_args(hint)}
        if value not in choices:
            raise ParameterError(f"{name}: {key} is one of {', '.join(filter(None, choices))}, not {value!r}")
        return choices[value]
    if hint in (int, float):
        try:
            return int(value) if hint is int else float(value)
        except ValueError:
            kind = "whole number" if hint is int else "number"
            raise ParameterError(f"{name}: {key} is a {kind}, not {value!r}") from None
    return value


def _parse_params(text: str, rest: str) -> dict[str, str]:
    params: dict[str, str] = {}
    for pair in filter(None, rest.split(",")):
        key, equals, value = pair.partition("=")
        if not (key and equals and value):
            raise ParameterError(f"{text!r}: {pair!r} is not key=value")
        if key in params:
            raise ParameterError(f"{text!r}: {key} is given twice")
        params[key] = value
    return params


def _parse_weight(text: str, weight_text: str) -> float:
    try:
        weight = float(weight_text)
    except ValueError:
        raise ParameterError(f"{text!r}: the weight {weight_text!r} is not a number") from None
    if not (math.isfinite(weight) and weight > 0):
        raise ParameterError(f"{text!r}: the weight must be a number above 0")
    return weight
