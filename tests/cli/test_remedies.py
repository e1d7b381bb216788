"""What the command line says beside what a library says: what to type."""

import os

import pytest

from imgsim.cli.remedies import explain
from imgsim.errors import ExtractorMismatchError, ImgsimError, IndexFormatError, WeightsError
from imgsim.metrics.calibration import Calibration
from imgsim.models.cache import ModelFile, about
from imgsim.models.download import Published, download_weights
from imgsim.models.trunk_spec import TrunkSpec, missing_model
from imgsim.tables.ground_truth import check_readable
from imgsim.tables.matching import find_column, pattern_column
from imgsim.tables.photo_names import PhotoNames
from imgsim.tables.table import Row, Table, read_table

RESNET = "https://download.pytorch.org/models/resnet18-f37072fd.pth"


@pytest.fixture(autouse=True)
def cache(monkeypatch):
    monkeypatch.setenv("IMGSIM_MODELS", "/cache")


@pytest.mark.parametrize(
    ("spec", "weights", "expected"),
    [
        (
            TrunkSpec("resnet18"),
            "",
            f"no resnet18 model in /cache: `imgsim models pull resnet18`, or download {RESNET} (44.7 MB) and "
            "`imgsim models import FILE --architecture resnet18`",
        ),
        (
            TrunkSpec("resnet18", "layer3", "tensorflow"),
            "F37072",
            f"no resnet18 model with weights F37072, padding tensorflow, layer layer3 in /cache: download {RESNET} "
            "(44.7 MB) and `imgsim models import FILE --architecture resnet18 --layer layer3 --padding tensorflow`",
        ),
        (
            TrunkSpec("resnet18", "final"),
            "deadbeef",
            "no resnet18 model with weights deadbeef in /cache: `imgsim models import FILE --architecture resnet18` "
            "takes the file that those weights are in; or index by another model",
        ),
        (
            TrunkSpec("timm/xception41"),
            "",
            "no timm/xception41 model in /cache: `imgsim models pull timm/xception41`, or `imgsim models import FILE "
            "--architecture timm/xception41`",
        ),
        (
            TrunkSpec("timm/xception41", "blocks.0"),
            "",
            "no timm/xception41 model with layer blocks.0 in /cache: `imgsim models import FILE --architecture "
            "timm/xception41 --layer blocks.0`",
        ),
        (
            TrunkSpec("efficientnet_lite0", "layer3"),
            "",
            "no efficientnet_lite0 model with layer layer3 in /cache: the weights of its package are run whole, as "
            "they were trained: use -x efficientnet_lite0",
        ),
    ],
)
def test_a_missing_model(spec, weights, expected):
    error = missing_model(spec, weights)
    assert explain(error) == expected
    assert "`" not in str(error)
    assert error.facts["architecture"] == spec.architecture


def test_a_model_that_is_not_what_its_name_says():
    file = ModelFile("/cache/x.onnx", "resnet18", "torch", "final", "ab" * 32, "0")
    with pytest.raises(WeightsError) as caught, file.about():
        raise WeightsError("renamed")
    assert explain(caught.value) == ("/cache/x.onnx: renamed: `imgsim models remove resnet18`, then import it again")


def test_an_error_that_is_wrapped_keeps_its_own_remedy():
    with pytest.raises(WeightsError) as caught, about("x", "replace-model", architecture="resnet18"):
        raise WeightsError("gone", remedy="make-index", folder="a b")
    assert explain(caught.value) == "x: gone; make one with `imgsim index 'a b'`"


@pytest.mark.parametrize(("size", "what"), [(4_700_000, "those 4.7 MB"), (0, "that file")])
def test_a_download_that_fails(tmp_path, monkeypatch, size, what):
    monkeypatch.setenv("IMGSIM_MODELS", str(tmp_path))
    with pytest.raises(WeightsError) as caught:
        download_weights(Published(TrunkSpec("resnet18"), "http://127.0.0.1:9/x.pth", "", size), print)
    assert explain(caught.value).endswith(
        f"; download {what} on a machine with a network, bring the file here, and run "
        "`imgsim models import FILE --architecture resnet18`"
    )
    assert os.listdir(tmp_path) == []


def test_features_of_another_version():
    error = ExtractorMismatchError("other", remedy="index-again", name="lbp", extractor="lbp:radius=2")
    assert explain(error) == ("other: run `imgsim index FOLDER --drop lbp`, then `imgsim index FOLDER -x lbp:radius=2`")


def test_weights_that_cannot_become_the_default():
    error = WeightsError("x", remedy="name-weights", extractor="resnet18:weights=ab,padding=torch,layer=l")
    assert explain(error) == "x: use -x resnet18:weights=ab,padding=torch,layer=l"


def test_facts_are_quoted_for_the_shell_and_are_no_templates():
    error = ImgsimError("no index", remedy="make-index", folder="a {b} [c|d]; rm -rf $HOME")
    assert explain(error) == "no index; make one with `imgsim index 'a {b} [c|d]; rm -rf $HOME'`"
    assert explain(ImgsimError("plain")) == "plain"


def said(work, *arguments):
    with pytest.raises(ImgsimError) as caught:
        work(*arguments)
    return explain(caught.value)


def test_what_is_known_of_no_remedy_is_said_as_it_is():
    assert explain(IndexFormatError("damaged")) == "damaged"
    assert explain(IndexFormatError("damaged", remedy="unheard-of", folder="a b")) == "damaged"


def test_options_that_read_a_table(tmp_path):
    path = str(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_bytes("a,b\n1,\xf6\n".encode("latin-1"))
    line = f"{path}: line 2 is not UTF-8 (byte 0xF6 at 6): name its encoding, for example --encoding cp1252"
    assert said(read_table, path) == line
    unknown = "--encoding klingon: no encoding of this name; try cp1252, cp949 or latin-1"
    assert said(read_table, path, "klingon") == unknown
    (tmp_path / "a.csv").write_bytes("a,b\n".encode("utf-16-le"))
    assert said(read_table, path) == f"{path}: line 1 has a NUL: is it UTF-16? then add --encoding utf-16-le"


def test_options_that_say_which_photo():
    assert said(pattern_column, "{a}_{b}") == "--key {a}_{b}: a pattern has one column in it"
    table = Table("a.csv", ("a b",), [Row(2, {"a b": "x"})], textual=True)
    line = "a.csv: no column names photos of the folder: --key says which does, or a pattern such as '{a b}_*.jpg'"
    assert said(find_column, table, PhotoNames(".", [], ".")) == line


def test_what_a_strict_run_refuses():
    assert said(check_readable, ["a b.png"]) == "1 photo cannot be read, and --strict was given: a b.png"
    line = "4 photos cannot be read, and --strict was given: a, b, c and 1 more"
    assert said(check_readable, ["a", "b", "c", "d"]) == line


def test_a_damaged_calibration_is_fitted_again():
    line = "damaged calibration: neither an isotonic nor a logistic calibration; fit it again by `imgsim calibrate`"
    assert said(Calibration.from_json, Calibration("isotonic", (0.0,), (1.0,)).to_json().replace("isot", "is")) == line
