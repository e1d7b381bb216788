"""Recall@1 and MAP@R against a plain loop."""

import numpy as np
import pytest

from imgsim.training.embeddings import retrieval_figures
from imgsim.training.embeddings.outcome import POOLED, compare_rows
from imgsim.training.embeddings.retrieval_figures import judge_rows


def by_loop(rows, labels, queries=None):
    recall, precision = [], []
    for photo, label in enumerate(labels):
        if queries is not None and not queries[photo]:
            continue
        others = [place for place in range(len(rows)) if place != photo and (queries is None or not queries[place])]
        order = sorted(others, key=lambda place: (-float(rows[photo] @ rows[place]), place))
        count = sum(labels[place] == label for place in others)
        if count == 0:
            continue
        hits = [labels[place] == label for place in order[:count]]
        recall.append(float(hits[0]))
        precision.append(sum(sum(hits[: at + 1]) / (at + 1) for at in range(count) if hits[at]) / count)
    return recall, precision


def test_figures_equal_those_of_a_loop(rng, monkeypatch):
    monkeypatch.setattr(retrieval_figures, "BLOCK", 7)
    rows = rng.normal(size=(40, 5)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[3] = rows[9]
    labels = np.array([*rng.integers(0, 6, 38), 7, 8])
    judged = judge_rows(rows, labels)
    recall, precision = by_loop(rows, labels)
    assert judged.recall.tolist() == recall
    np.testing.assert_allclose(judged.precision, precision)
    assert judged.named()["recall@1"] == np.mean(recall)


def test_where_some_ask_they_find_only_those_that_do_not(rng, monkeypatch):
    monkeypatch.setattr(retrieval_figures, "BLOCK", 7)
    rows = rng.integers(-1, 2, size=(60, 3)).astype(np.float32)  # many as near as each other
    labels, queries = np.array([*rng.integers(0, 6, 57), 7, 8, 8]), rng.random(60) < 0.4
    queries[-2:] = True, False
    judged = judge_rows(rows, labels, queries)
    recall, precision = by_loop(rows, labels, queries)
    assert judged.recall.tolist() == recall
    np.testing.assert_allclose(judged.precision, precision)
    assert len(recall) < queries.sum() + 1
    everyone = judge_rows(rows, labels)
    assert everyone.recall.tolist() == by_loop(rows, labels)[0]


def test_nobody_asks_where_all_are_alone():
    judged = judge_rows(np.eye(3, dtype=np.float32), np.arange(3))
    assert len(judged.labels) == 0
    assert np.isnan(judged.recall_at_1)
    assert judge_rows(np.zeros((0, 3), np.float32), np.zeros(0, np.int64)).recall.tolist() == []


def test_a_gain_is_over_the_pooled_rows_with_classes_resampled():
    labels = np.repeat(np.arange(10), 4)
    near = np.repeat(np.eye(10, dtype=np.float32), 4, axis=0)
    mixed = near.copy()
    mixed[:8] = near[[4, 0, 5, 1, 6, 2, 7, 3]]
    judged = {"embedding": judge_rows(near, labels), POOLED: judge_rows(mixed, labels)}
    trained, pooled = compare_rows("test", judged, seed=0)
    assert (trained.recall.value, trained.photos, trained.classes, pooled.gain) == (1.0, 40, 10, None)
    assert trained.gain.value == pytest.approx(1.0 - pooled.recall.value)
    assert trained.gain.value > 0
    assert trained.gain.low <= trained.gain.value <= trained.gain.high
    row = pooled.to_row()
    assert (row["gain"], row["gain_low"]) == (None, None)
