"""`extract`, `distances`, `extractors`, `metrics` and `show`."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from imgsim.features import DEFAULT_EXTRACTOR, EXTRACTORS, FUSIONS, find_factory, load_extractor
from imgsim.images.read import read_image
from imgsim.index.index import Index
from imgsim.metrics import METRICS
from imgsim.models.architectures import ARCHITECTURES
from tests.photos import draw_photo


@pytest.fixture
def photos(make_photos, monkeypatch):
    folder = make_photos(4)
    (folder / "bad.png").write_bytes(b"no")
    monkeypatch.chdir(folder)
    return folder


def row(path, text):
    extractor = load_extractor(text)
    return extractor.extract([read_image(path, scale=extractor.scale)])[0]


def loaded(text):
    return np.load(io.BytesIO(text))


def binary(shell, line, folder):
    result = shell(line, folder)
    return np.load(io.BytesIO(result.stdout)), result.returncode


def test_extract_jsonl(run, photos):
    result = run("extract", "0.png", "bad.png", "1.png", "-x", "haralick", "-x", "histogram:bins=2")
    assert result.code == 2
    assert "bad.png" in result.err
    found = [json.loads(line) for line in result.out.splitlines()]
    assert [(one["path"], one["extractor"].partition(":")[0]) for one in found] == [
        (path, name) for path in ("0.png", "1.png") for name in ("haralick", "histogram")
    ]
    for one in found:
        np.testing.assert_array_equal(np.float32(one["features"]), row(one["path"], one["extractor"]))


def test_extract_csv(run, photos):
    header, *found = csv.reader(io.StringIO(run("extract", "0.png", "1.png", "-x", "lbp", "--format", "csv").out))
    dim = load_extractor("lbp").dim
    assert header == ["path", "extractor", *(f"f{place}" for place in range(dim))]
    np.testing.assert_array_equal(np.float32(found[1][2:]), row("1.png", "lbp"))
    assert run("extract", "0.png", "-x", "lbp", "-x", "hog", "--format", "csv").code == 2


def test_extract_npy_keeps_places(shell, photos):
    array, code = binary(shell, "imgsim extract 0.png bad.png 1.png -x phash --format npy 2>/dev/null", photos)
    assert code == 2
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array[[0, 2]], [row("0.png", "phash"), row("1.png", "phash")])
    assert np.isnan(array[1]).all()


@pytest.mark.parametrize(("extractor", "metric"), [("haralick", "euclidean"), ("histogram:bins=2", "cityblock")])
def test_distances_are_scipys(run, photos, extractor, metric):
    names = [f"{place}.png" for place in range(4)]
    result = run("distances", *names, "-x", extractor, "-m", metric)
    header, *body = (line.split("\t") for line in result.out.splitlines())
    assert result.code == 0
    assert header == ["", *names]
    assert [line[0] for line in body] == names
    expected = squareform(pdist(np.array([row(name, extractor) for name in names], float), metric))
    np.testing.assert_allclose(np.array([line[1:] for line in body], float), expected, rtol=1e-6)


def test_distances_as_csv_and_npy_and_of_unreadable_photos(run, shell, photos):
    array, code = binary(shell, "imgsim distances 0.png bad.png 1.png -x phash --format npy 2>/dev/null", photos)
    assert code == 2
    assert array.dtype == np.float64
    assert np.isnan(array[1]).all()
    assert np.isnan(array[:, 1]).all()
    table = list(csv.reader(io.StringIO(run("distances", "0.png", "1.png", "-x", "phash", "--format", "csv").out)))
    assert float(table[1][2]) == array[0, 2] > 0


def test_fused_distances_are_in_units_of_the_median(run, photos):
    def matrix(*options):
        lines = run("distances", "0.png", "1.png", "2.png", "3.png", *options).out.splitlines()[1:]
        return np.array([line.split("\t")[1:] for line in lines], float)

    one, two = matrix("-x", "phash"), matrix("-x", "lbp")
    units = [np.median(each[np.triu_indices(4, 1)]) for each in (one, two)]
    fused = matrix("-x", "phash@1", "-x", "lbp@3")
    np.testing.assert_allclose(fused, (one / units[0] + 3 * two / units[1]) / 4, rtol=1e-9)


def test_extractors_and_metrics_are_listed(run):
    listed = [json.loads(line) for line in run("extractors", "--format", "jsonl").out.splitlines()]
    assert [one["extractor"] for one in listed] == [*EXTRACTORS, *ARCHITECTURES, *FUSIONS]
    lite = listed.pop()
    assert (lite["dimension"], lite["metric"], lite["default"]) == (3840, "cosine", False)
    assert lite["needs"] in ("", "pip install 'imgsim[lite]'")
    for one in listed:
        assert one["dimension"] == find_factory(one["extractor"])().dim
        assert any(character.isdigit() for character in one["paper"])
        assert one["ready"] is (one["needs"] == "")
    needs = {one["extractor"]: one["needs"] for one in listed}
    assert [name for name in (*EXTRACTORS, DEFAULT_EXTRACTOR) if needs[name]] == []
    assert needs["resnet50"] == "imgsim models pull resnet50"
    assert [one["extractor"] for one in listed if one["default"]] == [DEFAULT_EXTRACTOR]
    listed = [json.loads(line) for line in run("metrics", "--format", "jsonl").out.splitlines()]
    assert [one["metric"] for one in listed] == list(METRICS)


def test_show_draws_photos_and_matches(run, shelf):
    result = run("show", "shelf/0.png", "--columns", 12)
    assert result.code == 0
    assert "▀" in result.out
    assert result.out.splitlines()[-2] == "shelf/0.png"
    with_matches = run("show", "shelf/0.png", "--matches", "-k", 2, "--index", "shelf", "--columns", 12)
    assert [line[:1] for line in with_matches.out.splitlines() if line.endswith(".png")] == ["s", "1", "2"]
    (shelf / "bad.png").write_bytes(b"no")
    assert run("show", "shelf/bad.png").code == 2


def test_show_reads_names_from_a_query(shell, shelf):
    result = shell("imgsim query shelf/0.png --index shelf -k 2 -0 | imgsim show - --columns 8", shelf.parent)
    assert result.returncode == 0
    assert result.stdout.count(b".png") == 2


def test_large_photos_are_refused(run, tmp_path):
    draw_photo(tmp_path / "a.png", 1, (50, 50))
    assert run("extract", tmp_path / "a.png", "--max-megapixels", "0.001").code == 2


def test_show_goes_on_where_a_match_was_deleted(run, shelf):
    first, *others = [
        match.split("\t")[2] for match in run("query", "shelf/0.png", "--index", "shelf").out.splitlines()
    ]
    (shelf / first).unlink()
    result = run("show", "shelf/0.png", "--matches", "-k", 3, "--index", "shelf", "--columns", 8)
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert first in result.err
    captions = [line for line in result.out.splitlines() if line.endswith(".png")]
    assert [caption.split("  ")[-1] for caption in captions] == ["shelf/0.png", *others[:2]]


def test_rows_of_an_index_and_whose_they_are(run, shell, shelf):
    line = "imgsim extract --index shelf --format npy --paths names.txt -x histogram > rows.npy"
    done = shell(line, shelf.parent)
    assert (done.returncode, done.stderr) == (0, b"")
    with Index.open(shelf) as index:
        rows, names = index.features("histogram")
    assert len(names) == 8
    assert Path("names.txt").read_text().splitlines() == names
    np.testing.assert_array_equal(np.load("rows.npy"), rows)
    first = str(shelf / names[0])
    for wrong in ([first, "--index", shelf], [first, "--paths", "x.txt"], ["--index", shelf], []):
        assert run("extract", *wrong).code == 2
    missing = run("extract", "--index", shelf, "--format", "npy", "--paths", "x.txt", "-x", "hog")
    assert missing.code == 2
    assert "has no features of hog" in missing.err
    assert not Path("x.txt").exists()
