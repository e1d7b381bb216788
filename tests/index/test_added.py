"""When a photo was first indexed is kept, whatever becomes of its file and content."""

import os
import shutil
import time

import pytest

from imgsim.index.index import open_index
from imgsim.index.options import Options
from imgsim.index.update import update_index
from tests.photos import draw_photo

FAST = ["histogram:bins=2"]


@pytest.fixture
def clock(monkeypatch):
    """The time that photos are added at: a day later each time it is asked to go on."""

    class Clock:
        now = 10**18

        def go_on(self):
            self.now += 86400 * 10**9

    clock = Clock()
    monkeypatch.setattr(time, "time_ns", lambda: clock.now)
    return clock


def index(folder, **options):
    return update_index(folder, extractors=FAST, options=Options(**options))


def added(folder):
    with open_index(folder) as opened:
        return {record.path: record.added_ns for record in opened}


def test_what_is_new_was_added_now_and_the_rest_when_it_came(make_photos, clock):
    folder = make_photos(4)
    index(folder)
    first = clock.now
    clock.go_on()
    draw_photo(folder / "0.png", 100, (60, 50))
    (folder / "1.png").rename(folder / "moved.png")
    shutil.copy(folder / "2.png", folder / "copy.png")
    os.utime(folder / "3.png", ns=(1, 1))
    draw_photo(folder / "new.png", 101)
    summary = index(folder)
    assert (summary.added, summary.changed, summary.renamed) == (2, 1, 1)
    old = dict.fromkeys(["0.png", "2.png", "3.png", "moved.png"], first)
    assert added(folder) == {**old, "copy.png": clock.now, "new.png": clock.now}


def test_a_photo_that_is_back_was_added_when_it_came_first(make_photos, clock):
    folder = make_photos(4)
    index(folder)
    first = clock.now
    content = (folder / "0.png").read_bytes()
    (folder / "0.png").unlink()
    clock.go_on()
    assert index(folder, exclude=["1.png"]).missing == 1
    assert sorted(added(folder)) == ["2.png", "3.png"]
    clock.go_on()
    (folder / "again.png").write_bytes(content)
    assert index(folder, exclude=[""]).returned == 2
    assert added(folder) == dict.fromkeys(["1.png", "2.png", "3.png", "again.png"], first)


def test_a_photo_that_is_measured_again_was_added_when_it_came(make_photos, clock):
    folder = make_photos(2)
    index(folder)
    first = clock.now
    clock.go_on()
    update_index(folder, extractors=["phash"], options=Options(colors=True))
    assert added(folder) == dict.fromkeys(["0.png", "1.png"], first)


def test_what_was_pruned_comes_anew(make_photos, clock):
    folder = make_photos(3)
    index(folder)
    content = (folder / "0.png").read_bytes()
    (folder / "0.png").unlink()
    clock.go_on()
    assert index(folder, prune=True).removed == 1
    (folder / "0.png").write_bytes(content)
    index(folder)
    assert added(folder)["0.png"] == clock.now


def test_the_content_of_a_displaced_photo_hands_its_time_on(make_photos, clock):
    folder = make_photos("a.png", "b.png", "c.png")
    index(folder)
    first = clock.now
    clock.go_on()
    shutil.copy(folder / "a.png", folder / "copy.png")
    index(folder)
    assert added(folder)["copy.png"] == clock.now
    shutil.copy(folder / "b.png", folder / "a.png")
    index(folder)
    assert added(folder)["copy.png"] == first


def test_it_is_asked_for_and_shown_by_the_local_clock(make_photos, clock, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    try:
        folder = make_photos(2)
        index(folder)
        os.utime(folder / "0.png", ns=(0, 1777593600 * 10**9))  # 2026-05-01T00:00Z
        index(folder)
        with open_index(folder) as opened:
            assert {record.added for record in opened} == {"2001-09-09T10:46:40"}
            assert [one.path for one in opened.photos("modified = 2026-05-01")] == ["0.png"]
            assert [one.modified for one in opened.photos("modified = '2026-05-01 09:00'")] == ["2026-05-01T09:00:00"]
            assert list(opened.photos("modified = 2026-04-30 or added < 2001-09-09 or added > 2001-09-09")) == []
            assert len(list(opened.photos("added = 2001-09 and has added and added != 2001-10"))) == 2
            assert len(list(opened.photos("added between 2001-09-09 and today and not added > now"))) == 2
            assert len(list(opened.photos("modified > now - 2 hours and modified >= today - 7 days"))) == 1
    finally:
        monkeypatch.undo()
        time.tzset()
