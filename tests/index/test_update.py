"""Indexing a folder, run after run."""

import os
import shutil

import numpy as np
import PIL.Image
import pytest

from imgsim.errors import ExtractorMismatchError, ImgsimError, ParameterError
from imgsim.features import load_extractor
from imgsim.images.read import read_image
from imgsim.index.index import open_index
from imgsim.index.options import Options, Remembered
from imgsim.index.summary import Observer
from imgsim.index.update import check_index, update_index
from imgsim.processes import CHUNK
from tests.explained import explains
from tests.photos import draw_photo

FAST = ["histogram:bins=4"]


class Heard(Observer):
    """An observer that remembers."""

    def __init__(self):
        self.total, self.done, self.failures = 0, 0, []

    def started(self, photos):
        self.total = photos

    def advanced(self, photos):
        self.done += photos

    def failed(self, path, reason):
        self.failures.append((path, reason))


def index(folder, extractors=FAST, **options):
    return update_index(folder, extractors=extractors, options=Options(**options))


def counts(summary):
    return {key: value for key, value in vars(summary).items() if value and key != "seconds"}


def features_by_path(folder):
    """Every photo's features by every extractor, as stored."""
    with open_index(folder) as opened:
        store = opened._store
        paths = [label.path for label in store.labels(store.part_keys()[0].tolist())]
        return {
            (str(extractor.spec), path): row.tolist()
            for extractor in store.extractors()
            for rows, present, _ in store.features(extractor)
            for path, row, here in zip(paths, rows, present, strict=True)
            if here
        }


def test_features_are_those_of_the_extractor(make_photos):
    folder = make_photos("b.png", "sub/a.jpg")
    index(folder, ["histogram:bins=4", "phash"])
    stored = features_by_path(folder)
    for (spec, path), row in stored.items():
        extractor = load_extractor(spec)
        image = read_image(folder / path, scale=extractor.scale)
        np.testing.assert_array_equal(row, extractor.extract([image])[0])
    assert len(stored) == 4


def test_a_second_run_finds_nothing_to_do(make_photos):
    folder = make_photos(3)
    assert counts(index(folder)) == {"added": 3}
    assert counts(index(folder)) == {"unchanged": 3}


def test_changed_renamed_removed_and_added_photos(make_photos):
    folder = make_photos(8)
    index(folder)
    draw_photo(folder / "0.png", 100, (60, 50))
    (folder / "1.png").rename(folder / "moved.png")
    (folder / "2.png").unlink()
    draw_photo(folder / "new.png", 101)
    os.utime(folder / "3.png", ns=(1, 1))
    summary = index(folder)
    assert counts(summary) == {"added": 1, "changed": 1, "renamed": 1, "missing": 1, "unchanged": 5}
    again = features_by_path(folder)
    shutil.rmtree(folder / ".imgsim")
    index(folder)
    assert again == features_by_path(folder)


def test_a_rename_keeps_features_without_measuring(make_photos):
    folder = make_photos(3)
    index(folder)
    (folder / "1.png").rename(folder / "z.png")
    heard = Heard()
    update_index(folder, observer=heard)
    assert heard.total == 0


def test_an_unreadable_photo_is_one_ledger_row_and_changes_no_other(make_photos):
    folder = make_photos(5)
    index(folder)
    alone = features_by_path(folder)
    shutil.rmtree(folder / ".imgsim")
    (folder / "1a.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a jpeg")
    (folder / "3a.png").write_bytes(b"")
    heard = Heard()
    summary = update_index(folder, extractors=FAST, observer=heard)
    assert (summary.added, summary.failed) == (5, 2)
    assert features_by_path(folder) == alone
    with open_index(folder) as opened:
        ledger = [(failure.path, failure.reason) for failure in opened.failures]
    assert ledger == heard.failures
    assert [path for path, _ in ledger] == ["1a.jpg", "3a.png"]


def test_failures_wait_until_they_change_or_are_retried(make_photos):
    folder = make_photos(1)
    (folder / "bad.png").write_bytes(b"nothing")
    index(folder)
    for retry_failed, heard_failures in ((False, 0), (True, 1)):
        heard = Heard()
        summary = update_index(folder, options=Options(retry_failed=retry_failed), observer=heard)
        assert summary.failed == 1
        assert len(heard.failures) == heard_failures
    draw_photo(folder / "bad.png", 7)
    assert counts(index(folder)) == {"added": 1, "unchanged": 1}
    with open_index(folder) as opened:
        assert opened.failures == []


def test_a_photo_that_became_unreadable_loses_its_features(make_photos):
    folder = make_photos(3)
    index(folder)
    (folder / "1.png").write_bytes(b"broken now")
    assert counts(index(folder)) == {"unchanged": 2, "failed": 1}
    assert {path for _, path in features_by_path(folder)} == {"0.png", "2.png"}


def test_a_failure_whose_file_is_gone_leaves_the_ledger(make_photos):
    folder = make_photos(1)
    (folder / "bad.png").write_bytes(b"nothing")
    index(folder)
    (folder / "bad.png").unlink()
    assert counts(index(folder)) == {"unchanged": 1}


