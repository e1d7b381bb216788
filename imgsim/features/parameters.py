"""What extractors say of themselves and of their parameters, in their docstrings: read without importing them."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from importlib.util import find_spec
from inspect import cleandoc
from typing import NamedTuple

from imgsim.features.extractor_table import EXTRACTORS
from imgsim.models.architectures import is_architecture

_NETWORK = ("imgsim.features.deep", "DeepExtractor")
_SETTLED = ("architecture", "version")  # by an extractor's name, or by imgsim
_SECTION = re.compile(r"^([A-Z][a-z]+)\n-{3,}\n", re.MULTILINE)
_HEAD = re.compile(r"^(\w+) : (.+)$", re.MULTILINE)


class Parameter(NamedTuple):
    """A parameter, the texts that it is one of or else the numbers that it lies between, and what it does."""

    name: str
    choices: tuple[str, ...]
    bounds: str
    meaning: str


class ClassDescription(NamedTuple):
    """What a class of extractors, or of segmenters, does, in a sentence, and its parameters."""

    summary: str
    parameters: tuple[Parameter, ...]


@lru_cache
def describe_extractor(name: str) -> ClassDescription:
    """Describe an extractor, by a name as `find_factory` takes it.

    Examples
    --------
    >>> [bins] = [one for one in describe_extractor("histogram").parameters if one.name == "bins"]
    >>> bins.bounds, bins.meaning
    ('2 to 32', 'Equal bins a channel, 2 to 32; a histogram has bins ** 3 values.')
    """
    described = describe_class(*(_NETWORK if is_architecture(name) else EXTRACTORS.place(name)))
    return described._replace(parameters=tuple(one for one in described.parameters if one.name not in _SETTLED))


def describe_class(module: str, owner: str) -> ClassDescription:
    """Describe what a class does, and all of its parameters."""
    sections = _SECTION.split(_docstring(module, owner))
    taken = dict(zip(sections[1::2], sections[2::2], strict=True)).get("Parameters", "")
    heads = _HEAD.split(taken)[1:]
    parameters = (_parameter(*one) for one in zip(heads[::3], heads[1::3], heads[2::3], strict=True))
    return ClassDescription(_line(sections[0].partition("\n\n")[0]), tuple(parameters))


def _parameter(name: str, kind: str, text: str) -> Parameter:
    meaning = _line(cleandoc(text))
    bounds = re.search(r"\d[\d.]* to \d[\d.]*\b", meaning)
    choices = tuple(re.findall(r'"([^"]*)"', kind))
    return Parameter(name, choices, bounds[0] if bounds and kind in ("int", "float") else "", meaning)


def _line(text: str) -> str:
    return " ".join(text.replace("``", "").split())


def _docstring(module: str, owner: str) -> str:
    """Read a class's docstring in its module's source; nothing where that was not installed."""
    spec = find_spec(module)
    source = spec.loader.get_source(module) if spec and hasattr(spec.loader, "get_source") else None  # type: ignore[union-attr]
    classes = {node.name: node for node in ast.parse(source or "").body if isinstance(node, ast.ClassDef)}
    return (ast.get_docstring(classes[owner]) or "") if owner in classes else ""
