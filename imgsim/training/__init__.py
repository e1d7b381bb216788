"""Learning: rows to learn from, how they are split, loops, and what is written of the result."""
