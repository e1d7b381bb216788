"""What details a model's header may tell, key by key: each is believed only where it can be true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgsim.core import ExtractorSpec
from imgsim.models.cache import SHA256

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LARGEST = 1000  # of means, deviations and other such numbers, for values in 0..1
LONGEST_TEXT = 300  # characters
LONGEST_SPEC = 1 << 14  # characters of a base's
MOST_BASES, MOST_MEMBERS = 64, 64
# Of what a network that somebody brought takes and gives, as it names and lays it out; "any" sizes or "one"; and what
# an embedding or a classifier sees of a photo.
CHOICES = {
    "layout": ("NCHW", "NHWC"),
    "axes": ("NC", "NTC", "NCHW", "NHWC"),
    "channels": ("rgb", "bgr"),
    "sizes": ("any", "one"),
    "crop": ("whole", "center", "squash", "letterbox"),
}


def are_details(details: Mapping[str, Any], width: int) -> bool:
    """Tell whether details can be true of a model that gives so many values."""
    return all(_POSSIBLE[key](value, width) for key, value in details.items() if key in _POSSIBLE)


def is_count(value: Any) -> bool:  # noqa: ANN401 (whatever the JSON held)
    """Tell whether a value is a whole number above 0."""
    return type(value) is int and value > 0


def is_text(value: object) -> bool:
    """Tell whether a value is a text in one line, not too long."""
    return isinstance(value, str) and value.isprintable() and len(value) <= LONGEST_TEXT


def are_numbers(values: Sequence[Any]) -> bool:
    """Tell whether values are finite numbers of a size that those of a header have."""
    return all(type(value) in (int, float) and abs(value) <= LARGEST for value in values)


def _is_spec(value: object) -> bool:
    """Tell whether a text is an extractor's specification, as `ExtractorSpec.to_json` writes it."""
    if not isinstance(value, str) or len(value) > LONGEST_SPEC:
        return False
    spec = ExtractorSpec.from_json(value)
    values: list[Any] = [one for _, one in spec.params]
    typed = all(type(one) in (int, float, bool) or (type(one) is str and one.isprintable()) for one in values)
    return typed and is_text(spec.name) and is_count(spec.version) and spec.to_json() == value


def _are_specs(values: Any, width: int) -> bool:  # noqa: ANN401
    del width
    return type(values) is list and 0 < len(values) <= MOST_BASES and all(map(_is_spec, values))


def _are_names(values: Any, count: int) -> bool:  # noqa: ANN401
    return type(values) is list and all(map(is_text, values)) and len(set(values)) == len(values) == count


def _are_counts(values: Any, count: int) -> bool:  # noqa: ANN401
    return type(values) is list and len(values) == count and all(value == 0 or is_count(value) for value in values)


def _are_members(values: Any, width: int) -> bool:  # noqa: ANN401
    """Tell whether a list has, of each member of an ensemble, its digest, its temperature and its weight."""
    del width
    return type(values) is list and 0 < len(values) <= MOST_MEMBERS and all(map(_is_member, values))


def _is_member(value: Any) -> bool:  # noqa: ANN401
    sha256, temperature, weight = value["sha256"], value["temperature"], value["weight"]
    numbers = are_numbers([temperature, weight]) and temperature > 0 and weight >= 0
    return len(value) == 3 and bool(SHA256.fullmatch(sha256)) and numbers


def _is_recipe(value: Any, width: int) -> bool:  # noqa: ANN401
    del width
    temperature = value.get("temperature", 1)
    return are_numbers([temperature]) and temperature > 0


def _one_of(choices: Sequence[str]) -> Callable[[Any, int], bool]:
    return lambda value, _: value in choices


_POSSIBLE: dict[str, Callable[[Any, int], bool]] = {
    **{key: lambda value, _: is_text(value) for key in ("architecture", "split", "input", "output")},
    **{key: _one_of(choices) for key, choices in CHOICES.items()},
    "names": _are_names,
    "labels": _are_names,
    "counts": _are_counts,
    "base": lambda value, _: _is_spec(value),
    "bases": _are_specs,
    "members": _are_members,
    "recipe": _is_recipe,
    "seed": lambda value, _: is_count(value) or value == 0,
}
