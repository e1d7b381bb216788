"""Grids of training runs: a file that says what all share, what differs, and what others published of such runs."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from imgsim.errors import ImgsimError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KIND = "sweep"
_KEYS = ("kind", "title", "protocol", "seeds", "run", "axes", "published")
_SHIPPED = Path(__file__).parent / "shipped"


class SweepError(ImgsimError):
    """A grid that cannot be read, or that says something that there is not."""


class SweepPoint(NamedTuple):
    """A point of a grid: what it is called on each axis, and the options of its runs, but for the seed."""

    names: dict[str, str]
    options: dict[str, Any]


class SweepRun(NamedTuple):
    """A run of a grid, by a name that it keeps as long as its point is called the same."""

    name: str
    point: SweepPoint
    seed: int

    @property
    def options(self) -> dict[str, Any]:
        """Everything that the run is told."""
        return {**self.point.options, "seed": self.seed}


@dataclass(frozen=True)
class Sweep:
    """A grid of runs: every value of every axis with every value of all others, each with every seed."""

    title: str
    protocol: str  # how the published figures were come by
    seeds: tuple[int, ...]
    points: tuple[SweepPoint, ...]
    published: tuple[dict[str, Any], ...]

    @property
    def axes(self) -> tuple[str, ...]:
        """The names of the axes."""
        return tuple(self.points[0].names)

    def runs(self) -> list[SweepRun]:
        """List the runs, all points with the first seed first: a grid that is cut short has the more of them."""
        named = ["_".join(map(_plain, point.names.values())) for point in self.points]
        pairs = list(zip(named, self.points, strict=True))
        return [SweepRun(f"{name}_seed{seed}", point, seed) for seed in self.seeds for name, point in pairs]

    def published_at(self, point: SweepPoint) -> dict[str, float]:
        """Give the figures that were published of a point, by their names."""
        for told in self.published:
            if all(str(told[axis]) == name for axis, name in point.names.items()):
                return {key: float(value) for key, value in told.items() if key not in point.names}
        return {}


def shipped_sweeps() -> dict[str, str]:
    """Name the grids that imgsim ships, with their paths."""
    return {path.stem: str(path) for path in sorted(_SHIPPED.glob("*.toml"))}


def read_sweep(path: str) -> Sweep:
    """Read a grid, by a path or the name of one that imgsim ships; SweepError where something in it is wrong."""
    place = shipped_sweeps().get(path, path)
    try:
        raw = tomllib.loads(Path(place).read_bytes().decode())
    except OSError as error:
        known = f"; imgsim ships {', '.join(shipped_sweeps())}" if "." not in path else ""
        raise SweepError(f"{path}: {error.strerror}{known}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SweepError(f"{path}: not TOML ({error})") from error
    try:
        return _sweep(raw)
    except ImgsimError as error:
        raise SweepError(f"{path}: {error}") from error


def _sweep(raw: dict[str, Any]) -> Sweep:
    for key in raw:
        if key not in _KEYS:
            raise UnknownNameError("key", key, _KEYS)
    if raw.get("kind") != KIND:
        raise SweepError(f'not a grid of runs, which begins with kind = "{KIND}"')
    seeds = _seeds(raw.get("seeds", [0]))
    points = _points(_table(raw, "run"), _table(raw, "axes"))
    published = raw.get("published", [])
    if not isinstance(published, list) or not all(isinstance(told, dict) for told in published):
        raise SweepError("published is a list of tables, [[published]], a point of the grid each")
    sweep = Sweep(str(raw.get("title", "")), str(raw.get("protocol", "")), seeds, points, tuple(published))
    _check_published(sweep)
    names = [run.name for run in sweep.runs()]
    if again := next((name for name in names if names.count(name) > 1), ""):
        raise SweepError(f"two of its runs would be called {again}: give their values other names")
    return sweep


def _table(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    table = raw.get(key, {})
    if not isinstance(table, dict) or (key == "axes" and not table):
        raise SweepError(f"{key} is a table, [{key}], of options")
    return table


def _seeds(seeds: Any) -> tuple[int, ...]:  # noqa: ANN401 (whatever TOML holds)
    good = isinstance(seeds, list) and seeds and all(type(seed) is int and seed >= 0 for seed in seeds)
    if not good or len(set(seeds)) < len(seeds):
        raise SweepError(f"seeds is a list of different whole numbers, not {seeds!r}")
    return tuple(seeds)


def _points(shared: Mapping[str, Any], axes: Mapping[str, Any]) -> tuple[SweepPoint, ...]:
    values = [[_value(axis, one) for one in _listed(axis, listed)] for axis, listed in axes.items()]
    points = []
    for chosen in product(*values):
        options = dict(shared)
        for _, told in chosen:
            options |= told
        names = dict(zip(axes, (name for name, _ in chosen), strict=True))
        points.append(SweepPoint(names, options))
    return tuple(points)


def _listed(axis: str, listed: Any) -> list[Any]:  # noqa: ANN401 (whatever TOML holds)
    if not isinstance(listed, list) or not listed:
        raise SweepError(f"axis {axis} is a list of values, not {listed!r}")
    return listed


def _value(axis: str, value: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401 (whatever TOML holds)
    """Give a value's name and the options that it sets: the one that the axis is named by, or those of a table."""
    if not isinstance(value, dict):
        return str(value), {axis: value}
    if not isinstance(value.get("name"), str):
        raise SweepError(f"axis {axis}: each table of options has a name, {value!r} has none")
    return value["name"], {key: one for key, one in value.items() if key != "name"}


def _check_published(sweep: Sweep) -> None:
    known: Sequence[dict[str, str]] = [point.names for point in sweep.points]
    for told in sweep.published:
        names = {axis: str(told[axis]) for axis in sweep.axes if axis in told}
        figures = [value for key, value in told.items() if key not in names]
        if not figures or any(type(value) not in (int, float) for value in figures):
            raise SweepError(f"published: {told} has no figures, or some that are no numbers")
        if names not in known:
            raise SweepError(f"published: {names or told} is no point of the grid")


def _plain(name: str) -> str:
    """Make a name that stands in a path."""
    return re.sub(r"[^\w.]+", "-", name).strip("-.") or "none"
