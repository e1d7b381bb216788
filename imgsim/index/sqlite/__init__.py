"""The index in one SQLite file: everything that knows SQL."""
