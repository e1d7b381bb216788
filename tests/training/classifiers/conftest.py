"""A tiny backbone for every run here, on one thread."""

from importlib.util import find_spec

import pytest

from tests.training.embeddings.tiny import tiny_backbone


@pytest.fixture(autouse=True)
def tiny(one_torch_thread, monkeypatch):
    if find_spec("torch"):
        from imgsim.training import run_setup

        monkeypatch.setattr(run_setup, "load_backbone", lambda *_: tiny_backbone())
