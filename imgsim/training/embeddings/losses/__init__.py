"""Losses of metric learning, one a file, named in one table."""

from imgsim.training.embeddings.losses.loss_table import LOSSES, build_loss, spell_loss

__all__ = ["LOSSES", "build_loss", "spell_loss"]
