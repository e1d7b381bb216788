"""The table of metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgsim.errors import ParameterError
from imgsim.naming import parse_naming
from imgsim.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from imgsim.core import Metric

METRICS: Registry[Callable[..., Metric]] = Registry(
    "metric",
    {
        "braycurtis": "imgsim.metrics.pairwise:BrayCurtis",
        "canberra": "imgsim.metrics.pairwise:Canberra",
        "centred_cosine": "imgsim.metrics.product:CentredCosine",
        "chebyshev": "imgsim.metrics.pairwise:Chebyshev",
        "chi2": "imgsim.metrics.pairwise:ChiSquare",
        "cityblock": "imgsim.metrics.pairwise:CityBlock",
        "correlation": "imgsim.metrics.product:Correlation",
        "cosine": "imgsim.metrics.product:Cosine",
        "dice": "imgsim.metrics.boolean:Dice",
        "euclidean": "imgsim.metrics.product:Euclidean",
        "hamming": "imgsim.metrics.pairwise:Hamming",
        "hellinger": "imgsim.metrics.product:Hellinger",
        "inner_product": "imgsim.metrics.product:InnerProduct",
        "jaccard": "imgsim.metrics.boolean:Jaccard",
        "jensenshannon": "imgsim.metrics.pairwise:JensenShannon",
        "mahalanobis": "imgsim.metrics.product:Mahalanobis",
        "minkowski": "imgsim.metrics.pairwise:Minkowski",
        "rogerstanimoto": "imgsim.metrics.boolean:RogersTanimoto",
        "russellrao": "imgsim.metrics.boolean:RussellRao",
        "seuclidean": "imgsim.metrics.product:SEuclidean",
        "sokalsneath": "imgsim.metrics.boolean:SokalSneath",
        "sqeuclidean": "imgsim.metrics.product:SqEuclidean",
        "yule": "imgsim.metrics.boolean:Yule",
    },
)


def load_metric(text: str, *, binary: bool = False) -> Metric:
    """Build the metric that a text names.

    Parameters
    ----------
    text : str
        ``NAME``, or ``minkowski:p=P``.
    binary : bool, default False
        Whether the rows hold only 0 and 1: ``hamming`` then compares packed bits.

    Returns
    -------
    Metric
        To be fitted.

    Raises
    ------
    UnknownNameError
        If no metric has that name.
    ParameterError
        If the metric does not take a parameter, or not with this value.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.array([[0, 0], [3, 4]], np.float32)
    >>> load_metric("euclidean").fit()(rows, rows).tolist()
    [[0.0, 5.0], [5.0, 0.0]]
    """
    name, params, weight = parse_naming(text)
    factory = METRICS.load(name)
    if weight is not None:
        raise ParameterError(f"{text!r}: weights belong to extractors, not to metrics")
    if binary and name == "hamming":
        from imgsim.metrics.bits import BitHamming

        factory = BitHamming
    try:
        return factory(**{key: float(value) for key, value in params.items()})
    except TypeError:
        raise ParameterError(f"{name} takes no parameter {', '.join(params)}") from None
    except ValueError:
        raise ParameterError(f"{text!r}: parameters of metrics are numbers") from None
