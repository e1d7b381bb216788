"""What runs on the same photos would all do alike, done once: of each kind of work, the last that was done is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from imgsim.models.vision import torch

T = TypeVar("T")


class SharedWork:
    """Keeps one result of each name: asked for another, it lets that go before the other is made."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Hashable, object]] = {}

    def once(self, name: str, key: Hashable, make: Callable[[], T]) -> T:
        """Give what was made for a key, if that is what was made last, or make it."""
        if name in self._kept and self._kept[name][0] == key:
            return self._kept[name][1]  # type: ignore[return-value]  # a name is of one type
        self._kept.pop(name, None)
        made = make()
        self._kept[name] = (key, made)
        return made


class BegunPhotos:
    """What frozen stages make of photos, by their paths, as far as memory reaches."""

    def __init__(self, most_bytes: int) -> None:
        self._left = most_bytes
        self._maps: dict[str, torch.Tensor] = {}

    def begun(self, path: str, make: Callable[[], torch.Tensor]) -> torch.Tensor:
        """Give a photo's maps, or make them, and keep them while there is room."""
        if path in self._maps:
            return self._maps[path]
        maps = make()
        if maps.nbytes <= self._left:
            self._left -= maps.nbytes
            self._maps[path] = maps
        return maps
