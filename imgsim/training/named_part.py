"""From a text, ``NAME[:key=value,...]``, to a loss, miner or sampler, and back with all that it leaves out."""

from __future__ import annotations

import sys
from inspect import Parameter, signature
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from imgsim.errors import ParameterError
from imgsim.naming import parse_naming, typed_params

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from imgsim.registry import Registry

T = TypeVar("T")


def build_part(
    table: Registry[Callable[..., T]], text: str, *settled: object, preset: Mapping[str, object] | None = None
) -> T:
    """Build what a text names, of the parameters in it, of `preset` where it has none, and of what the program settles.

    Parameters that a text may give are keywords in the code; those that are `settled` come before them.
    """
    name, params = _parse(table, text)
    factory = table.load(name)
    taken = parameters_of(factory)
    given = {key: value for key, value in (preset or {}).items() if key in taken}
    return factory(*settled, **given | typed_params(name, params, _hints(factory)))


def spell_part(table: Registry[Callable[..., T]], text: str, *, preset: Mapping[str, object] | None = None) -> str:
    """Write a text with every parameter that it leaves out, as a run's configuration keeps it."""
    name, params = _parse(table, text)
    factory = table.load(name)
    taken = parameters_of(factory)
    known = {key: value for key, value in (preset or {}).items() if key in taken}
    values = taken | known | typed_params(name, params, _hints(factory))
    return f"{name}:{','.join(f'{key}={value}' for key, value in values.items())}" if values else name


def fitting(table: Registry[Callable[..., T]], kind: str) -> str:
    """List what a table has for labels of a kind."""
    made = {name: table.load(name) for name in table}
    named = [name for name, one in made.items() if kind in getattr(one, "kinds", (getattr(one, "kind", ""),))]
    return " or ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))


def parameters_of(factory: Callable[..., Any]) -> dict[str, Any]:
    """Give the parameters that a text may give, and their defaults."""
    taken = signature(factory).parameters.values()
    return {one.name: one.default for one in taken if one.kind is Parameter.KEYWORD_ONLY}


def require(name: str, condition: bool, message: str) -> None:  # noqa: FBT001 (reads as a sentence)
    """Raise ParameterError, led by a part's name, unless a condition holds."""
    if not condition:
        raise ParameterError(f"{name}: {message}")


def _parse(table: Registry[Callable[..., T]], text: str) -> tuple[str, dict[str, str]]:
    name, params, weight = parse_naming(text)
    table.place(name)  # an unknown name is said before a parameter that does not fit
    if weight is not None:
        raise ParameterError(f"{text!r}: leave out the weight; a {table.kind} has none")
    return name, params


def _hints(factory: Callable[..., Any]) -> dict[str, Any]:
    """Give the types of the parameters that a text may give: those of others may be known to type checkers alone."""
    annotated = {name: signature(factory).parameters[name].annotation for name in parameters_of(factory)}
    return get_type_hints(SimpleNamespace(__annotations__=annotated), vars(sys.modules[factory.__module__]))
