"""Learning what is alike: maps of rows, and networks."""
