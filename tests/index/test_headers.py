"""Headers are read once of each content, beside what is measured and behind what people typed."""

import os
import shutil

import numpy as np
import PIL.Image
import pytest
from PIL.ExifTags import IFD, Base

from imgsim.features.measure import Measurer
from imgsim.images import exif as exif_module
from imgsim.images import formats
from imgsim.index import headers
from imgsim.index.index import open_index
from imgsim.index.options import Options, Remembered
from imgsim.index.update import check_index, update_index

FAST = ["histogram:bins=2"]


def shoot(path, seed, taken, model="E5700"):
    """Take a photo with a camera."""
    exif = PIL.Image.Exif()
    exif[Base.Make], exif[Base.Model] = "NIKON", model
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = taken
    pixels = np.random.default_rng(seed).integers(0, 256, (36, 48, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(pixels).save(path, exif=exif)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "photos"
    for number in range(3):
        shoot(folder / f"{number}.jpg", number, f"2026:05:0{number + 1} 10:00:00")
    shoot(folder / "unset.jpg", 9, "0000:00:00 00:00:00")
    return folder


@pytest.fixture
def seen(monkeypatch):
    """The photos that are measured, and those whose headers are read, in this process."""
    seen = {"measured": [], "read": []}
    measure, read = Measurer.__call__, headers.read_exif
    monkeypatch.setattr(
        Measurer, "__call__", lambda self, task: (seen["measured"].append(task.name), measure(self, task))[1]
    )
    monkeypatch.setattr(headers, "read_exif", lambda *given: (seen["read"].append(given[1]), read(*given))[1])
    return seen


def index(folder, **options):
    return update_index(folder, extractors=FAST, options=Options(jobs=1, **options))


def told(folder):
    with open_index(folder) as opened:
        return {record.path: record.attributes.get("taken") for record in opened}


TAKEN = {f"{number}.jpg": f"2026-05-0{number + 1}T10:00:00" for number in range(3)} | {"unset.jpg": None}


def test_they_are_read_of_new_photos(folder, seen):
    summary = index(folder, exif=True)
    assert (summary.added, summary.headers) == (4, 4)
    assert told(folder) == TAKEN
    with open_index(folder) as opened:
        assert [one.path for one in opened.photos("taken >= 2026-05-02 and camera = 'NIKON E5700'")] == [
            "1.jpg",
            "2.jpg",
        ]
        assert [one.path for one in opened.photos("not has taken")] == ["unset.jpg"]
        assert opened.options == Remembered(exif=True)


def test_an_index_without_them_reads_them_and_measures_nothing(folder, seen):
    index(folder)
    with open_index(folder) as opened:
        generation = opened.counts["generation"]
    seen["measured"].clear()
    assert index(folder, exif=True).headers == 4
    assert seen == {"measured": [], "read": sorted(TAKEN)}
    assert told(folder) == TAKEN
    with open_index(folder) as opened:
        assert opened.counts["generation"] == generation


def test_nothing_is_read_twice(folder, seen):
    index(folder, exif=True)
    for change in (
        lambda: None,
        lambda: os.utime(folder / "0.jpg", ns=(1, 1)),
        lambda: os.rename(folder / "1.jpg", folder / "z.jpg"),
    ):
        seen["read"].clear()
        change()
        assert index(folder).headers == 0
        assert seen["read"] == []
    shoot(folder / "0.jpg", 0, "2026:06:01 10:00:00", "E1")
    shutil.copy(folder / "2.jpg", folder / "copy.jpg")
    assert index(folder).headers == 2
    assert seen["read"] == ["0.jpg", "copy.jpg"]
    assert told(folder) == {
        "0.jpg": "2026-06-01T10:00:00",
        "2.jpg": TAKEN["2.jpg"],
        "copy.jpg": TAKEN["2.jpg"],
        "unset.jpg": None,
        "z.jpg": TAKEN["1.jpg"],
    }


def test_what_people_typed_goes_before(folder):
    index(folder)
    with open_index(folder) as opened, opened.writing() as writer:
        writer.set_attributes(str(folder / "0.jpg"), ["taken=1999-01-01", "camera=borrowed"])
    index(folder, exif=True)
    with open_index(folder) as opened:
        first, second = list(opened)[:2]
        assert (first.attributes["taken"], first.attributes["camera"]) == ("1999-01-01", "borrowed")
        assert second.attributes["camera"] == "NIKON E5700"
        with opened.writing() as writer:
            writer.set_attributes(str(folder / "0.jpg"), ["taken="])
    assert told(folder) == TAKEN


def test_without_them_what_was_read_stays_and_nothing_more_is_read(folder, seen):
    index(folder, exif=True)
    seen["read"].clear()
    shoot(folder / "new.jpg", 20, "2026:07:01 10:00:00")
    assert index(folder, exif=False).headers == 0
    assert index(folder).headers == 0
    assert (told(folder), seen["read"]) == ({**TAKEN, "new.jpg": None}, [])
    assert index(folder, exif=True).headers == 1
    assert told(folder)["new.jpg"] == "2026-07-01T10:00:00"


def test_a_run_that_only_looks_knows_them(folder, monkeypatch):
    index(folder)
    assert check_index(folder).unchanged == 4
    monkeypatch.setattr("imgsim.index.run.Update._unread_headers", lambda *_: [])
    index(folder, exif=True)
    monkeypatch.undo()
    assert check_index(folder) is None
    assert index(folder).headers == 4
    assert check_index(folder).unchanged == 4


def test_a_file_that_cannot_be_opened_is_read_later(folder, seen, monkeypatch):
    index(folder)
    with monkeypatch.context() as patched:
        real = headers.open_photo

        def refuse(path):
            if path.endswith("1.jpg"):
                raise exif_module.ImageReadError(path, "permission denied", system=True)
            return real(path)

        patched.setattr(headers, "open_photo", refuse)
        assert index(folder, exif=True).headers == 3
    assert told(folder) == {**TAKEN, "1.jpg": None}
    seen["read"].clear()
    assert index(folder).headers == 1
    assert (told(folder), seen["read"]) == (TAKEN, ["1.jpg"])


def test_an_interrupted_run_goes_on(folder, monkeypatch):
    index(folder)
    monkeypatch.setattr(headers, "BATCH", 2)
    real, count = headers.read_exif, []

    def interrupted(*given):
        count.append(given)
        if len(count) == 4:
            raise KeyboardInterrupt
        return real(*given)

    with monkeypatch.context() as patched:
        patched.setattr(headers, "read_exif", interrupted)
        with pytest.raises(KeyboardInterrupt):
            index(folder, exif=True)
    assert told(folder) == {**TAKEN, "2.jpg": None}
    assert index(folder).headers == 2
    assert told(folder) == TAKEN


def test_another_version_of_reading_them_reads_them_again(folder, monkeypatch):
    index(folder, exif=True)
    for module in ("imgsim.index.headers", "imgsim.index.run"):
        monkeypatch.setattr(f"{module}.HEADERS", formats.HEADERS + 1)
    assert index(folder).headers == 4
    assert index(folder).headers == 0


def test_damaged_headers_fail_no_photo(folder):
    content = (folder / "0.jpg").read_bytes()
    place = content.index(b"Exif")
    (folder / "0.jpg").write_bytes(content[: place + 10] + b"\xff" * 20 + content[place + 30 :])
    summary = index(folder, exif=True)
    assert (summary.added, summary.failed, summary.headers) == (4, 0, 4)
    assert told(folder)["1.jpg"] == TAKEN["1.jpg"]


def test_listed_files_only(folder, seen):
    index(folder)
    assert index(folder, exif=True, files=[str(folder / "1.jpg")]).headers == 1
    assert seen["read"] == ["1.jpg"]
