"""Each loss as a plain Python loop over the numbers of its paper, by the name that it has in the table."""

import math
from itertools import permutations


def squared(a, b):
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def product(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


DISTANCES = {
    "sqeuclidean": squared,
    "euclidean": lambda a, b: math.sqrt(squared(a, b)),
    "cosine": lambda a, b: 1 - product(a, b),
}


def every_triplet(labels):
    return [
        (a, p, n)
        for a, p, n in permutations(range(len(labels)), 3)
        if labels[a] == labels[p] and labels[a] != labels[n]
    ]


def mean(values):
    return sum(values) / len(values) if values else 0.0


def above_zero(values):
    return [value for value in values if value > 0]


def triplet(rows, labels, loss, triplets):
    distance = DISTANCES[loss.distance]
    return mean(
        above_zero([distance(rows[a], rows[p]) - distance(rows[a], rows[n]) + loss.margin for a, p, n in triplets])
    )


def margin(rows, labels, loss, triplets):
    betas = loss.beta.tolist()
    distance = DISTANCES["euclidean"]
    terms, borders = [], []
    for a, p, n in triplets:
        border = betas[labels[a]] if len(betas) > 1 else betas[0]
        terms += [distance(rows[a], rows[p]) - border + loss.margin, border - distance(rows[a], rows[n]) + loss.margin]
        borders.append(border)
    return mean(above_zero(terms)) + loss.nu * mean(borders)


PLAIN = {"triplet": triplet, "margin": margin}