def test_an_added_extractor_measures_what_lacks_it(make_photos):
    folder = make_photos(3)
    index(folder)
    assert counts(index(folder, ["phash"])) == {"unchanged": 3}
    draw_photo(folder / "new.png", 50)
    index(folder, [])
    assert len(features_by_path(folder)) == 8


def test_the_default_extractor_can_be_changed(make_photos):
    folder = make_photos(2)
    index(folder, ["histogram:bins=4", "phash"])
    index(folder, [], default="phash")
    with open_index(folder) as opened:
        assert opened.default.extractors[0][0].spec.name == "phash"
        by_default, by_name = opened.search(folder / "0.png"), opened.search(folder / "0.png", extractors=["phash"])
        assert by_default == by_name
        assert by_default != opened.search(folder / "0.png", extractors=["histogram"])


def test_more_than_half_missing_changes_nothing_unless_pruned(make_photos):
    folder = make_photos(5)
    index(folder)
    for name in ("0.png", "1.png", "2.png"):
        (folder / name).unlink()
    draw_photo(folder / "new.png", 9)
    with explains(
        ImgsimError,
        "3 of 5 indexed photos are missing.* mounted. `imgsim index [^ ]*photos --prune` removes",
    ):
        index(folder)
    with pytest.raises(ImgsimError, match="nothing was changed"):
        index(folder, ["phash"], default="phash")
    with open_index(folder) as opened:
        assert [extractor.spec.name for extractor in opened.extractors] == ["histogram"]
    assert len(features_by_path(folder)) == 5
    assert counts(index(folder, prune=True)) == {"added": 1, "removed": 3, "unchanged": 2}


def test_patterns_choose_photos(make_photos):
    folder = make_photos("a.png", "b.jpg", "sub/c.png", "sub/d.jpg")
    assert counts(index(folder, include=["*.png"])) == {"added": 2}
    assert counts(index(folder, exclude=["sub/*"])) == {"left_out": 1, "unchanged": 1}
    assert counts(index(folder)) == {"left_out": 1, "unchanged": 1}
    assert counts(index(folder, include=[""])) == {"added": 1, "left_out": 1, "unchanged": 1}
    assert counts(index(folder, exclude=())) == {"added": 1, "returned": 1, "unchanged": 2}


def test_photos_that_a_pattern_leaves_out_are_not_missing(make_photos):
    folder = make_photos("a.png", "b.png", "c.png", "d.png", "sub/e.png", "sub/f.png", "sub/deep/g.png")
    index(folder)
    assert counts(index(folder, include=["sub"])) == {"left_out": 4, "unchanged": 3}
    assert counts(index(folder, exclude=["deep/", "f.*"])) == {"left_out": 6, "unchanged": 1}
    (folder / "sub" / "e.png").unlink()
    with pytest.raises(ImgsimError, match="1 of 1 indexed photos are missing"):
        index(folder)
    # Photos that are back say that the disk is there.
    assert counts(index(folder, include=["sub/*"], exclude=())) == {"returned": 2, "missing": 1, "left_out": 4}


def test_how_an_index_was_made_is_remembered(make_photos):
    folder = make_photos("a.png", "private/b.png")
    PIL.Image.new("L", (2000, 1000)).save(folder / "big.png")
    with_limit = Options(exclude=["private/"], max_megapixels=1)
    assert counts(update_index(folder, extractors=["phash"], options=with_limit)) == {"added": 1, "failed": 1}
    assert counts(index(folder, ["lbp"])) == {"unchanged": 1, "failed": 1}
    assert counts(index(folder, retry_failed=True)) == {"unchanged": 1, "failed": 1}
    with open_index(folder) as opened:
        assert opened.options == Remembered(exclude=("private/",), max_megapixels=1)
    assert counts(index(folder, retry_failed=True, max_megapixels=3)) == {"unchanged": 1, "added": 1}
    assert check_index(folder).unchanged == 2
    with open_index(folder) as opened:
        assert opened.options == Remembered(exclude=("private/",), max_megapixels=3)
        generation = opened.counts["generation"]
    index(folder, exclude=["private/", "secret/"])
    with open_index(folder) as opened:
        assert opened.counts["generation"] == generation


def test_listed_files_are_all_that_is_looked_at(make_photos):
    folder = make_photos(4)
    index(folder)
    draw_photo(folder / "5.png", 60)
    draw_photo(folder / "6.png", 61)
    (folder / "0.png").unlink()
    heard = Heard()
    summary = update_index(folder, options=Options(files=[str(folder / "5.png"), "/elsewhere.png"]), observer=heard)
    assert (summary.added, summary.removed, summary.failed) == (1, 0, 1)
    assert heard.failures[0][0] == "/elsewhere.png"


