"""Judging features: arrays in, numbers out."""
