"""What is measured of photos besides features: parts, colours, labels and headers, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgsim.core import ExtractorSpec

COLORS = ("color", "color_probabilities", "palette")  # the attributes that measuring colours sets
CUT = ("parts", "area_share", "part_boxes")  # those that cutting out parts sets
HEADERS = ("taken", "camera", "place_lat", "place_lon")  # and those that reading headers sets


class StoredClassifier(NamedTuple):
    """A classifier by whose answers an index has an attribute.

    Parameters
    ----------
    spec : ExtractorSpec
        What rebuilds it.
    model : str, optional
        What a user named it by: a file, as an absolute path, or a name; empty for the kinds that need no training.
    size, mtime_ns : int, optional
        Of that file, when it was found to be this one; 0 for a name.
    """

    spec: ExtractorSpec
    model: str = ""
    size: int = 0
    mtime_ns: int = 0


def labelled(name: str) -> tuple[str, str]:
    """Give the attributes that a classifier sets which is to set one: that, and how probable it is.

    Examples
    --------
    >>> labelled("kind")
    ('kind', 'kind_probability')
    """
    return name, f"{name}_probability"


class MeasurementStore(Protocol):
    """Keeps how photos are cut, coloured and labelled, and tells which photos lack what is measured."""

    @property
    def cut(self) -> str:
        """What cuts photos into parts, as their owner; empty where nothing does."""

    def choose_cut(self, owner: str) -> None:
        """Choose what cuts photos into parts from now on; other owners' parts, and what `CUT` names, are forgotten.

        Parameters
        ----------
        owner : str
            As `MeasuredPhoto` has it; empty for nothing.
        """

    @property
    def color_measure(self) -> str | None:
        """How the colours of photos are measured, by its identity; None where nobody asks for them."""

    def choose_color_measure(self, identity: str | None) -> None:
        """Choose how colours are measured from now on; what was measured otherwise is forgotten.

        Parameters
        ----------
        identity : str or None
            As `imgsim.colors.dominant.measure_identity` gives it; None measures none.
        """

    @property
    def classifiers(self) -> dict[str, StoredClassifier]:
        """The classifiers by which photos are labelled, by the attribute that each sets."""

    def choose_classifiers(self, classifiers: Mapping[str, StoredClassifier]) -> None:
        """Choose how photos are labelled from now on; what others than these said is forgotten, and the stamp stays.

        Parameters
        ----------
        classifiers : mapping of str to StoredClassifier
            By the attribute, in place of those before; one of the same specification goes on.
        """

    def lacking_measured(self, name: str) -> set[str]:
        """Give the paths of photos of which nothing was measured under a name.

        Parameters
        ----------
        name : str
            Of an attribute.

        Returns
        -------
        set of str
            Relative to the index root.
        """

    def lacking_headers(self, version: int) -> set[str]:
        """Give the paths of photos whose headers were not read under this version, or a later one, of reading them.

        Parameters
        ----------
        version : int
            From 1 on.

        Returns
        -------
        set of str
            Relative to the index root.
        """

    def note_headers(self, path: str, read: Mapping[str, Any], version: int) -> None:
        """Note what was read from a photo's headers, in place of what was before; the stamp stays.

        Parameters
        ----------
        path : str
            The photo; nothing happens where it is not stored.
        read : mapping
            Measured attributes, of those that `HEADERS` names.
        version : int
            As for `lacking_headers`; new content is of none.
        """
