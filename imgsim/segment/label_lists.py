"""Lists of what the values of masks mean, which lie in their folder or above it."""

from __future__ import annotations

import os

from imgsim.errors import ParameterError
from imgsim.segment.base_segmenter import MOST_NAMES
from imgsim.segment.label_names import BACKGROUND, with_background

TEXT, MATLAB = "labels.txt", "label_list.mat"
LISTS = (TEXT, MATLAB)  # in the folder, or in the one above it


def find_list(folder: str) -> str:
    """Find the list of a folder of masks; '' where there is none."""
    places = (os.path.join(place, name) for place in (folder, os.path.dirname(folder)) for name in LISTS)
    return next(filter(os.path.isfile, places), "")


def read_list(path: str) -> tuple[str, ...]:
    """Read what labels mean: the first is the background, whatever it is called."""
    try:
        if os.path.basename(path) == MATLAB:
            listed = _read_matlab(path)
        else:
            with open(path, encoding="utf-8") as lines:
                listed = [line.strip() for line in lines if line.strip() and line[0] != "#"]
    except Exception as error:  # damage surfaces as almost anything
        raise ParameterError(f"mask: {path} cannot be read as a list of labels") from error
    names = with_background([BACKGROUND, *listed[1:]])[0]
    if not 1 < len(names) == len(listed) <= MOST_NAMES:
        raise ParameterError(f"mask: {path} is no list of 2 to {MOST_NAMES} different labels, the background's first")
    return names


def _read_matlab(path: str) -> list[str]:
    import numpy as np
    from scipy.io import loadmat

    (names,) = (value for name, value in loadmat(path).items() if not name.startswith("__"))
    return [str(np.asarray(one).ravel()[0]) for one in np.asarray(names).ravel()]
