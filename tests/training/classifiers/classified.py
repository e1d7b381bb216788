"""Runs of classifiers on photos of coloured stripes, with a backbone of three small stages."""

import numpy as np

from imgsim.images.limits import LIMITS
from imgsim.training.classifiers.classifier_recipe import ClassifierRecipe

QUICK = ClassifierRecipe(batch=8, epochs=3, lr=0.003, freeze="0", views=0, start="random", least_crop=0.5)


class Killed(Exception):  # noqa: N818
    pass


def labelled(folder):
    from imgsim.training.run_means import ClassedPhotos

    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    names, codes = np.unique([path.partition("/")[0] for path in paths], return_inverse=True)
    return ClassedPhotos(str(folder), paths, names.tolist(), codes)


def train(photos, folder, recipe=QUICK, *, resumed=False, kill_after=99, **means):
    from imgsim.training.classifiers.classifier_run import begin_classifier, resume_classifier
    from imgsim.training.run_folder import RunFolder
    from imgsim.training.run_means import Means

    def heard(epoch):
        if epoch.epoch == kill_after:
            raise Killed

    told = Means(**{"device": "cpu", "jobs": 1, "most_bytes": 10**8, "limits": LIMITS, "heard": heard} | means)
    if resumed:
        return resume_classifier(str(photos), recipe, RunFolder(str(folder)), told)
    return begin_classifier(labelled(photos), recipe, RunFolder(str(folder)), told)
