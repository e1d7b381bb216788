"""How extractors and metrics are named in the shell: ``NAME[:key=value,...][@WEIGHT]``, nothing a shell would eat."""

from __future__ import annotations

import math
from typing import NamedTuple

from imgsim.errors import ParameterError


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
    """
    head, at, weight_text = text.rpartition("@")
    if not at:
        head, weight_text = text, ""
    name, colon, rest = head.partition(":")
    if not name or (colon and not rest):
        raise ParameterError(f"{text!r}: write NAME[:key=value,...][@WEIGHT], for example histogram:bins=8@0.5")
    return Naming(name, _parse_params(text, rest), _parse_weight(text, weight_text) if at else None)


def without_weight(text: str) -> str:
    """Take the weight off what a user wrote.

    Examples
    --------
    >>> without_weight("histogram:space=lab@0.3"), without_weight("haralick")
    ('histogram:space=lab', 'haralick')
    """
    return text.rpartition("@")[0] or text


def weight_of(text: str) -> float:
    """Give the weight that a user wrote, or else 1."""
    return parse_naming(text).weight or 1.0


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
