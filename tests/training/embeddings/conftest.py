"""Tests of what networks learn by."""

import sys

import pytest


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    """Let torch, where a test imports it, use one thread: on matrices this small several only wait for one another."""
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 0
    if torch:
        torch.set_num_threads(1)
    yield
    if torch:
        torch.set_num_threads(before)
