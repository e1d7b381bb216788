"""Tests of what networks learn by."""

import pytest


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    """Let torch use one thread: on matrices this small several only wait for one another."""
    try:
        import torch
    except ImportError:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
