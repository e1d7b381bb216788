"""Worked examples: a lost-and-found desk in shell scripts, and a shelf of drawn things to try it on."""
