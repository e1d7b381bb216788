"""`imgsim segment`, and how its segmenters come here."""

import hashlib
import json
import os
import re
import sys
from importlib.util import find_spec

import numpy as np
import PIL.Image
import pytest

from tests.learned import write_model
from tests.segment.checkpoints import WEIGHTS, green_segmenter, save_segformer

KINDS = ("cutout", "mask", "overlay")


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder of two photos of a red thing on a light ground, one of them deeper; seen from the folder above."""
    for place, name in enumerate(("a.png", "in/b.jpg")):
        pixels = np.full((120, 90, 3), 225, np.uint8)
        pixels[30:90, 25 + 5 * place : 65] = 190, 40, 50
        path = tmp_path / "photos" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        PIL.Image.fromarray(pixels).save(path, **({"quality": 95} if name.endswith("jpg") else {}))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "photos"


def names_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_folder_is_mirrored_with_three_pictures_of_each_photo(run, photos, tmp_path):
    result = run("segment", "photos", "-o", "out", "--format", "jsonl")
    assert (result.code, result.err) == (0, "")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["path"] for row in rows] == ["photos/a.png", "photos/in/b.jpg"]
    assert rows[0] == {
        "path": "photos/a.png", "part": "thing", "left": 25, "top": 30, "width": 40, "height": 60, "area_share": 0.2222
    }  # fmt: skip
    pictures = [f"{stem}-{kind}.png" for stem in ("a", "in/b") for kind in KINDS]
    assert names_in(tmp_path / "out") == [*pictures, "labels.txt"]
    cutout, mask, overlay = (np.asarray(PIL.Image.open(tmp_path / "out" / f"a-{kind}.png")) for kind in KINDS)
    expected = np.zeros((120, 90), bool)
    expected[30:90, 25:65] = True
    np.testing.assert_array_equal(mask, expected)
    np.testing.assert_array_equal(cutout[..., 3], expected * 255)
    assert (cutout[expected][:, :3] == [190, 40, 50]).all()
    assert overlay.shape == (120, 90, 3)
    assert (overlay[~expected] >= 225).all()


def test_a_table_of_several_photos_has_one_head(run, photos):
    lines = run("segment", "photos", "-o", "out", "--format", "table").out.splitlines()
    assert [line.split()[0] for line in lines] == ["path", "photos/a.png", "photos/in/b.jpg"]


def test_masks_are_masks_again(run, photos):
    run("segment", "photos", "-o", "out")
    again = run("segment", "photos", "--segment", "mask:folder=out,thing", "-o", "again")
    assert again.code == 0
    assert again.out == run("segment", "photos", "-o", "third").out
    for stem in ("a", "in/b"):
        first, second = (np.asarray(PIL.Image.open(f"{folder}/{stem}-mask.png")) for folder in ("out", "again"))
        np.testing.assert_array_equal(first, second)


def test_a_second_run_replaces_its_own_pictures_and_never_anyone_elses(run, photos, tmp_path):
    run("segment", "photos", "-o", "out")
    before = {name: (tmp_path / "out" / name).read_bytes() for name in names_in(tmp_path / "out")}
    (tmp_path / "out" / "a-mask.png").write_bytes(before["in/b-mask.png"])
    assert run("segment", "photos", "-o", "out").code == 0
    assert {name: (tmp_path / "out" / name).read_bytes() for name in names_in(tmp_path / "out")} == before
    PIL.Image.new("RGB", (3, 3)).save(tmp_path / "out" / "a-overlay.png")
    mine = (tmp_path / "out" / "a-overlay.png").read_bytes()
    result = run("segment", "photos", "-o", "out")
    assert result.code == 2
    told = "out/a-overlay.png: is there already, and imgsim did not draw it: move it, or choose another -o"
    assert result.err.splitlines() == [f"imgsim: {told}"]
    assert "photos/in/b.jpg" in result.out
    assert (tmp_path / "out" / "a-overlay.png").read_bytes() == mine
    (tmp_path / "out" / "labels.txt").write_text("mine\n")
    result = run("segment", "photos", "-o", "out")
    told = "out/labels.txt: not written by imgsim, and is left as it is: choose another -o"
    assert (result.code, result.err) == (2, f"imgsim: {told}\n")


def test_pictures_beside_photos_are_no_photos_of_the_next_run(run, photos):
    first = run("segment", "photos", "-o", "photos")
    assert first.code == 0
    second = run("segment", "photos", "-o", "photos")
    assert second.out == first.out
    assert second.err == "photos: 6 pictures drawn by imgsim passed over (-v names what was)\n"


def test_a_killed_run_leaves_only_whole_pictures(run, photos, tmp_path, monkeypatch):
    replace, written = os.replace, []

    def killed(source, target):
        written.append(target)
        if len(written) == 3:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", killed)
    assert run("segment", "photos", "-o", "out").code == 130
    monkeypatch.undo()
    for name in names_in(tmp_path / "out"):
        if name.endswith(".png"):
            PIL.Image.open(tmp_path / "out" / name).load()
    assert not [name for name in names_in(tmp_path / "out") if "part" in name]


def test_two_photos_of_one_stem_are_told(run, photos, tmp_path):
    (photos / "a.jpg").write_bytes((photos / "in" / "b.jpg").read_bytes())
    result = run("segment", "photos", "-o", "out")
    assert result.code == 2
    told = "photos/a.png: its pictures would be those of photos/a.jpg: give the folder above both, or another -o"
    assert result.err == f"imgsim: {told}\n"
    assert len(result.out.splitlines()) == 2


def test_a_picture_comes_through_stdin(run, photos, tmp_path):
    result = run("segment", "-", "-o", "out", stdin=(photos / "a.png").read_bytes())
    assert (result.code, result.out.split("\t")[:2]) == (0, ["-", "thing"])
    assert names_in(tmp_path / "out") == ["labels.txt", *(f"stdin-{kind}.png" for kind in KINDS)]
    listed = run("segment", "-", "-o", "listed", stdin=b"photos/a.png\nphotos/in/b.jpg\n")
    assert [line.split("\t")[0] for line in listed.out.splitlines()] == ["photos/a.png", "photos/in/b.jpg"]


def test_photos_that_cannot_be_used_stop_no_others(run, photos, tmp_path):
    (photos / "0.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    (photos / "masks").mkdir()
    PIL.Image.fromarray(np.ones((120, 90), np.uint8)).save(tmp_path / "photos" / "masks" / "b.png")
    (photos / "masks").rename(tmp_path / "masks")
    result = run("segment", "photos", "--segment", "mask:folder=masks", "-o", "out")
    assert result.code == 2
    assert [line.split(":")[1].strip() for line in result.err.splitlines()] == ["photos/0.jpg", "photos/a.png"]
    assert "no mask a-mask.png, .png or .mat in" in result.err
    assert result.out.startswith("photos/in/b.jpg\tthing\t")
    missing = run("segment", "nowhere.jpg", "-o", "out")
    assert (missing.code, missing.err) == (2, "imgsim: nowhere.jpg: no such file\n")


def test_no_such_part_is_told_and_nothing_is_written_of_it(run, photos, tmp_path):
    (tmp_path / "masks").mkdir()
    for stem in "ab":
        PIL.Image.fromarray(np.full((120, 90), 1, np.uint8)).save(tmp_path / "masks" / f"{stem}.png")
    (tmp_path / "masks" / "labels.txt").write_text("ground\nbag\nshoe\n")
    result = run("segment", "photos", "--segment", "mask:folder=masks,shoe", "-o", "out")
    assert (result.code, result.out) == (1, "")
    assert result.err == "imgsim: photos/a.png: no shoe on it\nimgsim: photos/in/b.jpg: no shoe on it\n"
    assert names_in(tmp_path / "out") == ["labels.txt"]
    wrong = run("segment", "photos", "--segment", "mask:folder=masks,sho", "-o", "out")
    assert (wrong.code, wrong.err) == (2, "imgsim: unknown label of mask 'sho': did you mean shoe?\n")


def test_an_unknown_segmenter_is_told_before_anything_is_made(run, photos, tmp_path):
    result = run("segment", "photos", "--segment", "grabct", "-o", "out")
    assert (result.code, result.err) == (2, "imgsim: unknown segmenter 'grabct': did you mean grabcut?\n")
    assert not (tmp_path / "out").exists()


def test_a_segformer_is_imported_listed_used_and_removed(run, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path / "models"))
    save_segformer(tmp_path / "tiny")
    nameless = run("models", "import", "tiny", "--architecture", "segformer")
    assert (nameless.code, nameless.err.splitlines()[-1]) == (
        2, "Error: --architecture segformer takes a --name, by which --segment NAME means it"
    )  # fmt: skip
    taken = run("models", "import", "tiny", "--architecture", "segformer", "--name", "grabcut")
    assert taken.err == "imgsim: 'grabcut' is the name of something else already: choose another\n"
    result = run("models", "import", "tiny", "--architecture", "segformer", "--name", "fashion")
    assert result.code == 0
    assert result.err.endswith(", licence other, made-for-a-test: use it as --segment fashion\n")
    (row,) = [
        row
        for row in map(json.loads, run("models", "list", "--format", "jsonl").out.splitlines())
        if row["kind"] == "segmenter"
    ]
    naming = f"segmenter:{row['weights']}"
    assert (row["architecture"], row["name"], row["licence"]) == (naming, "fashion", "other, made-for-a-test")
    used = run("segment", "photos", "--segment", "fashion", "-o", "out")
    assert used.code in (0, 1)
    assert (tmp_path / "out" / "labels.txt").read_text().splitlines()[1:] == [
        "background", "hat", "upper-clothes", "left-shoe", "bag"
    ]  # fmt: skip
    assert run("models", "remove", "fashion").code == 0
    gone = run("segment", "photos", "--segment", "fashion", "-o", "out")
    assert gone.err.startswith("imgsim: unknown segmenter 'fashion': ")
    none = run("segment", "photos", "--segment", "segformer", "-o", "out")
    assert "`imgsim models import DIR --architecture segformer --name NAME` brings one in" in none.err


@pytest.fixture
def exported(model_cache, tmp_path, monkeypatch):
    """A segmenter's file, as another machine's imgsim wrote it, and no models here yet."""
    return write_model(tmp_path / "exported.onnx", green_segmenter())


def test_an_exported_segmenter_is_imported_shown_and_used_without_torch(run, photos, exported, monkeypatch):
    for package in ("torch", "transformers", "onnx"):
        monkeypatch.setitem(sys.modules, package, None)  # importing it fails
    done = run("models", "import", "exported.onnx", "--name", "fashion")
    digits = hashlib.sha256(exported.read_bytes()).hexdigest()[:12]
    said = f"imported the segmenter {digits}, licence made-for-a-test: use it as --segment fashion\n"
    assert (done.code, done.out, done.err) == (0, "", said)
    for name in ("fashion", "segmenter:fashion", f"segmenter:{digits}"):
        shown = json.loads(run("models", "show", name, "--format", "json").out)
        assert (shown["segmenter"], shown["labels"]) == (f"segmenter:{digits}", ["upper-clothes", "bag"])
        assert (shown["input"]["crop"], shown["parents"]) == (64, {"weights": WEIGHTS})
    assert "labels: upper-clothes, bag\n" in run("models", "show", "fashion").out
    used = run("segment", "photos", "--segment", "fashion:upper-clothes", "-o", "out")
    assert [line.split("\t")[:2] for line in used.out.splitlines()] == [
        ["photos/a.png", "upper-clothes"], ["photos/in/b.jpg", "upper-clothes"]
    ]  # fmt: skip
    assert run("models", "export", "fashion", "again.onnx").err == f"exported segmenter:{digits} to again.onnx\n"
    assert (photos.parent / "again.onnx").read_bytes() == exported.read_bytes()
    again = run("models", "import", "again.onnx", "--architecture", "segformer")
    assert again.err.endswith(f": use it as --segment segformer:model={digits}\n")
    by_digits = run("segment", "photos", "--segment", f"segformer:model={digits},upper-clothes", "-o", "out")
    assert by_digits.out == used.out
    assert run("models", "remove", f"segmenter:{digits}").code == 0
    assert run("models", "list").out.count("segmenter") == 0


def test_a_segmenter_that_is_not_as_it_was_exported_is_refused_in_a_line(run, photos, exported):
    data = exported.read_bytes()
    exported.write_bytes(data.replace(np.float32(1).tobytes(), np.float32(2).tobytes()))
    refused = run("models", "import", "exported.onnx", "--name", "fashion")
    assert (refused.code, len(refused.err.splitlines())) == (2, 1)
    assert "damaged or tampered with since it was exported" in refused.err
    exported.write_bytes(data)
    taken = run("models", "import", "exported.onnx", "--name", "none")
    assert (taken.code, taken.err) == (2, "imgsim: 'none' is the name of something else already: choose another\n")
    layer = run("models", "import", "exported.onnx", "--layer", "x")
    assert layer.err.splitlines()[-1].endswith("--layer is for a network, and a learned model is whole: leave it out")
    weights = run("models", "import", "photos/a.png", "--architecture", "segformer", "--name", "fashion")
    told = "imgsim: photos/a.png: a file, where the folder is meant that transformers wrote\n"
    assert (weights.code, weights.err) == (2, told)


def test_an_index_whose_segmenter_is_elsewhere_says_which_file_is_lacking(run, photos, exported):
    run("models", "import", "exported.onnx", "--name", "fashion")
    assert run("index", "photos", "-x", "phash", "--segment", "fashion:upper-clothes").code == 0
    run("models", "remove", "fashion")
    asked = run("query", "photos/a.png", "--index", "photos")
    assert asked.code == 2
    assert re.fullmatch(
        r"imgsim: the segmenter (\w{12}) is not in .*: `imgsim models import FILE` takes the file whose SHA-256 begins "
        r"with \1\w{52}\n", asked.err
    ), asked.err  # fmt: skip
    run("models", "import", "exported.onnx")
    assert run("query", "photos/a.png", "--index", "photos").code == 0


@pytest.mark.skipif(find_spec("transformers") is not None, reason="transformers is installed")
def test_without_transformers_it_is_said_what_to_install(run, tmp_path):
    (tmp_path / "tiny").mkdir()
    result = run("models", "import", tmp_path / "tiny", "--architecture", "segformer", "--name", "fashion")
    assert result.code == 2
    assert "is not installed: pip install 'imgsim[" in result.err
    assert "`imgsim models export NAME FILE.onnx` there" in result.err
