"""Conditions on photos: a small language, read into a tree and answered by the index (docs/expressions.md)."""
