"""The cache of a gallery: right, or rebuilt, or not used."""

import os
import shutil
import time
from types import SimpleNamespace

import numpy as np
import pytest

from imgsim.errors import IndexWriteError
from imgsim.files import held
from imgsim.index.gallery_cache import ARRAYS, load_gallery
from imgsim.index.gallery_folders import CACHE
from imgsim.index.index import open_index
from imgsim.index.options import Options
from imgsim.index.update import update_index
from imgsim.metrics import load_metric
from tests.explained import explains
from tests.photos import draw_photo


@pytest.fixture
def folder(make_photos):
    folder = make_photos(6)
    update_index(folder, extractors=["histogram:bins=4"])
    return folder


def answer(folder):
    with open_index(folder) as index:
        return index.search(folder / "0.png")


def cached(folder):
    (gallery,) = (folder / ".imgsim" / CACHE).iterdir()
    return gallery


def test_indexing_lays_the_gallery_out_for_queries(folder):
    before = {path: path.stat().st_mtime_ns for path in cached(folder).iterdir()}
    answer(folder)
    assert {path: path.stat().st_mtime_ns for path in cached(folder).iterdir()} == before


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("left", [0, 40, 130])
def test_a_truncated_cache_is_rebuilt(folder, name, left):
    right = answer(folder)
    file = cached(folder) / f"{name}.npy"
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[:left])
    assert answer(folder) == right
    assert file.stat().st_size == size


def test_a_deleted_cache_loses_nothing(folder):
    right = answer(folder)
    shutil.rmtree(folder / ".imgsim" / CACHE)
    assert answer(folder) == right


def test_a_cache_of_other_content_is_not_used(folder):
    old = shutil.copytree(cached(folder), folder.parent / "old")
    draw_photo(folder / "0a.png", 0)
    update_index(folder)
    new = cached(folder)
    assert new.name != old.name
    shutil.rmtree(new)
    shutil.copytree(old, new)  # a gallery of five photos under the name of six
    assert answer(folder)[0].path == "0a.png"


def test_an_index_made_anew_does_not_take_the_old_ones_cache(folder):
    kept = shutil.copytree(folder / ".imgsim" / CACHE, folder.parent / "kept")
    shutil.rmtree(folder / ".imgsim")
    for place in range(6):
        draw_photo(folder / f"{place}.png", 50 - place)
    update_index(folder, extractors=["histogram:bins=4"])
    right = answer(folder)
    shutil.copytree(kept, folder / ".imgsim" / CACHE, dirs_exist_ok=True)
    assert answer(folder) == right


def build(folder, store, **changes):
    """Let a reader of another state lay out its gallery."""
    older = SimpleNamespace(**{name: getattr(store, name) for name in ("part_keys", "features", "counts")}, **changes)
    load_gallery(str(folder / ".imgsim"), older, store.extractors()[0], load_metric("hellinger").fit())


def test_a_reader_of_an_older_state_leaves_the_newest_galleries(folder):
    newest = cached(folder)
    with open_index(folder) as index:
        stamp = index._store.stamp
        build(folder, index._store, stamp=stamp._replace(generation=stamp.generation - 1))
    assert newest.exists()
    assert len(list(newest.parent.iterdir())) == 2


def test_a_reader_of_a_newer_state_removes_older_galleries_of_this_index_alone(folder):
    cache = cached(folder).parent
    with open_index(folder) as index:
        stamp = index._store.stamp
        older = f"{stamp.store}-{stamp.generation - 1}"
        gone = [cached(folder).name, f"{older}-1-hellinger"]
        kept = [
            f"{stamp.store}-{10 * stamp.generation + 1}-1-hellinger",
            f"{stamp.store}-{stamp.generation + 1}-2-hellinger",
            f"{'0' * 12}-1-1-hellinger",
            f"{stamp.store}{stamp.generation}-1-hellinger",
            "notes",
            f"{older}-1-hellinger.old",
        ]
        for name in (*gone[1:], *kept):
            (cache / name).mkdir()
            (cache / name / "rows.npy").write_bytes(b"")
        link = cache / f"{older}-2-hellinger"
        link.symlink_to(folder)
        build(folder, index._store, stamp=stamp._replace(generation=stamp.generation + 1))
    built = f"{stamp.store}-{stamp.generation + 1}-1-hellinger"
    assert {path.name for path in cache.iterdir()} == {built, link.name, *kept}
    assert (folder / "0.png").exists()


@pytest.fixture
def age():
    """Make a folder, and all that is in it, as old as so many hours."""

    def make(place, hours):
        then = time.time() - 3600 * hours
        for path in (*place.iterdir(), place):
            os.utime(path, (then, then))

    return make


def unfinished(place, name):
    (place / name).mkdir(parents=True)
    (place / name / "rows.npy").write_bytes(b"half")
    return place / name


def test_what_killed_processes_left_in_the_cache_goes_after_a_day(folder, age):
    cache = cached(folder).parent
    names = "tmp-young000", "tmp-notes", "other-ab00cd00", "tmp-written0", "tmp-locked00"
    kept = {name: unfinished(cache, name) for name in names}
    for name in ("tmp-old00000", "tmp-_ab0_cd1"):
        age(unfinished(cache, name), 25)
    for name in ("tmp-notes", "other-ab00cd00", "tmp-written0"):
        age(kept[name], 25)
    (kept["tmp-written0"] / "rows.npy").write_bytes(b"still at it")
    (unfinished(cache, "tmp-killed00") / "lock").touch()
    os.utime(cache / "tmp-killed00", (0, 0))
    link = cache / "tmp-linked00"
    link.symlink_to(folder)
    with held(kept["tmp-locked00"]):
        age(kept["tmp-locked00"], 25)
        update_index(folder)
    assert {path.name for path in cache.iterdir()} == {cached_name(folder), link.name, *kept}
    assert (folder / "0.png").exists()


