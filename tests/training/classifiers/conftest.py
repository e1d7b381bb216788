"""A tiny backbone for every run here, on one thread."""

from importlib.util import find_spec

import pytest

from tests.training.embeddings.tiny import tiny_backbone


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    if not find_spec("torch"):
        yield
        return
    import torch

    from imgsim.training.classifiers import classifier_assembly

    monkeypatch.setattr(classifier_assembly, "load_backbone", lambda *_: tiny_backbone())
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
