"""The demo's shelf, drawn once."""

import shutil

import pytest

from tests.examples.running import draw, run_script


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """The demo's folder, with its shelf indexed; for tests that change nothing in it."""
    folder = draw(tmp_path_factory.mktemp("demo"))
    assert run_script("index_shelf.sh", folder / "shelf").returncode == 0
    return folder


@pytest.fixture
def desk(drawn, tmp_path):
    """A copy of a few of its photos, not indexed, for tests that do change something; its name has a space."""
    folder = tmp_path / "our desk"
    for kind in ("mug", "teddy"):
        shutil.copytree(drawn / "shelf" / kind, folder / "shelf" / kind)
    return folder
