"""A query by an indexed photo whose file is as it was takes the rows that are stored, and answers as by measuring."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest

from imgsim.core import ImageRecord
from imgsim.errors import ImageReadError
from imgsim.features import DEFAULT_EXTRACTOR, EXTRACTORS, load_extractor
from imgsim.images.formats import DECODING
from imgsim.images.limits import Limits
from imgsim.index import query_rows, unchanged_photos
from imgsim.index.features_file import FeaturesFile
from imgsim.index.gallery_folders import CACHE
from imgsim.index.index import open_index
from imgsim.index.index_writer import IndexWriter
from imgsim.index.options import Options
from imgsim.index.store.photo_store import MeasuredPhoto
from imgsim.index.update import update_index
from imgsim.models.packaged import is_ready
from tests.photos import draw_photo

NETWORKS = [DEFAULT_EXTRACTOR] if is_ready(DEFAULT_EXTRACTOR) else []
TEXTS = [*EXTRACTORS, *NETWORKS]
SHARP = "histogram:bins=3,grid=2"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Photos of several kinds, a copy and a link among them, indexed by all extractors."""
    folder = tmp_path_factory.mktemp("shelf")
    for seed in range(5):
        draw_photo(folder / f"{seed}.png", seed)
    draw_photo(folder / "large.jpg", 5, (700, 500))
    PIL.Image.new("LA", (30, 20), (90, 128)).save(folder / "grey.png")
    shutil.copy(folder / "1.png", folder / "copy.png")
    (folder / "inner").mkdir()
    (folder / "inner" / "link.png").symlink_to("../2.png")
    update_index(folder, extractors=TEXTS)
    return folder


@pytest.fixture
def shelf(tmp_path):
    folder = tmp_path / "shelf"
    for seed in range(6):
        draw_photo(folder / f"{seed}.png", seed)
    update_index(folder, extractors=[SHARP, "phash"])
    return folder


@pytest.fixture
def measured(monkeypatch):
    """Tells the names of the photos that are measured."""
    names = []

    def watched(photos, extractors, **options):
        names.extend(os.path.basename(photo) for photo in photos)
        return measure_all(photos, extractors, **options)

    measure_all = query_rows.measure_all
    monkeypatch.setattr(query_rows, "measure_all", watched)
    return names


def answered(folder, *photos, k=20, **options):
    with open_index(folder) as index:
        return index.search([str(photo) for photo in photos], k, **options)


def measured_anew(folder, *photos, k=20, **options):
    """Answer by the photos' bytes, of which nothing is known."""
    with open_index(folder) as index:
        return index.search([photo.read_bytes() for photo in photos], k, **options)


@pytest.mark.parametrize("text", TEXTS)
def test_answers_are_those_of_measuring_to_the_bit(made, text, measured):
    for name in ("0.png", "large.jpg", "grey.png", "copy.png"):
        stored = answered(made, made / name, extractors=[text], include_self=True)
        assert measured == []
        assert stored == measured_anew(made, made / name, extractors=[text])
        measured.clear()


def test_those_of_several_extractors_several_views_and_reranked_too(made, measured):
    views = [made / "0.png", made / "3.png"]
    for options in (
        {"extractors": ["classic", "phash@2"]},
        {"extractors": ["lbp"], "metric": "seuclidean"},
        {"extractors": ["hog"], "rerank": "k_reciprocal:k1=3,k2=2"},
        {"extractors": ["histogram"], "metric": "cosine", "rerank": "query_expansion"},
    ):
        stored = answered(made, *views, include_self=True, **options)
        assert measured == []
        assert stored == measured_anew(made, *views, **options)
        measured.clear()


def test_a_photo_itself_is_left_out_and_its_copy_is_not(made, measured):
    matches = answered(made, made / "1.png", extractors=["histogram"])
    assert (matches[0].path, matches[0].distance) == ("copy.png", 0)
    assert "1.png" not in [match.path for match in matches]
    assert measured == []


def test_it_may_be_spelled_as_one_likes(made, tmp_path, monkeypatch, measured):
    (tmp_path / "elsewhere.png").symlink_to(made / "2.png")
    (tmp_path / "door").symlink_to(made)
    expected = answered(made, made / "2.png", extractors=["lbp"])
    monkeypatch.chdir(made / "inner")
    for spelled in (
        *("../2.png", "./../inner/../2.png", made / "inner" / "link.png", "link.png"),
        *(tmp_path / "elsewhere.png", tmp_path / "door" / "2.png", f"{made}//2.png"),
    ):
        assert answered(made, spelled, extractors=["lbp"]) == expected
    assert measured == []


def test_photos_of_another_index_are_measured(made, shelf, measured):
    """Of the same content as photos of this one: only its own files are known to be as they were."""
    answered(made, shelf / "0.png", extractors=["lbp"])
    assert measured == ["0.png"]


