"""Photos become rows in one way: in order, as they come, each by itself, here or in processes."""

import os
import re
import subprocess
import sys

import numpy as np
import PIL.Image
import pytest

from imgsim.core import Scale
from imgsim.errors import ImageReadError, UnknownNameError
from imgsim.features import build_extractor, load_extractor
from imgsim.features.measure import Measured, Step, Task, measure, measure_all
from imgsim.features.phash import PHash
from imgsim.images.limits import Limits
from imgsim.images.read import content_digest, read_image
from imgsim.processes import CHUNK

NAMES = ["classic", "histogram:bins=4", "phash", "hog", "haralick:levels=16"]


def brightness(image):
    return float(image.mean())


@pytest.fixture
def extractors():
    return [load_extractor(name) for name in NAMES]


def test_features_are_those_of_the_extractor_at_its_scale(make_photos, extractors):
    folder = make_photos("a.png", "b.jpg")
    measured = list(measure([folder / "a.png", str(folder / "b.jpg")], extractors))
    assert [photo.record.path for photo in measured] == [str(folder / "a.png"), str(folder / "b.jpg")]
    for photo in measured:
        for place, extractor in enumerate(extractors):
            expected = extractor.extract([read_image(photo.record.path, scale=extractor.scale)])
            np.testing.assert_array_equal(photo.features[place], expected)


