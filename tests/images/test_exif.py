"""What a camera wrote is read from every format that has it, and nonsense is nothing."""

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL.ExifTags import GPS, IFD, Base

from imgsim import bounds
from imgsim.errors import ImageReadError
from imgsim.images.exif import describe, read_exif
from imgsim.images.read import open_photo
from imgsim.side_process import SideProcessError

PIXELS = np.random.default_rng(0).integers(0, 256, (36, 48, 3), np.uint8)
TOLD = {
    "taken": "2004-06-27T16:12:54+09:00",
    "camera": "Canon PowerShot S230",
    "place_lat": -37.51,
    "place_lon": 127.000278,
}


def make_exif(taken="2004:06:27 16:12:54", place=((37, 30, 36), "S", (127, 0, 1), "E"), **base):
    exif = PIL.Image.Exif()
    for name, value in ({"Make": "Canon", "Model": "Canon PowerShot S230"} | base).items():
        exif[Base[name]] = value
    exif.get_ifd(IFD.Exif).update({Base.DateTimeOriginal: taken, Base.OffsetTimeOriginal: "+09:00"})
    if place:
        names = (GPS.GPSLatitude, GPS.GPSLatitudeRef, GPS.GPSLongitude, GPS.GPSLongitudeRef)
        exif.get_ifd(IFD.GPSInfo).update(dict(zip(names, place, strict=True)))
    return exif


def save(path, exif):
    PIL.Image.fromarray(PIXELS).save(path, exif=exif.tobytes())
    return path


@pytest.fixture
def within_worker(tmp_path, monkeypatch):
    """Let this process be one that may end, as those are that photos are dealt to."""
    with open(tmp_path / "nowhere", "w") as nowhere, monkeypatch.context() as patched:
        patched.setattr(bounds, "expendable", True)
        patched.setattr(bounds, "_nowhere", nowhere, raising=False)
        yield


def read(path):
    with open_photo(path) as stream:
        return read_exif(stream, str(path))


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif", "avif"])
def test_formats_that_have_it(tmp_path, ending):
    assert read(save(tmp_path / f"a.{ending}", make_exif())) == TOLD
    assert read(save(tmp_path / f"b.{ending}", PIL.Image.Exif())) == {}


def test_heic(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    heif = pillow_heif.from_pillow(PIL.Image.fromarray(PIXELS))
    heif.save(tmp_path / "a.heic", exif=make_exif().tobytes())
    assert read(tmp_path / "a.heic") == TOLD


@pytest.mark.parametrize("ending", ["bmp", "gif", "ppm", "jp2"])
def test_formats_that_have_none(tmp_path, ending):
    PIL.Image.fromarray(PIXELS).save(tmp_path / f"a.{ending}")
    assert read(tmp_path / f"a.{ending}") == {}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_png_that_has_it_behind_its_pixels_is_not_decoded(tmp_path, monkeypatch):
    PIL.Image.fromarray(PIXELS).save(tmp_path / "a.png")
    png = (tmp_path / "a.png").read_bytes()
    end = png.index(b"IEND") - 4
    (tmp_path / "a.png").write_bytes(png[:end] + chunk(b"eXIf", make_exif().tobytes()[6:]) + png[end:])
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("decoded"))
    assert read(tmp_path / "a.png") == TOLD
    (tmp_path / "a.png").write_bytes(png[:end])
    assert read(tmp_path / "a.png") == {}


@pytest.mark.usefixtures("within_worker")
def test_no_format_is_decoded(tmp_path, monkeypatch):
    paths = [save(tmp_path / f"a.{ending}", make_exif()) for ending in ("jpg", "png", "webp", "tif", "avif")]
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("decoded"))
    assert [read(path) for path in paths] == [TOLD] * 5


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ("2004:06:27 16:12:54", "2004-06-27T16:12:54+09:00"),
        ("2004-06-27 16:12:54\0", "2004-06-27T16:12:54+09:00"),
        ("2004:06:27", "2004-06-27"),
        ("2004:02:29 00:00:00", "2004-02-29T00:00:00+09:00"),
        ("2003:02:29 00:00:00", None),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("2004:06:27 25:00:00", None),
        ("2004:06:27 16:12:60", None),
        ("27.06.2004 16:12", None),
        ("20040627161254", None),
        ("", None),
    ],
)
def test_dates(taken, expected):
    assert describe(make_exif(taken)).get("taken") == expected


def test_the_first_date_that_is_one_counts():
    exif = make_exif("0000:00:00 00:00:00", DateTime="2006:01:01 12:00:00")
    assert describe(exif)["taken"] == "2006-01-01T12:00:00"
    exif.get_ifd(IFD.Exif).update({Base.DateTimeDigitized: "2005:01:01 12:00:00", Base.OffsetTimeDigitized: "  :  "})
    assert describe(exif)["taken"] == "2005-01-01T12:00:00"
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2004:01:01 12:00:00"
    for offset in ("+9", "+25:00", "UTC", ""):
        exif.get_ifd(IFD.Exif)[Base.OffsetTimeOriginal] = offset
        assert describe(exif)["taken"] == "2004-01-01T12:00:00"


