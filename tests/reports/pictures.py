"""One small picture of every kind, and what a written picture holds."""

from xml.etree import ElementTree as ET

import numpy as np
import PIL.Image

from imgsim.evaluation.class_judgement import judge_classes
from imgsim.evaluation.probabilities import Reliability
from imgsim.reports.classifier_plots import plot_confidence
from imgsim.reports.color_distributions import plot_color_distributions
from imgsim.reports.curves import plot_interpolated, plot_precision_recall, plot_recall_at_k, plot_reliability
from imgsim.reports.maps import plot_map
from imgsim.reports.matrices import plot_confusion, plot_distance_matrix
from imgsim.reports.pair_plots import plot_pair_distances
from imgsim.reports.training_curves import plot_training

# Korean, accents, what Markdown and mathematics and XML would take for markup, bytes that are no UTF-8.
NAMES = ["지갑 wallet", "Crème brûlée", "$\\frac$ <b> & _x_", "bag\udcff\n2"]
READABLE = ["지갑 wallet", "Crème brûlée", "$\\frac$ <b> & _x_", "bag\\udcff\\n2"]


def _confusion(path):
    plot_confusion([[3, 1, 0, 0], [0, 2, 0, 2], [0, 0, 5, 0], [1, 0, 0, 0]], NAMES, path)


def _precision_recall(path):
    curves = {name: ([0.0, 0.5, 1.0], [1.0, 0.5, place / 4]) for place, name in enumerate(NAMES)}
    plot_precision_recall(curves, path, baselines={"chance": 0.25})


def _interpolated(path):
    plot_interpolated({name: np.linspace(1, place / 4, 11) for place, name in enumerate(NAMES)}, path)


def _recall_at_k(path):
    plot_recall_at_k({name: np.linspace(place / 4, 1, 30) for place, name in enumerate(NAMES)}, path)


def _reliability(path):
    bins = Reliability(np.array([0.2, 0.7]), np.array([0.1, 0.8]), np.array([1, 16]), np.array([10, 20]))
    plot_reliability(bins, path, title=", ".join(NAMES).replace("\n", "\\n"))


def _confidence(path):
    likely = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.5, 0.2, 0.2], [0.3, 0.3, 0.2, 0.2]])
    title = ", ".join(NAMES).replace("\n", "\\n")
    plot_confidence(judge_classes(likely, np.array([0, 1, 3]), NAMES), path, title=title)


def _distances(path):
    plot_distance_matrix(np.arange(64.0).reshape(8, 8), [name for name in NAMES for _ in range(2)], path)


def _map(path):
    photo = np.full((30, 40, 3), (200, 30, 30), np.uint8)
    points = [[0, 0], [1, 0], [1, 1], [0.01, 0]]
    plot_map(points, path, thumbnail_of=lambda _: photo, labels=NAMES, size=400, thumbnail_size=40)


def _color_distributions(path):
    counts = np.arange(1, 769).reshape(3, 256)
    plot_color_distributions(dict.fromkeys(NAMES, counts), path, reference=NAMES[1])


def _training(path):
    rows = [
        {"epoch": number, "loss": 1 / number, "recall@1": 0.5 + number / 20, "map@r": number / 20, "best": number == 3}
        for number in range(1, 5)
    ]
    plot_training(rows, path, title=", ".join(NAMES).replace("\n", "\\n"))


def _pair_distances(path):
    kinds = {name: np.linspace(place / 4, 1, 5 + place) for place, name in enumerate(NAMES)}
    plot_pair_distances(kinds, path, threshold=0.5, metric="cosine")


PICTURES = {
    "confusion": _confusion,
    "training": _training,
    "precision_recall": _precision_recall,
    "interpolated": _interpolated,
    "recall_at_k": _recall_at_k,
    "reliability": _reliability,
    "confidence": _confidence,
    "distances": _distances,
    "map": _map,
    "color_distributions": _color_distributions,
    "pair_distances": _pair_distances,
}


def svg_texts(path):
    """Read the texts of an SVG, in the order of the file."""
    root = ET.parse(path).getroot()
    return ["".join(node.itertext()).strip() for node in root.iter("{http://www.w3.org/2000/svg}text")]


def png_pixels(path):
    """Read a PNG as RGB."""
    with PIL.Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"))
