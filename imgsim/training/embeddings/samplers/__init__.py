"""Samplers: which photos are in a batch; one a file, named in one table."""

from imgsim.training.embeddings.samplers.sampler_table import SAMPLERS, build_sampler, spell_sampler

__all__ = ["SAMPLERS", "build_sampler", "spell_sampler"]
