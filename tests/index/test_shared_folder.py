"""What people typed of photos outlives whatever a shared folder goes through, until it is pruned."""

import io
import os
import shutil
import sqlite3
from contextlib import closing

import numpy as np
import PIL.Image
import pytest

from imgsim.errors import ImgsimError
from imgsim.images.formats import DECODING
from imgsim.images.read import content_digest
from imgsim.index.index import open_index
from imgsim.index.index_writer import IndexWriter
from imgsim.index.options import Options
from imgsim.index.summary import Observer
from imgsim.index.update import check_index, update_index
from tests.photos import draw_photo

FAST = ["histogram:bins=4"]


class Counter(Observer):
    """Counts the photos that are measured."""

    def __init__(self):
        self.measured = self.taken = 0

    def started(self, photos):
        self.measured += photos

    def trusted(self, photos):
        self.taken += photos


def index(folder, **options):
    """Index a folder; give what was done, and how many photos were measured for it."""
    counter = Counter()
    summary = update_index(folder, extractors=FAST, options=Options(jobs=1, **options), observer=counter)
    return {key: value for key, value in vars(summary).items() if value and key != "seconds"}, counter.measured


def owners(folder):
    """Give what is typed of each photo that is shown."""
    with open_index(folder) as opened:
        return {record.path: record.attributes.get("owner") for record in opened}


def counts(folder):
    with open_index(folder) as opened:
        return {key: opened.counts[key] for key in ("photos", "missing", "left_out", "failures")}


@pytest.fixture
def shelf(make_photos):
    """Eight photos, each with its owner's name; all files are equally large and old."""
    folder = make_photos("0.bmp")
    for number in range(8):
        draw_photo(folder / f"{number}.bmp", number)
    for file in folder.iterdir():
        os.utime(file, ns=(10**18, 10**18))
    index(folder)
    with open_index(folder) as opened, opened.writing() as writer:
        for number in range(8):
            writer.set_attributes(folder / f"{number}.bmp", [f"owner=owner {number}"])
    return folder


OWNERS = {f"{number}.bmp": f"owner {number}" for number in range(8)}


def rename(folder, names):
    """Give files new names, all at once."""
    for old in names:
        (folder / old).rename(folder / f"{old}.moving")
    for old, new in names.items():
        (folder / f"{old}.moving").rename(folder / new)


def test_a_half_copied_photo_is_hidden_until_it_is_whole(shelf):
    whole = (shelf / "0.bmp").read_bytes()
    (shelf / "0.bmp").write_bytes(whole[:3000])
    for measured in (1, 0):
        assert index(shelf) == ({"unchanged": 7, "failed": 1}, measured)
        assert counts(shelf) == {"photos": 7, "missing": 0, "left_out": 0, "failures": 1}
        with open_index(shelf) as opened:
            assert "0.bmp" not in {match.path for match in opened.search(shelf / "1.bmp", 9)}
            assert "owner 0" not in opened.facts.texts("owner")
    (shelf / "0.bmp").write_bytes(whole)
    assert index(shelf) == ({"unchanged": 7, "returned": 1}, 0)
    assert owners(shelf) == OWNERS
    assert counts(shelf) == {"photos": 8, "missing": 0, "left_out": 0, "failures": 0}


def test_a_photo_replaced_by_half_of_another_keeps_what_is_typed_of_its_name(shelf):
    draw_photo(shelf / "new.bmp", 99)
    whole = (shelf / "new.bmp").read_bytes()
    (shelf / "new.bmp").unlink()
    (shelf / "0.bmp").write_bytes(whole[:3000])
    index(shelf)
    (shelf / "0.bmp").write_bytes(whole)
    assert index(shelf) == ({"unchanged": 7, "changed": 1}, 1)
    assert owners(shelf) == OWNERS


@pytest.mark.parametrize(
    "names",
    [
        {"0.bmp": "1.bmp", "1.bmp": "0.bmp"},
        {f"{number}.bmp": f"{(number + 3) % 8}.bmp" for number in range(8)},
        {f"{number}.bmp": f"{number - 1}.bmp" for number in range(1, 8)} | {"0.bmp": "z.bmp"},
    ],
    ids=["swapped", "rotated", "renumbered"],
)
def test_what_is_typed_goes_with_the_content_among_names_that_are_taken(shelf, names):
    rename(shelf, names)
    assert index(shelf) == ({"renamed": len(names), **({"unchanged": 8 - len(names)} if len(names) < 8 else {})}, 0)
    assert owners(shelf) == {names.get(path, path): owner for path, owner in OWNERS.items()}
    with open_index(shelf) as opened:
        matches = [opened.search(shelf / path, 1, include_self=True)[0] for path in names.values()]
    assert [match.path for match in matches] == list(names.values())


