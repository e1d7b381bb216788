"""Searching: arrays in, ranks and distances out."""