def test_times_that_no_index_holds_are_clamped(make_photos):
    folder = make_photos(3)
    os.utime(folder / "0.png", (10**10, 10**10))  # the year 2286
    os.utime(folder / "1.png", (-(10**10), -(10**10)))
    (folder / "bad.png").write_bytes(b"nothing")
    os.utime(folder / "bad.png", (10**10, 10**10))
    if os.stat(folder / "0.png").st_mtime != 10**10:
        pytest.skip("this disk keeps no such times")
    for summary in ({"added": 3, "failed": 1}, {"unchanged": 3, "failed": 1}):
        assert counts(index(folder)) == summary
        assert check_index(folder).unchanged == 3
    (folder / "0.png").rename(folder / "moved.png")
    assert counts(index(folder)) == {"renamed": 1, "unchanged": 2, "failed": 1}
    os.utime(folder / "moved.png", (10**9, 10**9))
    assert counts(index(folder)) == {"unchanged": 3, "failed": 1}


def test_further_names_of_photos_are_not_photos_and_not_missing(make_photos):
    folder = make_photos("a.png", "b/c.png", "b/d.png")
    shutil.copytree(folder / "b", folder / "e")
    for name in ("f.png", "g.png"):
        shutil.copy(folder / "a.png", folder / name)
    index(folder)
    with open_index(folder) as opened, opened.writing() as writer:
        writer.set_attributes(str(folder / "g.png"), ["price=5"])
    shutil.rmtree(folder / "e")
    (folder / "e").symlink_to("b")  # as an index of before has names in it
    for name in ("f.png", "g.png"):
        (folder / name).unlink()
        (folder / name).hardlink_to(folder / "a.png")
    for _ in range(2):
        assert counts(index(folder)) == {"unchanged": 3, "links": 3, "left_out": 1}  # of which somebody said more
    (folder / "a.png").unlink()
    assert counts(index(folder)) == {"renamed": 1, "unchanged": 2, "links": 2, "left_out": 1}
    assert {path for _, path in features_by_path(folder)} == {"b/c.png", "b/d.png", "f.png"}


def test_an_index_elsewhere_follows_its_folder_only_when_told(make_photos, tmp_path):
    folder = make_photos(3)
    place = tmp_path / "place"
    update_index(folder, index=place, extractors=FAST)
    moved = tmp_path / "moved"
    folder.rename(moved)
    with explains(ImgsimError, "not of .*moved: add --moved if that folder is now here, or choose another --index"):
        update_index(moved, index=place)
    assert counts(update_index(moved, index=place, options=Options(moved=True))) == {"unchanged": 3}
    with open_index(place) as opened:
        assert os.path.samefile(opened.root, moved)
        assert len(opened.search(moved / "0.png")) == 2


def test_an_index_inside_its_folder_follows_by_itself(make_photos, tmp_path):
    folder = make_photos(3)
    index(folder)
    folder.rename(tmp_path / "moved")
    assert counts(index(tmp_path / "moved")) == {"unchanged": 3}


def test_statistics_stay_pinned_until_refitted(make_photos):
    folder = make_photos(4)
    index(folder, ["haralick"])

    def pinned():
        with open_index(folder) as opened:
            return opened._store.statistics(opened.extractors[0])

    first = pinned()
    draw_photo(folder / "new.png", 77)
    index(folder, [])
    np.testing.assert_array_equal(pinned().variance, first.variance)
    index(folder, [], refit=True)
    assert pinned().count == 5


def test_a_wrong_extractor_makes_no_index(make_photos):
    folder = make_photos(1)
    for text, error in (("haralik", ImgsimError), ("histogram:bins=0", ParameterError), ("phash@0.5", ParameterError)):
        with pytest.raises(error):
            index(folder, [text])
    assert not (folder / ".imgsim").exists()


def test_features_of_another_version_are_refused(make_photos, monkeypatch):
    folder = make_photos(2)
    index(folder, ["phash"])
    monkeypatch.setattr("imgsim.features.phash.PHash.version", 99)
    with open_index(folder) as opened, pytest.raises(ExtractorMismatchError, match="this imgsim makes version 99$"):
        opened.search(folder / "0.png")


def test_processes_give_what_one_process_gives(make_photos):
    folder = make_photos(3 * CHUNK + 5)
    for place in range(0, 40, 9):
        (folder / f"{place}x.jpg").write_bytes(b"\xff\xd8\xff")
    index(folder, ["histogram:bins=4", "lbp"], jobs=1)
    alone = features_by_path(folder)
    shutil.rmtree(folder / ".imgsim")
    summary = index(folder, ["histogram:bins=4", "lbp"], jobs=2)
    assert (summary.added, summary.failed) == (3 * CHUNK + 5, 5)
    assert features_by_path(folder) == alone


def test_a_photo_larger_than_the_limit_is_a_failure(make_photos):
    folder = make_photos(2)
    PIL.Image.new("L", (2000, 1000)).save(folder / "big.png")
    heard = Heard()
    update_index(folder, extractors=FAST, options=Options(max_megapixels=1), observer=heard)
    assert heard.failures == [("big.png", "2.0 megapixels, over the limit of 1 (max_megapixels)")]
