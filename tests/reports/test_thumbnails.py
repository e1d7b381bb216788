"""Photos made small for a page."""

import base64
import io

import numpy as np
import PIL.Image
import pytest

from imgsim.errors import ImageReadError
from imgsim.images.limits import LIMITS
from imgsim.reports import thumbnails
from imgsim.reports.page_content import Case, ShownPhoto
from imgsim.reports.thumbnails import LARGE, SMALL, encode_thumbnail, make_thumbnails, thumbnails_of


def decode(thumbnail):
    kind, _, data = thumbnail.url.partition(",")
    assert kind == "data:image/jpeg;base64"
    return PIL.Image.open(io.BytesIO(base64.b64decode(data)))


def save(path, color=(200, 30, 30), size=(800, 400), **options):
    PIL.Image.new("RGB", size, color).save(path, **options)
    return str(path)


def test_a_photo_is_made_small_and_keeps_its_colour(tmp_path):
    path = save(tmp_path / "a.jpg", quality=95)
    (made,) = make_thumbnails([path]).values()
    picture = decode(made)
    assert picture.size == (made.width, made.height) == (320, 160)
    assert np.abs(np.array(picture).astype(int) - (200, 30, 30)).max() < 6


def test_a_photo_is_upright(tmp_path):
    turned = PIL.Image.Exif()
    turned[0x0112] = 6
    path = save(tmp_path / "a.jpg", exif=turned)
    (made,) = make_thumbnails([path]).values()
    assert (made.width, made.height) == (160, 320)


def test_a_small_photo_is_not_enlarged(tmp_path):
    (made,) = make_thumbnails([save(tmp_path / "a.png", size=(40, 30))]).values()
    assert decode(made).size == (40, 30)


def test_what_cannot_be_read_says_why(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    made = make_thumbnails([str(tmp_path / "gone.jpg"), str(tmp_path / "broken.jpg"), b""])
    assert [one.reason for one in made.values()] == [
        "no such file",
        "not a picture that imgsim reads",
        "the file is empty",
    ]
    assert all(isinstance(one, ImageReadError) for one in made.values())


def test_content_is_a_photo_too(tmp_path):
    path = save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    made = make_thumbnails([path, content])
    assert made[path] == made[content]


def test_several_processes_make_the_same(tmp_path):
    paths = [save(tmp_path / f"{place}.png", (place, 200, 255 - place), (64, 48)) for place in range(33)]
    assert make_thumbnails(paths, jobs=2) == make_thumbnails(paths)


def test_noise_is_held_to_its_bytes(rng):
    noise = rng.integers(0, 256, (640, 640, 3), np.uint8)
    blurred = np.array(PIL.Image.fromarray(noise).resize((120, 120)).resize((640, 640)))
    for size in (SMALL, LARGE):
        picture = encode_thumbnail(blurred, size)
        assert max(picture.width, picture.height) == size.side
        assert len(base64.b64decode(picture.url.partition(",")[2])) <= size.most_bytes


@pytest.mark.parametrize(("many", "side"), [(4, 320), (3, 200)])
def test_each_photo_is_decoded_once_and_small_where_a_page_has_many(tmp_path, monkeypatch, many, side):
    monkeypatch.setattr(thumbnails, "MANY", many)
    paths = [save(tmp_path / f"{place}.png", (place, 0, 0), (400, 400)) for place in range(2)]
    photos = [ShownPhoto(path, path, LIMITS) for path in paths]
    decoded = []
    real = thumbnails.measure

    def counted(tasks, *rest, **options):
        decoded.extend(task.photo for task in tasks)
        return real(tasks, *rest, **options)

    monkeypatch.setattr(thumbnails, "measure", counted)
    thumbnail_of = thumbnails_of([[Case("one", photos, []), Case("two", photos, [])], [Case("three", photos, [])]])
    assert decoded == paths
    assert {decode(thumbnail_of(photo)).width for photo in photos} == {side}