def cached_name(folder):
    with open_index(folder) as index:
        return f"{index._store.stamp.store}-{index.counts['generation']}-1-hellinger"


def test_what_killed_readers_left_elsewhere_goes_after_a_day(folder, tmp_path, monkeypatch, age):
    elsewhere = tmp_path / "temporary"
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    young = unfinished(elsewhere, "imgsim-gallery-ab00cd00")
    other = unfinished(elsewhere, "imsgim-gallery-ab00cd00")
    for place in (unfinished(elsewhere, "imgsim-gallery-old00000"), other):
        age(place, 25)
    right = answer(folder)
    shutil.rmtree(folder / ".imgsim" / CACHE)
    monkeypatch.setattr("os.access", lambda *_: False)
    assert answer(folder) == right
    assert sorted(elsewhere.iterdir()) == sorted([young, other])


def test_generations_are_numbers_not_text(folder):
    cache = cached(folder).parent
    with open_index(folder) as index:
        stamp = index._store.stamp
        for generation in (11, 1):
            build(folder, index._store, stamp=stamp._replace(generation=100 + generation))
        names = [f"{stamp.store}-{generation}-1-hellinger" for generation in (101, 111)]
        assert {path.name for path in cache.iterdir()} == {names[1], names[0]}
        build(folder, index._store, stamp=stamp._replace(generation=1011))
        assert [path.name for path in cache.iterdir()] == [f"{stamp.store}-1011-1-hellinger"]


@pytest.mark.parametrize("linked", ["cache", "gallery"])
def test_nothing_is_written_through_links(folder, tmp_path, linked):
    right = answer(folder)
    place = cached(folder) if linked == "gallery" else cached(folder).parent
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "diary").mkdir(parents=True)
    shutil.rmtree(place)
    place.symlink_to(elsewhere)
    assert answer(folder) == right
    assert [path.name for path in elsewhere.iterdir()] == ["diary"]
    assert place.is_symlink()


def test_an_index_behind_a_link_is_read_and_not_written(folder, tmp_path):
    right = answer(folder)
    elsewhere = (folder / ".imgsim").rename(tmp_path / "elsewhere")
    shutil.rmtree(elsewhere / CACHE)
    (elsewhere / CACHE).mkdir()
    old = unfinished(elsewhere / CACHE, f"{'0' * 12}-0-1-hellinger")
    (folder / ".imgsim").symlink_to(elsewhere)
    assert answer(folder) == right
    assert list((elsewhere / CACHE).iterdir()) == [old]
    with explains(IndexWriteError, f"give the folder that it leads to, --index {elsewhere}"):
        update_index(folder)
    assert update_index(folder, index=elsewhere, options=Options(moved=True)).unchanged == 6
    assert answer(folder) == right


@pytest.mark.parametrize("left", ["rows", "present", "damaged"])
def test_what_would_be_waited_for_in_a_gallery_is_not_opened(folder, left):
    right = answer(folder)
    file = cached(folder) / f"{left}.npy"
    file.unlink()
    os.mkfifo(file)
    assert answer(folder) == right
    assert file.is_file()


@pytest.mark.parametrize(("name", "array"), [("present", np.ones(6)), ("photos", np.zeros((6, 2), int)), ("rows", "x")])
def test_arrays_of_other_kinds_are_laid_out_anew(folder, name, array):
    right = answer(folder)
    np.save(cached(folder) / f"{name}.npy", array)
    assert answer(folder) == right


def test_a_name_that_is_a_path_leads_nowhere(folder, tmp_path):
    with open_index(folder) as index:
        build(folder, index._store, stamp=index._store.stamp._replace(store=str(tmp_path / "outside")))
        build(folder, index._store, stamp=index._store.stamp._replace(store="../../outside"))
    assert not list(tmp_path.glob("outside*"))


def test_rows_are_mapped_not_loaded(folder):
    with open_index(folder) as index, index.snapshot():
        (extractor,) = index.extractors
        gallery = load_gallery(index.directory, index._store, extractor, load_metric("hellinger").fit())
    assert isinstance(gallery.rows.base, np.memmap)
    np.testing.assert_allclose(np.linalg.norm(gallery.rows, axis=1), 1, rtol=1e-6)


def test_a_read_only_index_answers_without_leaving_a_trace(folder, monkeypatch):
    right = answer(folder)
    shutil.rmtree(folder / ".imgsim" / CACHE)
    before = sorted(folder.rglob("*"))
    monkeypatch.setattr("os.access", lambda *_: False)
    assert answer(folder) == right
    assert sorted(folder.rglob("*")) == before


def test_no_room_anywhere_is_one_line(folder, monkeypatch):
    shutil.rmtree(folder / ".imgsim" / CACHE)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("imgsim.index.gallery_cache._write_arrays", full)
    with pytest.raises(IndexWriteError, match="No space left on device.*TMPDIR"):
        answer(folder)
