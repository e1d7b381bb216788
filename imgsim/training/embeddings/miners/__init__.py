"""Miners: which triplets of a batch a loss learns from; one a file, named in one table."""

from imgsim.training.embeddings.miners.miner_table import MINERS, build_miner, spell_miner

__all__ = ["MINERS", "build_miner", "spell_miner"]
