"""Conditions are asked of the same described indexes as the index's own tests."""

from tests.index.conftest import describe

__all__ = ["describe"]
