"""Conditions on photos: a small language, read into a tree (docs/expressions.md)."""
