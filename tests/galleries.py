"""Galleries of features that are at hand, and what measuring every pair of their photos gives."""

from dataclasses import replace

import numpy as np

from imgsim.metrics import load_metric, measure
from imgsim.search.gallery import lay_out
from imgsim.search.ranking import Facet


def facet_of(features, name="euclidean", photos=None, present=None, binary=False, **changes):
    metric = load_metric(name, binary=binary).fit(measure(features))
    gallery = lay_out(features, metric)
    if photos is not None:
        gallery = replace(gallery, photos=np.asarray(photos))
    if present is not None:
        gallery = replace(gallery, present=np.asarray(present))
    return Facet(gallery, metric, **changes)


def all_distances(facets):
    """Measure all pairs of photos one by one, in full: infinite for photos that lack an extractor, and for oneself."""
    gallery = facets[0].gallery
    total, weight = np.zeros((len(gallery.parts),) * 2), 0.0
    for facet in facets:
        pairs = np.array([facet.metric.exact(row, facet.gallery.rows) for row in facet.gallery.rows])
        total += facet.factor * pairs
        weight += facet.weight
    total /= weight
    absent = ~np.logical_and.reduce([facet.gallery.present for facet in facets])
    total[absent] = total[:, absent] = np.inf
    keys = list(dict.fromkeys(gallery.photos.tolist()))
    distances = np.full((len(keys), len(keys)), np.inf)
    for one, first in enumerate(keys):
        for other, second in enumerate(keys):
            if one != other:
                distances[one, other] = total[np.ix_(gallery.photos == first, gallery.photos == second)].min()
    return distances