def test_a_file_that_was_replaced_with_its_date_kept_is_measured(tmp_path, measured):
    folder = tmp_path / "bitmaps"
    folder.mkdir()
    for name, level in (("a", 10), ("b", 200), ("c", 190)):
        PIL.Image.new("RGB", (20, 20), (level, level, level)).save(folder / f"{name}.bmp")
    update_index(folder, extractors=["histogram"])
    before = (folder / "a.bmp").stat()
    shutil.copyfile(folder / "b.bmp", folder / "a.bmp")
    os.utime(folder / "a.bmp", ns=(before.st_atime_ns, before.st_mtime_ns))
    after = (folder / "a.bmp").stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)
    assert answered(folder, folder / "a.bmp", k=1)[0].path == "b.bmp"
    assert measured == ["a.bmp"]


def test_another_file_in_its_place_with_its_dates_is_measured(shelf, measured):
    """By another inode, whatever else agrees: the index is told the change time of the new file."""
    draw_photo(shelf / "0 new.png", 9)
    (shelf / "0 new.png").rename(shelf / "0.png")
    status = (shelf / "0.png").stat()
    with closing(sqlite3.connect(shelf / ".imgsim" / "index.sqlite")) as database, database:
        told = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        database.execute(
            "UPDATE images SET size = ?, mtime_ns = ?, ctime_ns = ? WHERE path = CAST('0.png' AS BLOB)", told
        )
    answered(shelf, shelf / "0.png")
    assert measured == ["0.png"]


@pytest.mark.parametrize("change", ["touched", "written", "older", "newer", "unknown"])
def test_what_may_have_changed_is_measured(shelf, change, measured):
    photo = shelf / "0.png"
    if change == "touched":
        photo.touch()
    elif change == "written":
        shutil.copyfile(shelf / "5.png", photo)
    else:
        told = {"older": ("decoding", DECODING - 1), "newer": ("decoding", DECODING + 1), "unknown": ("ctime_ns", 0)}
        column, value = told[change]
        with closing(sqlite3.connect(shelf / ".imgsim" / "index.sqlite")) as database, database:
            database.execute(f"UPDATE images SET {column} = ? WHERE path = CAST('0.png' AS BLOB)", (value,))
    matches = answered(shelf, photo, include_self=True)
    assert measured == ["0.png"]
    assert matches == measured_anew(shelf, photo)


@pytest.mark.parametrize(("system", "read"), [("nt", []), ("posix", ["0.png"])])
def test_a_file_whose_inode_was_not_told_is_known_again_where_walks_are_told_none(
    shelf, system, read, measured, monkeypatch
):
    with closing(sqlite3.connect(shelf / ".imgsim" / "index.sqlite")) as database, database:
        database.execute("UPDATE images SET inode = 0")
    monkeypatch.setattr(unchanged_photos, "os", SimpleNamespace(**vars(os) | {"name": system}))
    answered(shelf, shelf / "0.png")
    assert measured == read


def test_an_index_that_was_brought_up_to_date_knows_it_again(shelf, measured):
    (shelf / "0.png").touch()
    update_index(shelf)
    answered(shelf, shelf / "0.png")
    assert measured == []


def test_a_row_that_is_damaged_or_absent_is_measured(shelf, lose_features, measured):
    right = answered(shelf, shelf / "0.png")
    with closing(sqlite3.connect(shelf / ".imgsim" / "index.sqlite")) as database, database:
        database.execute("UPDATE features SET checksum = checksum + 1 WHERE extractor_id = 1 AND part_id = 1")
    assert answered(shelf, shelf / "0.png") == right
    assert measured == ["0.png"]
    lose_features(shelf, "1.png", 2)
    answered(shelf, shelf / "1.png")
    assert measured == ["0.png"]  # by the other extractor it is there
    answered(shelf, shelf / "1.png", extractors=[SHARP, "phash"])
    assert measured == ["0.png", "1.png"]


def test_a_bit_that_flips_in_the_cache_does_not_ask(shelf):
    right = answered(shelf, shelf / "0.png")
    (gallery,) = (shelf / ".imgsim" / CACHE).glob("*-hellinger")
    rows = np.lib.format.open_memmap(gallery / "rows.npy", mode="r+")
    rows[0] = rows[3]
    rows.flush()
    assert answered(shelf, shelf / "0.png") == right


def test_limits_hold_as_they_do_of_a_photo_that_is_read(shelf):
    with open_index(shelf) as index, index.searcher() as searcher:
        assert searcher.search([shelf / "0.png"], 3, limits=Limits(max_megapixels=0.0018))
        with pytest.raises(ImageReadError, match="over the limit"):
            searcher.search([shelf / "0.png"], 3, limits=Limits(max_megapixels=0.0017))