@pytest.mark.parametrize(
    ("make", "model", "expected"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("NIKON CORPORATION\0\0", "NIKON D70  ", "NIKON D70"),
        ("NIKON", "E5700", "NIKON E5700"),
        ("LG Electronics", "LG-H870", "LG-H870"),
        ("OLYMPUS IMAGING CORP.  ", "E-500", "OLYMPUS IMAGING CORP. E-500"),
        ("Canon", "", "Canon"),
        ("", "Pixel 6", "Pixel 6"),
        ("삼성".encode().decode("latin-1"), "Galaxy\n\t S9", "삼성 Galaxy S9"),
        ("x" * 101, "y", "y"),
        (" ", "\0junk", None),
        (5, 1.5, None),
    ],
)
def test_cameras(make, model, expected):
    exif = PIL.Image.Exif()
    exif[Base.Make], exif[Base.Model] = make, model
    assert describe(exif).get("camera") == expected


NOWHERE = float("nan")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (((30, 37, 39.54), "N", (119, 44, 19.56), "E"), (30.62765, 119.738767)),
        (((30.5,), "S", (0.25, 0, 0), "w"), (-30.5, -0.25)),
        (((0, 0, 0), "N", (9, 0, 0), "W"), (0, -9)),
        (((90, 0, 0), "S", (180, 0, 0), "W"), (-90, -180)),
        (((0, 0, 0), "N", (0, 0, 0), "E"), None),
        (((90, 0, 1), "N", (9, 0, 0), "E"), None),
        (((9, 0, 0), "N", (181, 0, 0), "E"), None),
        (((9, 61, 0), "N", (9, 0, 0), "E"), None),
        (((NOWHERE, NOWHERE, NOWHERE), "N", (9, 0, 0), "E"), None),
        (((9, 0, 0), "", (9, 0, 0), "E"), None),
        (((9, 0, 0), "X", (9, 0, 0), "E"), None),
        (((9, 0, 0, 0), "N", (9, 0, 0), "E"), None),
        (("9", "N", ("9", "x", "y"), "E"), None),
    ],
)
def test_places(place, expected):
    told = describe(make_exif(place=place))
    assert (told.get("place_lat"), told.get("place_lon")) == (expected or (None, None))
    assert told["camera"] == "Canon PowerShot S230"


def test_half_a_place_is_none():
    exif = make_exif()
    del exif.get_ifd(IFD.GPSInfo)[GPS.GPSLongitudeRef]
    assert describe(exif).keys() == {"taken", "camera"}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_fails_no_photo(data):
    buffer = io.BytesIO()
    ending = data.draw(st.sampled_from(["JPEG", "PNG", "TIFF"]))
    PIL.Image.fromarray(PIXELS).save(buffer, ending, exif=make_exif())
    photo = bytearray(buffer.getvalue())
    for place in data.draw(st.lists(st.integers(20, min(400, len(photo)) - 1), min_size=1, max_size=12)):
        photo[place] = data.draw(st.integers(0, 255))
    assert read_exif(io.BytesIO(photo), "a").keys() <= TOLD.keys()


def test_a_reader_that_hangs_or_crashes_tells_nothing(tmp_path, monkeypatch):
    path = save(tmp_path / "a.webp", make_exif())
    for error in (TimeoutError, SideProcessError):

        def fail(*_, error=error):
            raise error

        monkeypatch.setattr("imgsim.images.exif._readers.ask", fail)
        assert read(path) == {}


def test_a_failing_disk_is_no_damage(tmp_path):
    class Failing(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 0:
                raise OSError(5, "Input/output error")
            return super().read(size)

    content = save(tmp_path / "a.jpg", make_exif()).read_bytes()
    with pytest.raises(ImageReadError, match="input/output error"):
        read_exif(Failing(content), "a.jpg")
    with pytest.raises(ImageReadError, match="not a picture"):
        read_exif(io.BytesIO(b"text"), "a.txt")


def test_samples(shared_data):
    expected = {
        "neardup/base_images/ukbench00120.jpg": {"taken": "2005-07-29T14:34:56", "camera": "Canon PowerShot S230"},
        "neardup/base_images/ukbench08976.jpg": {"camera": "NIKON E5700"},
        "neardup/formats_images/ukbench09380.webp": {
            "taken": "2006-01-21T14:33:52",
            "camera": "Canon IXY DIGITAL 320",
        },
        "houses/photos/25_frontal.jpg": {"taken": "2013-04-28T17:22:33", "camera": "Canon EOS 5D Mark III"},
        "awkward/pillow/empty_gps_ifd.jpg": {"taken": "2020-07-27T14:46:48", "camera": "Xiaomi Redmi Note 9S"},
        "awkward/pillow/ultrahdr.jpg": {
            "taken": "2024-05-07T09:33:04+08:00",
            "camera": "Google Pixel 6",
            "place_lat": 30.62765,
            "place_lon": 119.738767,
        },
    }
    assert {name: read(shared_data / name) for name in expected} == expected


def test_awkward_files_tell_or_are_none(shared_data):
    told = 0
    for path in filter(lambda path: path.is_file(), (shared_data / "awkward").rglob("*")):
        with suppress(ImageReadError):  # and no other error
            told += bool(read(path))
    assert told > 10
