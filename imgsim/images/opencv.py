"""OpenCV, imported in one place: a system library that it lacks becomes one line that says what to install.

Use it as ``from imgsim.images.opencv import cv2``: it is imported when something of it is first used, so that a run
which finds nothing to measure does not wait for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from imgsim.errors import ImgsimError

__all__ = ["cv2"]

_MISSING = re.compile(r"(lib[\w.+-]+?\.so[.\d]*): cannot open shared object file")
_PACKAGES = {"libSM.": "libsm6", "libXext.": "libxext6", "libXrender.": "libxrender1", "libxcb.": "libxcb1"}


def _explain(error: ImportError) -> str | None:
    """Say which Debian packages hold the library that the import lacks; None where the cause is another."""
    missing = _MISSING.search(str(error))
    if missing is None:
        return None
    library = missing[1]
    also = "".join(f" {package}" for prefix, package in _PACKAGES.items() if library.startswith(prefix))
    return (
        f"OpenCV cannot start, {library} is missing: on Debian or Ubuntu, apt-get install"
        f" libgl1 libglib2.0-0t64{also} (libglib2.0-0 instead of libglib2.0-0t64 on releases before 2024)"
    )


class _OpenCV:
    """What stands for the module."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever OpenCV has)
        try:
            import cv2
        except ImportError as error:
            message = _explain(error)
            if message is None:
                raise
            raise ImgsimError(message) from error
        value = getattr(cv2, name)
        setattr(self, name, value)
        return value


if TYPE_CHECKING:
    import cv2
else:
    cv2 = _OpenCV()