def test_photos_renumbered_after_one_was_deleted(shelf):
    (shelf / "2.bmp").unlink()
    rename(shelf, {f"{number}.bmp": f"{number - 1}.bmp" for number in range(3, 8)})
    assert index(shelf)[0] == {"unchanged": 2, "renamed": 5, "missing": 1}
    expected = {path: owner for path, owner in OWNERS.items() if path < "2"}
    assert owners(shelf) == expected | {f"{number - 1}.bmp": f"owner {number}" for number in range(3, 8)}


def test_a_swap_of_which_a_run_sees_one_half(shelf):
    first, second = (shelf / "0.bmp").read_bytes(), (shelf / "1.bmp").read_bytes()
    (shelf / "0.bmp").write_bytes(second)
    assert index(shelf)[0] == {"unchanged": 7, "added": 1, "missing": 1}
    assert owners(shelf)["0.bmp"] == "owner 1"
    (shelf / "1.bmp").write_bytes(first)
    assert index(shelf) == ({"unchanged": 7, "returned": 1}, 0)
    assert owners(shelf) == OWNERS | {"0.bmp": "owner 1", "1.bmp": "owner 0"}
    assert counts(shelf)["missing"] == 0


def test_photos_that_take_a_detour_come_back_under_other_names(shelf):
    away = shelf.parent / "away"
    away.mkdir()
    for number in (0, 1):
        (shelf / f"{number}.bmp").rename(away / f"{number}.bmp")
    assert index(shelf)[0] == {"unchanged": 6, "missing": 2}
    assert index(shelf)[0] == {"unchanged": 6, "missing": 2}
    draw_photo(shelf / "0.bmp", 50)
    assert index(shelf)[0] == {"unchanged": 6, "added": 1, "missing": 2}
    assert owners(shelf)["0.bmp"] is None
    (away / "0.bmp").rename(shelf / "back.bmp")
    (away / "1.bmp").rename(shelf / "0.bmp")
    assert index(shelf) == ({"unchanged": 6, "returned": 2, "missing": 1}, 0)
    assert (owners(shelf)["back.bmp"], owners(shelf)["0.bmp"]) == ("owner 0", "owner 1")


def test_a_copy_begins_with_what_is_typed_of_its_content_where_that_is_one_thing(shelf):
    shutil.copyfile(shelf / "0.bmp", shelf / "copy.bmp")
    assert index(shelf)[0] == {"unchanged": 8, "added": 1}
    assert owners(shelf) == OWNERS | {"copy.bmp": "owner 0"}
    with open_index(shelf) as opened, opened.writing() as writer:
        writer.set_attributes(shelf / "copy.bmp", ["owner=somebody else"])
    shutil.copyfile(shelf / "0.bmp", shelf / "another.bmp")
    index(shelf)
    assert owners(shelf) == OWNERS | {"copy.bmp": "somebody else", "another.bmp": None}


def test_a_subfolder_on_a_disk_that_is_away_for_a_while(shelf):
    (shelf / "disk").mkdir()
    rename(shelf, {"0.bmp": "disk/0.bmp", "1.bmp": "disk/1.bmp"})
    index(shelf)
    (shelf / "disk").rename(shelf.parent / "disk")
    assert index(shelf)[0] == {"unchanged": 6, "missing": 2}
    assert set(owners(shelf)) == set(OWNERS) - {"0.bmp", "1.bmp"}
    (shelf.parent / "disk").rename(shelf / "disk")
    assert index(shelf) == ({"unchanged": 6, "returned": 2}, 0)
    assert owners(shelf)["disk/0.bmp"] == "owner 0"


def test_a_folder_of_which_all_is_gone_changes_nothing_until_it_is_pruned(shelf):
    away = shelf.parent / "away"
    away.mkdir()
    for path in OWNERS:
        (shelf / path).rename(away / path)
    with pytest.raises(ImgsimError, match="8 of 8 indexed photos are missing, nothing was changed"):
        index(shelf)
    assert counts(shelf) == {"photos": 8, "missing": 0, "left_out": 0, "failures": 0}
    for path in OWNERS:
        (away / path).rename(shelf / path)
    assert index(shelf)[0] == {"unchanged": 8}
    for path in OWNERS:
        (shelf / path).unlink()
    assert index(shelf, prune=True)[0] == {"removed": 8}
    assert counts(shelf) == {"photos": 0, "missing": 0, "left_out": 0, "failures": 0}


