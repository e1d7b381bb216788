"""Galleries of features that are at hand, and what measuring every pair of their photos gives."""

from dataclasses import replace

import numpy as np

from imgsim.metrics import load_metric, measure_statistics
from imgsim.search.gallery import lay_out
from imgsim.search.ranking import Term


def term_of(features, name="euclidean", photos=None, present=None, binary=False, **changes):
    metric = load_metric(name, binary=binary).fit(measure_statistics(features))
    gallery = lay_out(features, metric)
    if photos is not None:
        gallery = replace(gallery, photos=np.asarray(photos))
    if present is not None:
        gallery = replace(gallery, present=np.asarray(present))
    return Term(gallery, metric, **changes)


def all_distances(terms):
    """Measure all pairs of photos one by one, in full: infinite for photos that lack an extractor, and for oneself."""
    gallery = terms[0].gallery
    total, weight = np.zeros((len(gallery.parts),) * 2), 0.0
    for term in terms:
        pairs = np.array([term.metric.exact(row, term.gallery.rows) for row in term.gallery.rows])
        total += term.factor * pairs
        weight += term.weight
    total /= weight
    absent = ~np.logical_and.reduce([term.gallery.present for term in terms])
    total[absent] = total[:, absent] = np.inf
    keys = list(dict.fromkeys(gallery.photos.tolist()))
    distances = np.full((len(keys), len(keys)), np.inf)
    for one, first in enumerate(keys):
        for other, second in enumerate(keys):
            if one != other:
                distances[one, other] = total[np.ix_(gallery.photos == first, gallery.photos == second)].min()
    return distances
