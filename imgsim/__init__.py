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

TYPE_CHECKING = False  # an interrupt while `typing` is imported would come before the command line can hear it
if TYPE_CHECKING:
    from imgsim.arrays import distances, extract
    from imgsim.encoder import Encoder
    from imgsim.errors import ImageReadError, ImgsimError
    from imgsim.features import load_extractor
    from imgsim.features.photo_labels import classify
    from imgsim.images.read import read_image
    from imgsim.index.index import Index, open_index
    from imgsim.index.options import Options
    from imgsim.index.update import update_index

__version__ = "0.1.0"
__all__ = [
    "Encoder",
    "ImageReadError",
    "ImgsimError",
    "Index",
    "Options",
    "classify",
    "distances",
    "extract",
    "load_extractor",
    "open_index",
    "read_image",
    "update_index",
]

_HOMES = {
    "Encoder": "imgsim.encoder",
    "ImageReadError": "imgsim.errors",
    "ImgsimError": "imgsim.errors",
    "Index": "imgsim.index.index",
    "Options": "imgsim.index.options",
    "classify": "imgsim.features.photo_labels",
    "distances": "imgsim.arrays",
    "extract": "imgsim.arrays",
    "load_extractor": "imgsim.features",
    "open_index": "imgsim.index.index",
    "read_image": "imgsim.images.read",
    "update_index": "imgsim.index.update",
}


def __getattr__(name: str) -> object:
    """Import the public names on first use, so that `imgsim --help` imports none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'imgsim' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
