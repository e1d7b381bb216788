"""The index: what it remembers, how it is filled, how it is searched."""