def test_pruning_removes_what_is_missing_and_not_what_is_left_out(shelf):
    for path in ("0.bmp", "1.bmp"):
        (shelf / path).unlink()
    assert index(shelf, exclude=["1.*", "2.*"])[0] == {"unchanged": 5, "missing": 1, "left_out": 2}
    # The file of one that is left out is gone too.
    assert index(shelf, prune=True)[0] == {"unchanged": 5, "removed": 2, "left_out": 1}
    assert index(shelf, exclude=())[0] == {"unchanged": 5, "returned": 1}
    assert owners(shelf) == {path: owner for path, owner in OWNERS.items() if path not in ("0.bmp", "1.bmp")}


def test_a_photo_edited_while_it_was_left_out_is_measured_again_and_keeps_what_is_typed(shelf):
    index(shelf, exclude=["0.*"])
    draw_photo(shelf / "0.bmp", 77)
    assert index(shelf, exclude=()) == ({"unchanged": 7, "changed": 1}, 1)
    assert owners(shelf) == OWNERS


def test_an_extractor_added_while_a_photo_was_hidden_measures_it_when_it_is_back(shelf):
    index(shelf, exclude=["0.*"])
    update_index(shelf, extractors=["phash"], options=Options(jobs=1))
    assert index(shelf, exclude=()) == ({"unchanged": 7, "returned": 1}, 1)
    with open_index(shelf) as opened:
        assert {opened.count_features(extractor) for extractor in opened.extractors} == {8}


def test_content_replaced_with_size_and_time_kept_is_seen(shelf):
    content = (shelf / "1.bmp").read_bytes()
    with (shelf / "0.bmp").open("r+b") as file:  # in place: the same inode
        file.write(content[:1000])
    os.utime(shelf / "0.bmp", ns=(10**18, 10**18))
    assert index(shelf) == ({"unchanged": 7, "changed": 1}, 1)
    (shelf / "2.bmp").chmod(0o600)
    assert check_index(shelf, extractors=FAST).unchanged == 8
    assert index(shelf) == ({"unchanged": 8}, 0)
    assert owners(shelf) == OWNERS


def test_an_index_of_before_takes_the_files_as_they_are_and_says_so_once(shelf):
    with closing(sqlite3.connect(shelf / ".imgsim" / "index.sqlite")) as database, database:
        database.execute("UPDATE images SET ctime_ns = 0, inode = 0")
    for taken in (8, 0):
        counter = Counter()
        assert update_index(shelf, observer=counter).unchanged == 8
        assert (counter.taken, counter.measured) == (taken, 0)
    rename(shelf, {"0.bmp": "1.bmp", "1.bmp": "0.bmp"})
    assert index(shelf)[0] == {"unchanged": 6, "renamed": 2}


def test_a_list_of_files_moves_no_photo_that_nobody_looked_at(shelf):
    (shelf / "0.bmp").rename(shelf / "renamed.bmp")
    listed = [str(shelf / name) for name in ("renamed.bmp", "1.bmp")]
    assert index(shelf, files=listed)[0] == {"added": 1, "unchanged": 1}
    assert owners(shelf) == OWNERS | {"renamed.bmp": "owner 0"}
    assert index(shelf)[0] == {"unchanged": 8, "missing": 1}
    assert owners(shelf)["renamed.bmp"] == "owner 0"


def test_a_failure_is_tried_again_when_its_limit_is_raised(shelf):
    PIL.Image.new("L", (2000, 1000)).save(shelf / "big.png")
    assert index(shelf, max_megapixels=1) == ({"unchanged": 8, "failed": 1}, 1)
    for limit, measured in ((None, 0), (0.5, 0), (1.5, 1), (1.5, 0)):
        assert index(shelf, max_megapixels=limit) == ({"unchanged": 8, "failed": 1}, measured)
    assert index(shelf, max_megapixels=2) == ({"unchanged": 8, "added": 1}, 1)


def test_a_failure_is_tried_again_with_other_decoders_and_by_an_imgsim_that_kept_no_conditions(shelf, monkeypatch):
    (shelf / "bad.png").write_bytes(b"no picture")
    assert index(shelf) == ({"unchanged": 8, "failed": 1}, 1)
    with monkeypatch.context() as patched:
        patched.setattr("imgsim.index.failure_conditions._decoders", lambda: f"decoding {DECODING + 1}")
        for measured in (1, 0):
            assert index(shelf) == ({"unchanged": 8, "failed": 1}, measured)
    with closing(sqlite3.connect(shelf / ".imgsim" / "index.sqlite")) as database, database:
        database.execute("UPDATE failures SET conditions = '{}', ctime_ns = 0, inode = 0")
    for measured in (1, 0):
        assert index(shelf) == ({"unchanged": 8, "failed": 1}, measured)


