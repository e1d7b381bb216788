"""Each loss as a plain Python loop over the numbers of its paper, by the name that it has in the table."""

import math
from itertools import combinations, permutations


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
    triplets = every_triplet(labels) if triplets is None else triplets
    distance = DISTANCES[loss.distance]
    return mean(
        above_zero([distance(rows[a], rows[p]) - distance(rows[a], rows[n]) + loss.margin for a, p, n in triplets])
    )


def margin(rows, labels, loss, triplets):
    triplets = every_triplet(labels) if triplets is None else triplets
    betas = loss.beta.tolist()
    distance = DISTANCES["euclidean"]
    terms, borders = [], []
    for a, p, n in triplets:
        border = betas[labels[a]] if len(betas) > 1 else betas[0]
        terms += [distance(rows[a], rows[p]) - border + loss.margin, border - distance(rows[a], rows[n]) + loss.margin]
        borders.append(border)
    return mean(above_zero(terms)) + loss.nu * mean(borders)


def contrastive(rows, labels, loss, triplets):
    if triplets is None:
        pairs = list(permutations(range(len(labels)), 2))
        near = [(i, j) for i, j in pairs if labels[i] == labels[j]]
        far = [(i, j) for i, j in pairs if labels[i] != labels[j]]
    else:
        near, far = [(a, p) for a, p, _ in triplets], [(a, n) for a, _, n in triplets]
    distance = DISTANCES["euclidean"]
    drawn = [distance(rows[i], rows[j]) ** 2 / 2 for i, j in near]
    pushed = [max(0, loss.margin - distance(rows[i], rows[j])) ** 2 / 2 for i, j in far]
    return mean(above_zero(drawn)) + mean(above_zero(pushed))


def multi_similarity(rows, labels, loss, _):
    terms = []
    for i, anchor in enumerate(rows):
        same = [product(anchor, row) for j, row in enumerate(rows) if j != i and labels[j] == labels[i]]
        other = [product(anchor, row) for j, row in enumerate(rows) if labels[j] != labels[i]]
        kept = [s for s in same if s < max(other, default=-math.inf) + loss.epsilon]
        kept_other = [s for s in other if s > min(same, default=math.inf) - loss.epsilon]
        drawn = math.log(1 + sum(math.exp(-loss.alpha * (s - loss.base)) for s in kept)) / loss.alpha
        pushed = math.log(1 + sum(math.exp(loss.beta * (s - loss.base)) for s in kept_other)) / loss.beta
        terms.append(drawn + pushed)
    return mean(terms)


def proxy_anchor(rows, labels, loss, _):
    drawn, pushed = [], []
    for name, proxy in enumerate(loss.proxies.tolist()):
        length = math.sqrt(product(proxy, proxy))
        similar = [product(row, proxy) / length for row in rows]
        own = [s for s, label in zip(similar, labels, strict=True) if label == name]
        others = [s for s, label in zip(similar, labels, strict=True) if label != name]
        if own:
            drawn.append(math.log(1 + sum(math.exp(-loss.alpha * (s - loss.margin)) for s in own)))
        pushed.append(math.log(1 + sum(math.exp(loss.alpha * (s + loss.margin)) for s in others)))
    return mean(drawn) + mean(pushed)


def n_pair(rows, labels, loss, _):
    sets, waiting, seen = {}, {}, {}
    for place, label in enumerate(labels):
        seen[label] = seen.get(label, 0) + 1
        if label in waiting:
            sets.setdefault(seen[label] // 2, []).append((waiting.pop(label), place))
        else:
            waiting[label] = place
    terms = []
    for pairs in sets.values():
        for anchor, positive in pairs:
            others = [other for _, other in pairs if other != positive]
            own = product(rows[anchor], rows[positive])
            if others:
                told = (math.exp(loss.scale * (product(rows[anchor], rows[other]) - own)) for other in others)
                terms.append(math.log(1 + sum(told)))
    return mean(terms)


def supcon(rows, labels, loss, _):
    terms = []
    for i, anchor in enumerate(rows):
        similar = {j: product(anchor, row) / loss.temperature for j, row in enumerate(rows) if j != i}
        whole = math.log(sum(map(math.exp, similar.values())))
        own = [similar[j] - whole for j in similar if labels[j] == labels[i]]
        if own:
            terms.append(-mean(own))
    return mean(terms)


def log_ratio(rows, scores, loss, _):
    terms = []
    for a, anchor in enumerate(rows):
        others = [i for i, score in enumerate(scores) if score != scores[a]]
        ratios = []
        for i, j in combinations(others, 2):
            of_rows = math.log((squared(anchor, rows[i]) + 1e-6) / (squared(anchor, rows[j]) + 1e-6))
            of_scores = math.log((scores[a] - scores[i]) ** 2 / (scores[a] - scores[j]) ** 2)
            ratios.append((of_rows - of_scores) ** 2)
        if ratios:
            terms.append(mean(ratios))
    return mean(terms)


PLAIN = {
    "contrastive": contrastive,
    "log-ratio": log_ratio,
    "margin": margin,
    "multi-similarity": multi_similarity,
    "n-pair": n_pair,
    "proxy-anchor": proxy_anchor,
    "supcon": supcon,
    "triplet": triplet,
}
