"""What conditions are answered from, whichever engine keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgsim.core import Keys
    from imgsim.where.conditions import Compares


class AttributeCount(NamedTuple):
    """An attribute of photos.

    Parameters
    ----------
    name : str
        The attribute.
    types : tuple of str
        Of its values, sorted: boolean, date, list, number, object, text.
    photos : int
        How many have it.
    """

    name: str
    types: tuple[str, ...]
    photos: int


class FactTable(Protocol):
    """Answers what is asked of all photos' attributes, typed or measured; photos' keys are the store's."""

    def types(self) -> dict[str, set[str]]:
        """Give the attributes that photos have or that are declared, and the types of their values."""

    def counts(self) -> list[AttributeCount]:
        """Count the photos that have each attribute, by name; none has one that is only declared."""

    def where(self, comparison: Compares) -> Keys:
        """Find the photos for which a comparison holds.

        Parameters
        ----------
        comparison : Compares
            Of an attribute with a value.

        Returns
        -------
        ndarray, shape (n,)
            Keys of photos, in any order, perhaps twice.
        """

    def having(self, name: str) -> Keys:
        """Find the photos that have an attribute.

        Parameters
        ----------
        name : str
            The attribute.

        Returns
        -------
        ndarray, shape (n,)
            Keys of photos, in any order, perhaps twice.
        """

    def ranks(self, name: str, *, field: bool) -> tuple[Keys, NDArray[np.int64]]:
        """Say which place each value takes among all values of an attribute.

        Booleans come first, then numbers, dates and texts, these letter by letter; lists and objects take no place.

        Parameters
        ----------
        name : str
            The attribute or field.
        field : bool
            Which of these it is.

        Returns
        -------
        tuple of ndarray, shape (n,), and ndarray of int64, shape (n,)
            Keys of photos, in any order, several times where an attribute is a list of values; and the places, of
            which equal values of a type have the same.
        """

    def texts(self, name: str) -> list[str]:
        """Give the different texts that are values of an attribute.

        Parameters
        ----------
        name : str
            The attribute.

        Returns
        -------
        list of str
            None twice.
        """

    def numbers_within(self, name: str, member: str) -> tuple[Keys, NDArray[np.float64]]:
        """Find the numbers under a name in an attribute that is an object.

        Parameters
        ----------
        name : str
            The attribute.
        member : str
            The name in it.

        Returns
        -------
        tuple of ndarray, shape (n,), and ndarray of float64, shape (n,)
            The keys of the photos that have such a number, each once, in any order, and the numbers.
        """

    def names_within(self, name: str) -> list[str]:
        """Give the names in an attribute that is an object, over all photos.

        Parameters
        ----------
        name : str
            The attribute.

        Returns
        -------
        list of str
            None twice.
        """