def test_a_failure_of_the_system_is_tried_every_time_but_keeps_a_read_only_index_in_use(shelf, monkeypatch):
    draw_photo(shelf / "new.bmp", 60)

    def refuse(path, *_, **__):
        raise PermissionError(13, "no")

    with monkeypatch.context() as patched:
        patched.setattr("imgsim.images.read.os.open", refuse)
        for _ in range(2):
            assert index(shelf) == ({"unchanged": 8, "failed": 1}, 1)
    assert check_index(shelf, extractors=FAST).failed == 1
    assert index(shelf) == ({"unchanged": 8, "added": 1}, 1)


def test_a_day_of_a_shared_folder(shelf):
    """A sync in progress, a renumbering, a disk away, a folder left out, and an imgsim that decodes otherwise."""
    (shelf / "disk").mkdir()
    names = {f"{number}.bmp": f"disk/{number}.bmp" for number in (6, 7)}
    rename(shelf, names)
    index(shelf)
    morning = owners(shelf)
    assert morning == {names.get(path, path): owner for path, owner in OWNERS.items()}
    whole = {path: (shelf / path).read_bytes() for path in ("0.bmp", "1.bmp")}
    for path in whole:  # a sync is under way
        (shelf / path).write_bytes(whole[path][:2000])
    (shelf / "disk").rename(shelf.parent / "disk")  # and the disk is away
    assert index(shelf)[0] == {"unchanged": 4, "missing": 2, "failed": 2}
    (shelf / "0.bmp").write_bytes(whole["1.bmp"])  # the sync ends, and it renumbered the photos
    (shelf / "1.bmp").write_bytes(whole["0.bmp"])
    rename(shelf, {"2.bmp": "3.bmp", "3.bmp": "4.bmp", "4.bmp": "2.bmp"})
    assert index(shelf) == ({"unchanged": 1, "renamed": 3, "returned": 2, "missing": 2}, 0)
    (shelf.parent / "disk").rename(shelf / "disk")
    assert index(shelf, exclude=["disk/"])[0] == {"unchanged": 6, "left_out": 2}
    with closing(sqlite3.connect(shelf / ".imgsim" / "index.sqlite")) as database, database:
        database.execute("UPDATE images SET decoding = ?", (DECODING - 1,))
    assert index(shelf) == ({"unchanged": 6, "left_out": 2}, 0)  # of which the new decoding makes the same pixels
    assert index(shelf, exclude=()) == ({"unchanged": 6, "returned": 2}, 0)
    went = {"0.bmp": "1.bmp", "1.bmp": "0.bmp", "2.bmp": "3.bmp", "3.bmp": "4.bmp", "4.bmp": "2.bmp"}
    assert owners(shelf) == {went.get(path, path): owner for path, owner in morning.items()}
    assert counts(shelf) == {"photos": 8, "missing": 0, "left_out": 0, "failures": 0}
    with closing(sqlite3.connect(shelf / ".imgsim" / "index.sqlite")) as database:
        assert database.execute("SELECT DISTINCT decoding FROM images").fetchall() == [(DECODING,)]


@pytest.mark.parametrize("ending", [".webp", ".tif", ".jp2", ".avif"])
def test_photos_that_are_decoded_in_another_process_are_known_by_their_content(tmp_path, ending):
    folder = tmp_path / "photos"
    draw_photo(folder / "drawn.png", 1)
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)  # more bytes than are buffered
    PIL.Image.fromarray(noise).save(folder / f"noise{ending}")
    index(folder)
    content = (folder / f"noise{ending}").read_bytes()
    assert len(content) > 2 * 8192
    with open_index(folder) as before:
        assert before._store.known()[f"noise{ending}"].digest == content_digest(io.BytesIO(content))
    with IndexWriter.open(folder) as writer:
        writer.set_attributes(str(folder / f"noise{ending}"), ["owner=Kim"])
    (folder / f"noise{ending}").rename(folder / f"other{ending}")
    assert index(folder) == ({"renamed": 1, "unchanged": 1}, 0)
    update_index(folder, extractors=["phash"], options=Options(jobs=1))
    with open_index(folder) as after:
        assert [after.count_features(one) for one in after.extractors] == [2, 2]
        assert after.photo(f"other{ending}").attributes == {"owner": "Kim"}
