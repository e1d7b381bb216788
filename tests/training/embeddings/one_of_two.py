"""A process of a run, alone or one of several that torchrun's variables tell of: PHOTOS FOLDER KEY=VALUE..."""

import ast
import sys

import numpy as np

from imgsim.images.limits import LIMITS
from tests.training.embeddings.tiny import tiny_backbone


def main(photos, folder, *options):
    import torch

    from imgsim.training import run_setup
    from imgsim.training.embeddings.embedding_run import begin_embedding
    from imgsim.training.embeddings.recipe import TrainingRecipe
    from imgsim.training.embeddings.spelled_recipe import spelled
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_means import ClassedPhotos, Means
    from tests.training.embeddings.test_process_team import find_paths

    torch.set_num_threads(1)
    run_setup.load_backbone = lambda *_: tiny_backbone()
    paths = find_paths(photos)
    names, codes = np.unique([path.partition("/")[0] for path in paths], return_inverse=True)
    told = dict(option.split("=", 1) for option in options)
    recipe = TrainingRecipe(**{key: ast.literal_eval(value) for key, value in told.items()})

    def said(text):
        sys.stdout.write(f"{text}\n")

    means = Means("cpu", 1, 10**8, LIMITS, said=said, heard=lambda epoch: said(f"epoch {epoch.epoch}"))
    classed = ClassedPhotos(photos, paths, names.tolist(), codes)
    trained = begin_embedding(classed, spelled(recipe), RunFolder(folder), means)
    said("writes" if trained else "leaves")


if __name__ == "__main__":
    main(*sys.argv[1:])
