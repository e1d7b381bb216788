"""Judging: which extractor and distance find what, and how sure that is; arrays in, numbers out."""
