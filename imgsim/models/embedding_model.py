"""Learned embeddings in the model cache."""

from imgsim.models.header import EMBEDDINGS
from imgsim.models.model_shelf import ModelShelf

EMBEDDING_MODELS = ModelShelf("embedding", "embeddings.json", EMBEDDINGS)
