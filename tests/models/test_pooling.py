"""From maps to rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imgsim.models.pooling import pool

MAPS = arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5), st.integers(1, 5)),
    elements=st.floats(0, 1000, width=32),
)


@pytest.mark.parametrize("kind", ["avg", "max", "gem"])
def test_equals_a_plain_loop(rng, kind):
    maps = rng.standard_normal((2, 3, 4, 5)).astype(np.float32)
    rows = pool(maps, kind, 2.5)
    assert rows.dtype == np.float32
    for image in range(2):
        for channel in range(3):
            values = [float(maps[image, channel, y, x]) for y in range(4) for x in range(5)]
            expected = {
                "avg": sum(values) / 20,
                "max": max(values),
                "gem": (sum(max(value, 1e-6) ** 2.5 for value in values) / 20) ** 0.4,
            }[kind]
            assert rows[image, channel] == pytest.approx(expected, rel=1e-5, abs=1e-6)


@given(MAPS, st.floats(1, 8))
def test_gem_lies_between_mean_and_maximum(maps, p):
    mean, gem, most = pool(maps, "avg"), pool(maps, "gem", p), pool(maps, "max")
    slack = 1e-4 * most + 2e-6
    assert (gem >= mean - slack).all()
    assert (gem <= most + slack).all()


@given(MAPS)
def test_gem_of_power_one_is_the_mean(maps):
    np.testing.assert_allclose(pool(maps, "gem", 1.0), pool(maps, "avg"), rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("p", [0.1, 1, 3, 100])
@pytest.mark.parametrize("scale", [1e-3, 1, 50, 1000])
def test_gem_is_finite_whatever_the_scale(rng, p, scale):
    maps = (rng.random((1, 4, 7, 7)) * scale).astype(np.float32)
    gem = pool(maps, "gem", p)
    assert np.isfinite(gem).all()
    assert (gem >= 0).all()
    assert (gem <= maps.max(axis=(2, 3)) * 1.001 + 2e-6).all()
    assert (gem > 0).all()
