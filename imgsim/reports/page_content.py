"""What pages of a report show: facts, photos beside what may be the same, tables and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgsim.images.limits import Limits


class Fact(NamedTuple):
    """Something that is known, and what it is called."""

    name: str
    value: str


class Swatch(NamedTuple):
    """A colour of a photo: `#rrggbb`, its name, and its share, 0..1."""

    hex: str
    name: str
    share: float


class ShownPhoto(NamedTuple):
    """A photo, where it is read from and by which limits, and what is known of it."""

    name: str
    source: str | bytes
    limits: Limits
    facts: Sequence[Fact] = ()
    colors: Sequence[Swatch] = ()


class ShownMatch(NamedTuple):
    """A photo that may show what is asked for: how near it is, what else speaks for it, what it was compared with."""

    photo: ShownPhoto
    measures: Sequence[Fact]
    rank: int | None = None
    marks: Sequence[str] = ()
    reasons: Sequence[str] = ()
    compared: str = ""


class Case(NamedTuple):
    """What is asked for, its photos beside the candidates, best first; a remark where there is none."""

    title: str
    photos: Sequence[ShownPhoto]
    candidates: Sequence[ShownMatch]
    remark: str = ""

    @property
    def shown(self) -> list[ShownPhoto]:
        """All photos of the case."""
        return [*self.photos, *(one.photo for one in self.candidates)]


class EmbeddedPicture(NamedTuple):
    """A picture as a page holds it, and what it shows."""

    url: str
    caption: str


class FigureTable(NamedTuple):
    """A table of cells, the titles first, and the notes below it."""

    caption: str
    lines: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Report:
    """A report: its title, a sentence, what was asked of what, and its cases."""

    title: str
    summary: str
    facts: Sequence[Fact]
    cases: Sequence[Case] = ()


def written(value: object) -> str:
    """Write a value for people.

    Examples
    --------
    >>> written(0.12500001), written([1, "a"]), written(True)
    ('0.125', '1, a', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(written, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {written(one)}" for name, one in value.items())
    return str(value)


def facts_of(values: Mapping[str, Any]) -> list[Fact]:
    """Give what is known, less what is not."""
    return [Fact(name, written(value)) for name, value in values.items() if value not in (None, "", [], {})]
