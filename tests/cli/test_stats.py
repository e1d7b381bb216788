"""`imgsim stats`."""

import csv
import io
import json

import numpy as np
import PIL.Image
import pytest

from imgsim.images.read import read_image

CHANNELS = ["red", "green", "blue"]
MEASURES = ["mean", "deviation", "min", "q25", "q50", "q75", "max"]


@pytest.fixture
def folder(make_photos, monkeypatch):
    folder = make_photos("a.png", "sub/b.jpg")
    PIL.Image.fromarray(np.full((600, 900, 3), (1, 2, 3), np.uint8)).save(folder / "large.png")
    monkeypatch.chdir(folder.parent)
    return folder


def rows(result):
    return [json.loads(line) for line in result.out.splitlines()]


def expected(pixels):
    """What the pixels of a channel give, by NumPy."""
    return [pixels.mean(), pixels.std(), *np.quantile(pixels, [0, 0.25, 0.5, 0.75, 1])]


def test_every_channel_of_every_photo_at_full_scale(run, folder):
    found = rows(run("stats", "photos", "--format", "jsonl"))
    assert [(row["path"], row["channel"]) for row in found] == [
        (f"photos/{name}", channel) for name in ("a.png", "large.png", "sub/b.jpg") for channel in CHANNELS
    ]
    for row in found:
        image = read_image(row["path"])
        assert (row["height"], row["width"]) == image.shape[:2]
        values = expected(image[..., CHANNELS.index(row["channel"])].ravel())
        np.testing.assert_allclose([row[name] for name in MEASURES], values, atol=1e-4)


def test_pictures_that_imgsim_drew_are_no_photos_of_a_folder(run, folder):
    pytest.importorskip("matplotlib", reason="the extra plots is not installed")
    before = run("stats", "photos", "--format", "jsonl")
    for name in ("plot.png", "plot.svg", "again.png"):
        run("stats", "photos/a.png", "--plot", f"photos/{name}")
    after = run("stats", "photos", "--format", "jsonl")
    assert after.out == before.out
    assert "photos: 2 pictures drawn by imgsim passed over (-v names what was)" in after.err
    curious = run("stats", "photos", "--format", "jsonl", "-v").err
    assert "passed over plot.png: drawn by imgsim\n" in curious
    assert "-v names" not in curious
    assert len(rows(run("stats", "photos/plot.png", "--format", "jsonl"))) == 3  # it was named


def test_photos_may_be_named_and_come_from_stdin(run, folder):
    named = run("stats", "photos/a.png", "photos/sub", "--format", "jsonl").out
    assert run("stats", "-", "--format", "jsonl", stdin=b"photos/a.png\nphotos/sub\n").out == named
    assert run("stats", "photos/a.png", "-", "--format", "jsonl", stdin=b"photos/sub\n").out == named
    assert run("stats", "-", "photos/sub", "--format", "jsonl", stdin=b"photos/a.png\0").out == named
    picture = rows(run("stats", "-", "--format", "jsonl", stdin=(folder / "large.png").read_bytes()))
    assert [(row["path"], row["mean"]) for row in picture] == [("-", 1), ("-", 2), ("-", 3)]


def test_all_photos_pooled_with_their_sizes(run, folder):
    found = {row["value"]: row for row in rows(run("stats", "photos", "--pooled", "--format", "jsonl"))}
    images = [read_image(path) for path in (folder / "a.png", folder / "large.png", folder / "sub" / "b.jpg")]
    assert list(found) == [*CHANNELS, "width", "height"]
    for place, channel in enumerate(CHANNELS):
        values = expected(np.concatenate([image[..., place].ravel() for image in images]))
        np.testing.assert_allclose([found[channel][name] for name in MEASURES], values, atol=1e-4)
    widths = expected(np.array([image.shape[1] for image in images]))
    np.testing.assert_allclose([found["width"][name] for name in MEASURES], widths, atol=1e-4)
    assert {row["photos"] for row in found.values()} == {3}


def test_histograms(run, folder):
    found = rows(run("stats", "photos/a.png", "--bins", 16, "--format", "jsonl"))
    image = read_image(folder / "a.png")
    for place, row in enumerate(found):
        counts, _ = np.histogram(image[..., place], 16, (0, 256))
        assert row["histogram"] == counts.tolist()
    header, *body = csv.reader(io.StringIO(run("stats", "photos/a.png", "--bins", 4, "--format", "csv").out))
    assert header == ["path", "width", "height", "channel", *MEASURES, "h0", "h1", "h2", "h3"]
    assert [sum(map(int, line[-4:])) for line in body] == [image.shape[0] * image.shape[1]] * 3
    assert run("stats", "photos/a.png", "--bins", 10).code == 2


def test_a_table_is_one_table_and_fits_a_line(run, folder):
    table = run("stats", "photos/large.png", "photos/a.png", "--pooled", "--format", "table").out.splitlines()
    assert [line.split()[0] for line in table] == ["value", *CHANNELS, "width", "height"]
    each = run("stats", "photos/large.png", "--format", "table").out
    assert each.count("channel") == 1


def test_an_unreadable_photo_is_told_and_the_rest_goes_on(run, folder):
    (folder / "bad.png").write_bytes(b"no picture")
    result = run("stats", "photos", "gone.png", "--jobs", 3, "--format", "jsonl")
    assert result.code == 2
    assert result.err.splitlines() == [
        "imgsim: photos/bad.png: not a picture that imgsim reads",
        "imgsim: gone.png: no such file",
    ]
    assert len(rows(result)) == 9


def test_nothing_to_describe(run, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run("stats", "empty") == (0, "", "")
    assert run("stats", "empty", "--pooled").out == ""


def test_large_photos_are_refused(run, folder):
    assert "over the limit" in run("stats", "photos/large.png", "--max-megapixels", "0.1").err


def test_statistics_are_of_the_parts_that_are_asked_for(run, tmp_path, monkeypatch):
    pixels, mask = np.full((40, 30, 3), 200, np.uint8), np.zeros((40, 30), np.uint8)
    pixels[10:20, 5:15], mask[10:20, 5:15] = (10, 20, 30), 1
    for name, image in {"a.png": pixels, "b.png": pixels, "masks/a.png": mask, "masks/b.png": 0 * mask}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        PIL.Image.fromarray(image).save(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    result = run("stats", "a.png", "b.png", "--segment", "mask:folder=masks,thing", "--format", "jsonl")
    assert (result.code, result.err) == (2, "imgsim: b.png: no thing on it\n")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [(row["path"], row["width"], row["mean"], row["deviation"]) for row in rows] == [
        ("a.png", 30, mean, 0) for mean in (10, 20, 30)
    ]
