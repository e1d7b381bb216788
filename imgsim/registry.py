"""Tables of interchangeable things: a name, and the place in the code that is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from imgsim.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

T = TypeVar("T")


class Registry(Generic[T]):
    """A literal table from names to objects, each ``"module:attribute"``, that are imported on first use.

    `kind` says in error messages what it holds.

    Examples
    --------
    >>> table = Registry("codec", {"json": "json:dumps"})
    >>> table.load("json")([1])
    '[1]'
    >>> table.load("jsn")
    Traceback (most recent call last):
    ...
    imgsim.errors.UnknownNameError: unknown codec 'jsn': did you mean json?
    """

    def __init__(self, kind: str, entries: Mapping[str, str]) -> None:
        self.kind = kind
        self._entries = dict(entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def place(self, name: str) -> tuple[str, str]:
        """Tell in which module what a name stands for is, and what it is called there, without importing it.

        UnknownNameError if it is not in the table.
        """
        if name not in self._entries:
            raise UnknownNameError(self.kind, name, self._entries)
        module, _, attribute = self._entries[name].partition(":")
        return module, attribute

    def load(self, name: str) -> T:
        """Import and return what a name stands for; UnknownNameError if it is not in the table."""
        module, attribute = self.place(name)
        return cast("T", getattr(import_module(module), attribute))
