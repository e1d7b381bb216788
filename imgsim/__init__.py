"""Find look-alike photos in a folder, offline, with interchangeable features and distances.

Examples
--------
>>> import imgsim, pathlib, tempfile
>>> from PIL import Image
>>> folder = pathlib.Path(tempfile.mkdtemp())
>>> for name, colour in {"poppy": "#ff0000", "rose": "#f00808", "sky": "#0080ff"}.items():
...     Image.new("RGB", (64, 64), colour).save(folder / f"{name}.png")
>>> summary = imgsim.update_index(folder, extractors=["histogram"])
>>> with imgsim.open_index(folder) as index:
...     [match.path for match in index.search(folder / "poppy.png", k=2)]
['rose.png', 'sky.png']
>>> imgsim.load_extractor("haralick").dim
26
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imgsim.features import load_extractor
    from imgsim.index.index import Index, open_index
    from imgsim.index.update import update_index

__version__ = "0.1.0"
__all__ = ["Index", "load_extractor", "open_index", "update_index"]

_HOMES = {
    "Index": "imgsim.index.index",
    "open_index": "imgsim.index.index",
    "update_index": "imgsim.index.update",
    "load_extractor": "imgsim.features",
}


def __getattr__(name: str) -> object:
    """Import the public names on first use, so that `imgsim --help` imports none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'imgsim' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
