"""Bits that flip on the disk, in the cache or in the store, never rank."""

import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from click.testing import CliRunner

from imgsim.cli.group import imgsim
from imgsim.index.gallery_folders import CACHE
from imgsim.index.index import open_index
from imgsim.index.update import update_index
from tests.explained import explains
from tests.photos import draw_photo

METRICS = ["cosine", "euclidean", "hellinger", "seuclidean", "mahalanobis", "cityblock", "chi2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(8):
        draw_photo(folder / f"{seed}.png", seed)
    update_index(folder, extractors=["histogram:bins=2", "phash"])
    return folder


@pytest.fixture
def shelf(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "shelf")


def answer(folder, **options):
    with open_index(folder) as index:
        return index.search(folder / "0.png", 3, **options)


def cached(folder, space="*"):
    return sorted((folder / ".imgsim" / CACHE).glob(f"*-{space}"))


def overwrite(folder, name, write, space="hellinger"):
    """Change an array of the cached gallery in place."""
    (gallery,) = cached(folder, space)
    array = np.lib.format.open_memmap(gallery / f"{name}.npy", mode="r+")
    write(array)
    array.flush()


@pytest.mark.parametrize("metric", METRICS)
def test_what_is_cached_gives_the_distances_of_what_is_stored(shelf, metric):
    by_cache = answer(shelf, metric=metric, extractors=["histogram"])
    before = {path: path.stat().st_mtime_ns for path in cached(shelf)}
    assert answer(shelf, metric=metric, extractors=["histogram"]) == by_cache
    assert {path: path.stat().st_mtime_ns for path in cached(shelf)} == before  # and is not laid out anew


def test_a_cached_row_that_would_rank_does_not(shelf):
    right = answer(shelf)
    far = next(place for place in range(1, 8) if f"{place}.png" not in [match.path for match in right])

    def copy_query(rows):
        rows[far] = rows[0]

    overwrite(shelf, "rows", copy_query)
    assert answer(shelf) == right
    (gallery,) = cached(shelf, "hellinger")
    assert not np.array_equal(*np.load(gallery / "rows.npy")[[0, far]])  # it is right again


@pytest.mark.parametrize("name", ["parts", "photos"])
def test_cached_keys_that_lead_to_other_photos_do_not(shelf, name):
    right = answer(shelf)

    def reverse(keys):
        keys[:] = keys[::-1].copy()

    overwrite(shelf, name, reverse)
    assert answer(shelf) == right


def test_a_cached_row_of_a_photo_that_has_none_does_not(shelf, lose_features):
    lose_features(shelf, "1.png", 1)
    right = answer(shelf)
    assert "1.png" not in [match.path for match in right]

    def claim(array):
        array[1] = True

    overwrite(shelf, "present", claim)
    overwrite(shelf, "rows", lambda rows: rows.__setitem__(1, rows[0]))
    assert answer(shelf) == right


def damage(folder, path):
    """Flip a bit of a stored vector, as a disk may: nothing else tells of it."""
    where = "part_id = (SELECT parts.id FROM parts JOIN images ON image_id = images.id WHERE path = CAST(? AS BLOB))"
    with closing(sqlite3.connect(folder / ".imgsim" / "index.sqlite")) as database, database:
        sql = f"SELECT vector FROM features WHERE extractor_id = 1 AND {where}"
        vector = bytearray(database.execute(sql, (path,)).fetchone()[0])
        vector[2] ^= 0x40
        database.execute(f"UPDATE features SET vector = ? WHERE extractor_id = 1 AND {where}", (bytes(vector), path))


@pytest.mark.parametrize("laid_out", [True, False])
def test_a_damaged_row_is_named_and_stops_no_other(shelf, laid_out):
    right = answer(shelf)
    damage(shelf, right[0].path)
    if not laid_out:
        shutil.rmtree(shelf / ".imgsim" / CACHE)
    for _ in range(2):  # whoever laid the gallery out
        with open_index(shelf) as index, index.searcher() as searcher:
            found = searcher.search([str(shelf / "0.png")], 3)
            (said,) = searcher.damaged
        assert [match.path for match in found][:2] == [match.path for match in right[1:]]
        with explains(type(said), rf"^{right[0].path}: damaged in the index, features by histogram.*index .*--verify"):
            raise said


def test_a_photo_whose_row_is_damaged_is_ranked_by_the_other_extractors(shelf):
    path = answer(shelf)[0].path
    damage(shelf, path)
    with open_index(shelf) as index:
        matches = index.search(shelf / "0.png", 8, extractors=["histogram", "phash"])
    lacking = {match.path: match.lacking for match in matches if match.lacking}
    assert list(lacking) == [path]


def test_the_shell_names_the_photo_and_finds_the_rest(shelf):
    right = [match.path for match in answer(shelf)]
    damage(shelf, right[0])
    ask = ["query", str(shelf / "0.png"), "--index", str(shelf), "--format", "paths"]
    ran = CliRunner().invoke(imgsim, [*ask, "-k", "2"])
    assert (ran.exit_code, ran.stdout.count("\n")) == (0, 2)
    assert ran.stderr.startswith(f"imgsim: {right[0]}: damaged in the index")
    assert ran.stderr.count("\n") == 1
    assert CliRunner().invoke(imgsim, ["index", str(shelf), "--verify"]).exit_code == 0
    ran = CliRunner().invoke(imgsim, [*ask, "-k", "3"])
    assert ([line.rsplit("/")[-1] for line in ran.stdout.splitlines()], ran.stderr) == (right, "")


def test_nothing_found_where_all_is_damaged_is_an_error(shelf):
    for place in range(8):
        damage(shelf, f"{place}.png")
    ran = CliRunner().invoke(imgsim, ["query", str(shelf / "0.png"), "--index", str(shelf)])
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "0.png, 1.png, 2.png and 5 more" in ran.stderr