def test_a_photo_that_is_gone_is_an_error_though_it_is_indexed(shelf):
    (shelf / "0.png").unlink()
    with pytest.raises(ImageReadError, match=r"0\.png"):
        answered(shelf, shelf / "0.png")
    (shelf / "0.png").mkdir()
    with pytest.raises(ImageReadError, match=r"0\.png"):
        answered(shelf, shelf / "0.png")


def test_views_of_one_thing_are_measured_where_they_must_be(shelf, tmp_path, measured):
    draw_photo(tmp_path / "new.png", 7)
    views = [shelf / "0.png", tmp_path / "new.png", shelf / "1.png"]
    together = answered(shelf, *views, include_self=True)
    assert measured == ["new.png"]
    assert together == measured_anew(shelf, *views)


def test_rows_from_a_file_are_found_by_content_as_ever(shelf, tmp_path, measured):
    shutil.copy(shelf / "0.png", shelf / "again.png")
    np.save(tmp_path / "mine.npy", np.arange(14, dtype=np.float32).reshape(7, 2))
    names = ("again.png", *(f"{seed}.png" for seed in range(6)))
    features = FeaturesFile("mine", str(tmp_path / "mine.npy"), names)
    update_index(shelf, options=Options(features=features))
    fused = {"extractors": ["external:mine", SHARP]}
    for name in ("3.png", "again.png"):
        stored = answered(shelf, shelf / name, include_self=True, **fused)
        assert measured == []
        assert stored == measured_anew(shelf, shelf / name, **fused)
        measured.clear()


def test_a_photo_is_asked_for_as_a_whole_whatever_parts_it_has(shelf, measured):
    extractor = load_extractor(SHARP)
    with IndexWriter(str(shelf / ".imgsim")) as writer:
        stored = writer.find_extractor(SHARP)
        record = next(photo for photo in writer if photo.path == "0.png")
        bare = ImageRecord(
            *(getattr(record, name) for name in ("path", "size", "mtime_ns", "digest", "width", "height"))
        )
        status = (shelf / "0.png").stat()
        told = {"ctime_ns": status.st_ctime_ns, "inode": status.st_ino}
        parts = np.zeros((2, extractor.dim), np.float32)
        parts[:, 0] = 1
        writer.put(MeasuredPhoto(bare, {stored.id: parts}, ("bag", "coat"), "cutter", **told))
    matches = answered(shelf, shelf / "0.png", include_self=True)
    assert measured == []
    assert matches == measured_anew(shelf, shelf / "0.png")


def test_many_are_asked_in_blocks_and_answered_in_order(shelf, tmp_path, monkeypatch, measured):
    draw_photo(tmp_path / "new.png", 8)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    asked = [shelf / f"{seed}.png" for seed in range(6)]
    asked[4:4] = [tmp_path / "new.png", tmp_path / "broken.png"]
    with open_index(shelf) as index, index.searcher() as searcher:
        one_by_one = [searcher.search([photo], 3) for photo in asked if photo.name != "broken.png"]
        sizes = []
        ranked = query_rows.QueryRows.blocks

        def seen(*given, **options):
            for block in ranked(*given, **options):
                sizes.append(0 if isinstance(block, ImageReadError) else len(block))
                yield block

        monkeypatch.setattr(query_rows.QueryRows, "blocks", seen)
        monkeypatch.setattr(query_rows, "BLOCK", 3)
        answers = list(searcher.ranked_each([[photo] for photo in asked], 3))
    assert sizes == [3, 1, 1, 0, 2]
    assert isinstance(answers.pop(5), ImageReadError)
    assert answers == one_by_one


def test_a_block_goes_on_by_rows_that_were_laid_out_anew(shelf):
    asked = [[shelf / f"{seed}.png"] for seed in range(6)]
    with open_index(shelf) as index, index.searcher() as searcher:
        right = list(searcher.ranked_each(asked, 3))
    (gallery,) = (shelf / ".imgsim" / CACHE).glob("*-hellinger")
    rows = np.lib.format.open_memmap(gallery / "rows.npy", mode="r+")
    rows[2] = rows[0]
    rows.flush()
    with open_index(shelf) as index, index.searcher() as searcher:
        assert list(searcher.ranked_each(asked, 3)) == right


def test_neither_decoders_nor_networks_are_loaded(made):
    script = (
        "import sys; from imgsim.index.index import open_index; folder = sys.argv[1]\n"
        "with open_index(folder) as index:\n"
        "    found = index.search(folder + '/0.png', 3, extractors=sys.argv[2:])\n"
        "print(len(found), sorted({'cv2', 'onnxruntime', 'torch', 'sklearn'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", script, str(made), "histogram", *NETWORKS]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "3 []\n"