def test_a_path_its_content_and_its_pixels_are_one_photo(make_photos, extractors):
    path = make_photos(1) / "0.png"
    as_path, as_bytes, as_pixels = measure([path, path.read_bytes(), read_image(path)], extractors, digest=True)
    for place in range(len(extractors)):
        np.testing.assert_array_equal(as_bytes.features[place], as_path.features[place])
        np.testing.assert_array_equal(as_pixels.features[place], as_path.features[place])
    status = path.stat()
    height, width = read_image(path).shape[:2]
    assert (as_path.record.size, as_path.record.mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert (as_bytes.record.size, as_bytes.record.digest) == (status.st_size, as_path.record.digest)
    assert len(as_path.record.digest) == 16
    assert as_pixels.record.digest == b""
    assert {(one.record.width, one.record.height) for one in (as_path, as_bytes, as_pixels)} == {(width, height)}
    (plain,) = measure([path], extractors)
    assert plain.record.digest == b""


@pytest.mark.parametrize("options", [{"jobs": 2}, {"jobs": 3}, {"isolated": True}, {"jobs": 2, "isolated": True}])
def test_rows_are_the_same_bit_by_bit_wherever_they_are_made(make_photos, extractors, options):
    folder = make_photos(2 * CHUNK + 3)
    (folder / "7.png").write_bytes(b"no picture")
    paths = [folder / f"{place}.png" for place in range(2 * CHUNK + 3)]
    for one, other in zip(measure(paths, extractors), measure(paths, extractors, **options), strict=True):
        if isinstance(one, ImageReadError):
            assert str(one) == str(other) == f"{folder / '7.png'}: not a picture that imgsim reads"
            continue
        assert other.record == one.record
        for place in range(len(extractors)):
            assert other.features[place].tobytes() == one.features[place].tobytes()


def test_each_photo_has_what_is_wanted_of_it_under_the_keys_that_were_given(make_photos):
    folder = make_photos(3)
    steps = {"brightness": Step(brightness, Scale(8))}
    tasks = [
        Task(folder / "0.png", "all"),
        Task(folder / "1.png", "phash", ["p"], []),
        Task(folder / "2.png", "told", [], ["brightness"]),
    ]
    specs = {"p": load_extractor("phash").spec, "h": load_extractor("histogram").spec}
    for isolated in (False, True):
        measured = list(measure(tasks, specs, steps=steps, isolated=isolated))
        assert [photo.record.path for photo in measured] == ["all", "phash", "told"]
        assert [sorted(photo.features) for photo in measured] == [["h", "p"], ["p"], []]
        assert [sorted(photo.told) for photo in measured] == [["brightness"], [], ["brightness"]]
        assert measured[2].told["brightness"] == brightness(read_image(folder / "2.png", scale=Scale(8)))


def test_a_photo_is_decoded_once_for_all_that_is_wanted_of_it(make_photos, extractors, monkeypatch):
    opened = []
    original = PIL.Image.open
    monkeypatch.setattr("imgsim.images.plugins.PIL.Image.open", lambda *a, **k: opened.append(a) or original(*a, **k))
    assert len({extractor.scale for extractor in extractors}) == 1
    (photo,) = measure([make_photos(1) / "0.png"], extractors, steps=[Step(brightness)])
    assert len(photo.features) == len(extractors)
    assert len(opened) <= 1


def test_photos_are_measured_as_they_come(make_photos, extractors):
    folder = make_photos(3)
    asked = []

    def paths():
        for place in range(3):
            asked.append(place)
            yield folder / f"{place}.png"

    measured = measure(paths(), extractors)
    assert asked == []
    next(measured)
    assert asked == [0]


def test_a_failure_has_the_name_that_was_given_and_holds_on_to_nothing(make_photos, extractors):
    folder = make_photos(1)
    (failure,) = measure([Task(folder / "gone.png", "shelf/gone.png")], extractors)
    assert (failure.path, str(failure)) == ("shelf/gone.png", "shelf/gone.png: no such file")
    assert failure.__traceback__ is None
    (failure,) = measure([b"no picture"], extractors)
    assert failure.path == "-"


def test_what_cannot_be_made_or_measured_says_so_at_once(make_photos):
    spec = load_extractor("phash").spec
    with pytest.raises(UnknownNameError):
        load_extractor("no-such")
    with pytest.raises(Exception, match="no-such"):
        measure([], [type(spec)("no-such")])
    with pytest.raises(ImageReadError, match="no such file"):
        measure_all([make_photos(1) / "0.png", "gone.png"], [build_extractor(spec)])


def test_all_rows_together(make_photos, extractors):
    folder = make_photos(3)
    paths = [folder / f"{place}.png" for place in range(3)]
    rows = measure_all(paths, extractors)
    assert [one.shape for one in rows] == [(3, extractor.dim) for extractor in extractors]
    np.testing.assert_array_equal(rows[2][1:2], extractors[2].extract([read_image(paths[1], scale=Scale())]))


def test_measuring_here_imports_nothing_of_processes(make_photos):
    path = make_photos(1) / "0.png"
    script = (
        "import sys\nfrom imgsim.features import load_extractor\nfrom imgsim.features.measure import measure_all\n"
        f"measure_all([{os.fspath(path)!r}], [load_extractor('phash')])\n"
        "print([name for name in ('multiprocessing', 'concurrent.futures') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_rows_that_are_not_finite_are_failures_of_their_photo(make_photos, value, monkeypatch):
    folder = make_photos(3)
    extract = PHash.extract

    def overflow(extractor, images):
        rows = extract(extractor, images)
        if overflow.left == 0:
            rows[0, 5] = value
        overflow.left -= 1
        return rows

    overflow.left = 1
    monkeypatch.setattr(PHash, "extract", overflow)
    first, second, third = measure([folder / f"{place}.png" for place in range(3)], [PHash()])
    assert isinstance(second, ImageReadError)
    assert second.reason == "phash gives values for it that are not finite"
    assert not isinstance(first, ImageReadError)
    assert not isinstance(third, ImageReadError)
    overflow.left = 0
    with pytest.raises(ImageReadError, match=r"0\.png: phash gives values"):
        measure_all(folder / "0.png", [PHash()])


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (b"", "not a picture that imgsim reads"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isomavc1", "a video: not supported"),
        (b"II*\x00\xff\xff\xff\xff", "60.0 GB, over the limit of 3.2 at 100 megapixels \\(max_megapixels\\)"),
        (b"\x89PNG\r\n\x1a\n", "60.0 GB, over the limit of 3.2 at 100 megapixels \\(max_megapixels\\)"),
    ],
)
def test_nothing_huge_is_read_to_be_refused(tmp_path, monkeypatch, start, reason):
    monkeypatch.setattr("imgsim.features.measure.content_digest", lambda _: pytest.fail("it is digested"))
    (tmp_path / "x.jpg").write_bytes(start)
    os.truncate(tmp_path / "x.jpg", 60 * 10**9)
    (refused,) = measure([tmp_path / "x.jpg"], [load_extractor("phash")], digest=True)
    assert re.fullmatch(reason, refused.reason)


def test_what_cannot_be_decoded_is_not_digested(make_photos, monkeypatch):
    folder = make_photos("a.jpg", "b.jpg")
    (folder / "b.jpg").write_bytes((folder / "b.jpg").read_bytes()[:300])
    digested = []
    digest = content_digest
    monkeypatch.setattr(
        "imgsim.features.measure.content_digest", lambda file, *rest: digested.append(file.name) or digest(file, *rest)
    )
    _, refused = measure([folder / "a.jpg", folder / "b.jpg"], [load_extractor("phash")], digest=True)
    assert isinstance(refused, ImageReadError)
    assert len(digested) == 1


def test_a_large_photo_may_be_measured_where_the_limit_is_raised(make_photos, monkeypatch):
    path = make_photos(1) / "0.png"
    monkeypatch.setattr("imgsim.images.read._LEAST_LIMIT", 0)
    monkeypatch.setattr("imgsim.images.read._BYTES_A_PIXEL", path.stat().st_size / 2e6)
    refused, measured = (
        next(iter(measure([path], [load_extractor("phash")], digest=True, limits=Limits(limit)))) for limit in (1, 3)
    )
    assert isinstance(refused, ImageReadError)
    assert refused.facts == {"limit": "max_megapixels"}
    assert isinstance(measured, Measured)
