"""What people typed about the photos of a store, and what conditions are answered from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from imgsim.where.facts import FactTable


class AttributeStore(Protocol):
    """Keeps typed attributes, which of them are declared, and the rules that keep photos out of sight."""

    @property
    def facts(self) -> FactTable:
        """What is known of all photos' attributes."""

    def typed(self, key: Hashable) -> dict[str, Any]:
        """Give the attributes that people typed of a photo.

        Parameters
        ----------
        key : hashable
            Of a photo, shown or hidden.

        Returns
        -------
        dict
            By name.
        """

    def merge_attributes(self, path: str, attributes: Mapping[str, Any]) -> bool:
        """Change some typed attributes of a photo and keep the others; the stamp stays.

        Parameters
        ----------
        path : str
            The photo.
        attributes : mapping
            None removes one: what was measured under that name is seen again.

        Returns
        -------
        bool
            Whether that changed any.

        Raises
        ------
        ImgsimError
            If there is no such photo.
        ParameterError
            If a value cannot be kept.
        """

    def change_attributes(self, keys: Sequence[Hashable], attributes: Mapping[str, Any]) -> int:
        """Change some typed attributes of many photos alike and keep the others; the stamp stays.

        Parameters
        ----------
        keys : sequence of hashable
            Of photos, shown or hidden, each once.
        attributes : mapping
            As for `merge_attributes`.

        Returns
        -------
        int
            How many of the photos that changed.

        Raises
        ------
        ParameterError
            If a value cannot be kept.
        """

    @property
    def declared(self) -> dict[str, str]:
        """The attributes that are known whether or not photos have them, and their types."""

    def set_declared(self, declared: Mapping[str, str]) -> None:
        """Set which attributes are known whether or not photos have them; the stamp stays.

        Parameters
        ----------
        declared : mapping of str to str
            Types by name, in place of those before.
        """

    @property
    def sight_rules(self) -> list[str]:
        """The expressions that keep photos out of sight, as they were typed; see `imgsim.where.sight`."""

    def set_sight_rules(self, rules: Sequence[str]) -> None:
        """Set what keeps photos out of sight; the stamp stays.

        Parameters
        ----------
        rules : sequence of str
            Expressions, in place of those before.
        """
