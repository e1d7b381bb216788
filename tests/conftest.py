"""Shared fixtures: small synthetic photos, and the data folder that lies beside a checkout of the project."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.photos import draw_photo

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; tests that need it skip where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no ../shared/data beside this checkout")
    return SHARED / "data"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261121)


@pytest.fixture
def make_photos(tmp_path: Path) -> Callable[..., Path]:
    """Draw a folder of photos: ``make_photos(5)`` gives 0.png to 4.png, ``make_photos("a.png", "b/c.jpg")`` those."""

    def make(*names: str | int, folder: str = "photos") -> Path:
        listed = [f"{place}.png" for place in range(names[0])] if isinstance(names[0], int) else list(names)
        for seed, name in enumerate(listed):
            draw_photo(tmp_path / folder / str(name), seed)
        return tmp_path / folder

    return make
