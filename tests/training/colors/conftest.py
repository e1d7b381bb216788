"""Named colours that are learned in no time."""

import pytest

from imgsim.training.colors.rows import read_color_rows


@pytest.fixture(scope="session")
def rows(color_data):
    return read_color_rows(color_data)
