"""A scikit-learn transformer from photos to features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from imgsim.arrays import extract
from imgsim.features import default_extractor, load_extractor
from imgsim.images.limits import MAX_MEGAPIXELS, MAX_MEMORY, MAX_SECONDS, Limits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from sklearn.utils import Tags

    from imgsim.core import Extractor, Features
    from imgsim.images.photo import Photo


class Encoder(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn is not annotated
    """Turn photos into rows of features, as a step of a scikit-learn pipeline.

    There is nothing to fit: a row depends on its photo and the parameters alone.

    Parameters
    ----------
    extractor : str, optional
        ``NAME[:key=value,...]``, as `imgsim extractors` lists them; by default ``efficientnet_lite0``, or ``classic``
        where its weights are missing.
    jobs : int, default 1
        Processes that decode and measure.
    max_megapixels : float, default 100
        The largest photo to decode, in millions of pixels.
    max_seconds : float, default 60
        How long decoding a photo may take.
    max_memory : float, default 4000
        How much memory it may take, in MB; see `read_image`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> red, blue = (np.full((8, 8, 3), rgb, np.uint8) for rgb in ((250, 0, 0), (0, 0, 250)))
    >>> pipeline = make_pipeline(Encoder("histogram"), LogisticRegression())
    >>> pipeline.fit([red, blue], ["red", "blue"]).predict([red]).tolist()
    ['red']
    """

    def __init__(
        self,
        extractor: str | None = None,
        *,
        jobs: int = 1,
        max_megapixels: float = MAX_MEGAPIXELS,
        max_seconds: float = MAX_SECONDS,
        max_memory: float = MAX_MEMORY,
    ) -> None:
        self.extractor = extractor
        self.jobs = jobs
        self.max_megapixels = max_megapixels
        self.max_seconds = max_seconds
        self.max_memory = max_memory

    def fit(self, photos: Iterable[Photo], y: object = None) -> Self:
        """Make sure that there is such an extractor; nothing is learned.

        Parameters
        ----------
        photos : iterable
            Not looked at.
        y : object, optional
            Not looked at.

        Returns
        -------
        Encoder
            This one.
        """
        del photos, y
        self._build()
        return self

    def transform(self, photos: Iterable[Photo]) -> Features:
        """Measure photos.

        Parameters
        ----------
        photos : iterable of str, path-like, bytes, PIL image or ndarray of uint8, shape (H, W, 3)
            Or a column of a table that holds such.

        Returns
        -------
        ndarray of float32, shape (N, D)
            A row for each photo, in order.

        Raises
        ------
        ImageReadError
            If a photo cannot be read.
        TypeError
            If something is no photo at all.
        """
        limits = {name: getattr(self, name) for name in Limits._fields}
        return extract(photos, self._build(), jobs=self.jobs, **limits)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Name the values of a row.

        Parameters
        ----------
        input_features : object, optional
            Not looked at: there is one input, the photo.

        Returns
        -------
        ndarray of str, shape (D,)
            The extractor's name with a number.
        """
        del input_features
        extractor = self._build()
        return np.array([f"{extractor.spec.name}{place}" for place in range(extractor.dim)], object)

    def _build(self) -> Extractor:
        return load_extractor(self.extractor or default_extractor())

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags

    def __sklearn_is_fitted__(self) -> Any:  # noqa: ANN401 (scikit-learn's protocol)
        return True
