"""Pictures that imgsim drew into an indexed folder."""

import builtins
import os
import shutil

import numpy as np
import pytest

from imgsim.features.measure import Measurer
from imgsim.images.draw import save_png
from imgsim.index.index import open_index
from imgsim.index.options import Options
from imgsim.index.update import check_index, update_index
from tests.photos import draw_photo

PIXELS = np.full((40, 60, 3), 90, np.uint8)


@pytest.fixture
def folder(make_photos):
    folder = make_photos(3)
    update_index(folder, extractors=["phash"])
    save_png(PIXELS, folder / "grid.png")
    (folder / "plots").mkdir()
    save_png(PIXELS, folder / "plots" / "map")  # by its first bytes
    return folder


def counts(summary):
    return {key: value for key, value in vars(summary).items() if value and key != "seconds"}


def paths(folder):
    with open_index(folder) as index:
        return index.paths


def test_they_are_passed_over_and_counted(folder):
    for _ in range(2):
        assert counts(update_index(folder)) == {"unchanged": 3, "drawn": 2}
        assert paths(folder) == ["0.png", "1.png", "2.png"]
    with open_index(folder) as index:
        assert index.failures == []
        assert index.search(folder / "grid.png", k=1)  # a query is whatever somebody asks with
    shutil.rmtree(folder / ".imgsim")
    assert counts(update_index(folder, extractors=["phash"])) == {"added": 3, "drawn": 2}


def test_while_they_stay_as_they_are_nobody_opens_them_again(folder, monkeypatch):
    update_index(folder)
    shutil.move(folder / "plots" / "map", folder / "map.png")
    update_index(folder)
    opened = []
    unpatched, system = builtins.open, os.open
    monkeypatch.setattr(
        builtins, "open", lambda path, *rest, **named: opened.append(path) or unpatched(path, *rest, **named)
    )
    monkeypatch.setattr(os, "open", lambda path, *rest, **named: opened.append(path) or system(path, *rest, **named))
    monkeypatch.setattr(Measurer, "__call__", lambda *_: pytest.fail("a picture is measured"))
    assert counts(update_index(folder)) == {"unchanged": 3, "drawn": 2}
    assert check_index(folder).drawn == 2
    assert [path for path in opened if str(path).endswith(".png")] == []


def test_what_takes_the_place_of_another_is_looked_at_anew(folder):
    update_index(folder)
    draw_photo(folder / "grid.png", 50)
    save_png(PIXELS, folder / "1.png")
    for summary in ({"added": 1, "unchanged": 2}, {"unchanged": 3}):
        assert counts(update_index(folder)) == summary | {"drawn": 2, "missing": 1}
        assert paths(folder) == ["0.png", "2.png", "grid.png"]
    (folder / "1.png").unlink()
    assert counts(update_index(folder)) == {"unchanged": 3, "drawn": 1, "missing": 1}
    draw_photo(folder / "elsewhere.png", 1)
    assert counts(update_index(folder)) == {"unchanged": 3, "drawn": 1, "returned": 1}


def test_a_list_of_files_passes_them_over_too_and_forgets_none(folder):
    update_index(folder)
    draw_photo(folder / "new.png", 60)
    save_png(PIXELS, folder / "another.png")
    files = [str(folder / name) for name in ("new.png", "grid.png", "another.png")]
    assert counts(update_index(folder, options=Options(files=files))) == {"added": 1, "drawn": 2}
    with open_index(folder) as index:
        assert sorted(index._store.drawn()) == ["another.png", "grid.png", "plots/map"]


def test_one_that_could_not_be_read_before_leaves_the_ledger(folder):
    (folder / "bad.png").write_bytes(b"nothing")
    update_index(folder)
    save_png(PIXELS, folder / "bad.png")
    assert counts(update_index(folder)) == {"unchanged": 3, "drawn": 3}
    with open_index(folder) as index:
        assert index.failures == []
