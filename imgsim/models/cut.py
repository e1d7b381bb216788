"""Which part of a network a model is."""

from __future__ import annotations

from dataclasses import dataclass

from imgsim.models.cache import FINAL


@dataclass(frozen=True)
class Cut:
    """Which part of a network, padded how.

    Parameters
    ----------
    architecture : str
        A name in the table, or ``timm/NAME``.
    layer : str, optional
        The last layer; the last feature map unless given, or if it is ``"final"``, as the cache calls that one.
    padding : str, optional
        ``"torch"``, or ``"tensorflow"`` for weights that were trained there.

    Examples
    --------
    >>> Cut("resnet50", "layer3").importing
    '`imgsim models import FILE --architecture resnet50 --layer layer3`'
    """

    architecture: str
    layer: str = ""
    padding: str = "torch"

    def __post_init__(self) -> None:
        if self.layer == FINAL:
            object.__setattr__(self, "layer", "")

    @property
    def importing(self) -> str:
        """The command that imports it from a weight file."""
        layer = f" --layer {self.layer}" if self.layer else ""
        padding = f" --padding {self.padding}" if self.padding != "torch" else ""
        return f"`imgsim models import FILE --architecture {self.architecture}{layer}{padding}`"
