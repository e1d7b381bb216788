"""Shared fixtures: small synthetic photos, and the data folder that lies beside a checkout of the project."""

import json
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.photos import draw_photo
from tests.stores import STORES, put_described

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


@pytest.fixture(scope="session")
def color_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 600 named colours by 30 contributors: the name of the strongest channel, a tenth of them at random."""
    rng = np.random.default_rng(0)
    colors = rng.integers(0, 256, (600, 3))
    names = np.array(["red-ish", "green-ish", "blue-ish"])
    labels = np.where(rng.random(600) < 0.1, rng.integers(0, 3, 600), colors.argmax(axis=1))
    rows = [
        {"r": int(r), "g": int(g), "b": int(b), "label": str(names[label]), "uid": f"u{place % 30}"}
        for place, ((r, g, b), label) in enumerate(zip(colors, labels, strict=True))
    ]
    path = tmp_path_factory.mktemp("colors") / "rows.json"
    path.write_text(json.dumps(rows))
    return path


@pytest.fixture(params=STORES)
def describe(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Make a store of photos without features, of each kind: ``describe({"a.jpg": {"price": 5}})``."""
    stores: list[Any] = []

    def make(described: dict[str, dict[str, Any]]) -> Any:
        folder = tmp_path / f"index{len(stores)}"
        folder.mkdir()
        stores.append(STORES[request.param](folder))
        put_described(stores[-1], described)
        return stores[-1]

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def model_cache(tmp_path, monkeypatch):
    """A model cache of the test's own, where learned models are tried in this process, which takes no second."""
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("imgsim.models.model_shelf.look_limited", lambda _path, look, *given: look(*given))
    return tmp_path / "models"


@pytest.fixture
def one_torch_thread() -> Iterator[None]:
    """Let torch, where it is installed, use one thread: on what is this small several only wait for one another."""
    if not find_spec("torch"):
        yield
        return
    from imgsim.models.tensors import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
