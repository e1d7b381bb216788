"""A model cache of each test's own."""

from importlib.util import find_spec

import pytest


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Several threads of torch wait for one another, up to ten times as long, where other processes keep them busy."""
    if find_spec("torch") is None:
        yield
        return
    from imgsim.models.vision import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder that IMGSIM_MODELS names; it does not exist yet."""
    folder = tmp_path / "models"
    monkeypatch.setenv("IMGSIM_MODELS", str(folder))
    monkeypatch.delenv("IMGSIM_DEVICE", raising=False)
    return folder


@pytest.fixture
def left(cache):
    """Names of what lies in the cache: ``left()``."""
    return lambda: sorted(path.name for path in cache.glob("*"))
