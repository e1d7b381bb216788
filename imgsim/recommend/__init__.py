"""Trials of many extractors on one's own photos."""
