"""`extract`, `distances`, `extractors`, `metrics` and `show`."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from imgsim.features import DEFAULT_EXTRACTOR, EXTRACTORS, FUSIONS, find_factory, load_extractor, write_out
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


def test_extractors_are_listed_those_that_run_here_first(run):
    listed = [json.loads(line) for line in run("extractors", "--format", "jsonl").out.splitlines()]
    names = [one["extractor"] for one in listed]
    assert sorted(names) == sorted([*EXTRACTORS, *ARCHITECTURES, *FUSIONS])
    assert names[: len(list(EXTRACTORS))] == list(EXTRACTORS)
    assert [one["ready"] for one in listed] == sorted((one["ready"] for one in listed), reverse=True)
    lite = listed.pop(names.index("lite"))
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


def test_an_extractor_is_described_with_its_parameters(run):
    told = run("extractors", "histogram")
    assert told.code == 0
    assert told.out.startswith("histogram: Count how many pixels have each colour.\ndimension: 512 values\n")
    assert "metric: hellinger" in told.out
    rows = [line.split(maxsplit=2) for line in told.out.splitlines()[-3:]]
    assert [row[:2] for row in rows] == [["space", "rgb"], ["bins", "8"], ["grid", "1"]]
    assert rows[0][2].startswith("rgb, hsv, lab")
    assert rows[1][2].startswith("2 to 32 ")


@pytest.mark.parametrize("name", [*EXTRACTORS, "efficientnet_lite0", "lite", "vit_b_16"])
def test_the_example_that_describes_an_extractor_can_be_typed(run, name):
    (told,) = json.loads(run("extractors", name, "--format", "json").out)
    *command, text = told["example"].split()
    assert command == ["imgsim", "index", "FOLDER", "-x"]
    assert text.startswith(name)
    assert all(load_extractor(one).spec for one in write_out([text]) if told["ready"])


def test_extractors_are_described_for_programs_too(run):
    first, *others = (
        json.loads(line) for line in run("extractors", "hog", "phash", "--format", "jsonl").out.splitlines()
    )
    assert [one["parameter"] for one in first["takes"]] == ["cells", "pixels", "orientations", "mirror"]
    assert first["takes"][3]["choices"] == ["apart", "alike"]
    assert first["takes"][0] | {"meaning": ""} == {
        "parameter": "cells",
        "default": 4,
        "choices": None,
        "range": "2 to 16",
        "meaning": "",
    }
    assert [one["takes"] for one in others] == [[]]
    rows = run("extractors", "hog", "phash", "--format", "tsv").out.splitlines()
    assert [row.split("\t")[:3] for row in rows[3:]] == [["hog", "mirror", "apart"], ["phash", "", ""]]


def test_what_a_network_needs_is_told(run, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    (told,) = json.loads(run("extractors", "resnet50", "--format", "json").out)
    assert told["needs"] == "imgsim models pull resnet50, which needs pip install 'imgsim[deep]'"
    (told,) = json.loads(run("extractors", "histogram:bins=4", "--format", "json").out)
    assert (told["needs"], told["dimension"], told["example"]) == ("", 64, "imgsim index FOLDER -x histogram:bins=4")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("haralik", "imgsim: unknown extractor 'haralik': did you mean haralick?\n"),
        ("hog:cells=1", "imgsim: hog: cells is 2 to 16, not 1\n"),
        ("lite:crop=center", "imgsim: lite takes no parameters"),
        ("hog@0.5", "imgsim: 'hog@0.5': leave out the weight"),
    ],
)
def test_what_is_no_extractor_is_not_described(run, name, message):
    refused = run("extractors", "lbp", name)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(message)
    assert refused.err.count("\n") == 1


def test_metrics_are_listed(run):
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
