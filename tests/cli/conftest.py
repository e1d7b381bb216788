"""Running the command line, in this process and in others."""

import os
import subprocess
import sys
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from imgsim.cli.group import imgsim
from imgsim.index.update import update_index
from imgsim.models.cache import store_model
from imgsim.models.classifier_model import CLASSIFIER_MODELS
from imgsim.models.embedding_model import EMBEDDING_MODELS
from imgsim.models.own_names import keep_name
from imgsim.models.segmenter_model import store_segmenter
from tests.learned import linear_map, probe, write_model
from tests.photos import draw_photo
from tests.segment.checkpoints import green_segmenter

IMGSIM = [sys.executable, "-m", "imgsim"]


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run():
    """Run a command in this process: ``run("query", "a.png", stdin=b"...")``."""

    def invoke(*arguments, stdin=None):
        result = CliRunner().invoke(imgsim, [str(argument) for argument in arguments], input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Result(result.exit_code, result.stdout, result.stderr)

    return invoke


@pytest.fixture
def shell():
    """Run a line of shell in which `imgsim` is the command under test."""

    def execute(line, cwd, stdin=None):
        prelude = f'imgsim() {{ "{sys.executable}" -m imgsim "$@"; }}; '
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.run(
            ["bash", "-c", prelude + line], cwd=cwd, input=stdin, capture_output=True, check=False, env=environment
        )

    return execute


@pytest.fixture
def shelf(make_photos, monkeypatch):
    """An indexed folder `shelf` of eight photos, seen from the folder above it."""
    folder = make_photos(8, folder="shelf")
    update_index(folder, extractors=["histogram:bins=4", "phash"])
    monkeypatch.chdir(folder.parent)
    return folder


@pytest.fixture
def piles(tmp_path, monkeypatch):
    """Two indexed folders of phash, `lost` of l0 and l1, `found` of f0, f1 and f2, seen from the folder above them."""
    for folder, seeds in (("lost", (0, 1)), ("found", (10, 11, 12))):
        for place, seed in enumerate(seeds):
            draw_photo(tmp_path / folder / f"{folder[0]}{place}.png", seed)
        update_index(tmp_path / folder, extractors=["phash"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def named_models(model_cache, tmp_path, monkeypatch):
    """Models of every kind in the cache, of networks nothing but the names; gives the digits of one without a name."""
    monkeypatch.setattr("imgsim.models.packaged.find_packaged", lambda *_, **__: None)
    network = {"padding": "torch", "layer": "final", "weights": "ab" * 32}
    store_model(b"no network", architecture="timm/xception41", **network)
    keep_name("shop-net", store_model(b"no network", architecture="squeezenet1_1", **network))
    EMBEDDING_MODELS.keep_name("shelf-map", EMBEDDING_MODELS.bring(str(write_model(tmp_path / "1", linear_map()))))
    CLASSIFIER_MODELS.keep_name("things", CLASSIFIER_MODELS.bring(str(write_model(tmp_path / "2", probe()))))
    store_segmenter(green_segmenter(("Background", "Hat", "Bag")), "fashion")
    return EMBEDDING_MODELS.bring(str(write_model(tmp_path / "3", linear_map(seed=1)))).sha256[:12]
