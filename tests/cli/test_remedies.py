"""What the command line says beside what a library says: what to type."""

import pytest

from imgsim.cli.remedies import explain
from imgsim.errors import ImgsimError, IndexFormatError
from imgsim.metrics.calibration import Calibration
from imgsim.tables.ground_truth import check_readable
from imgsim.tables.matching import find_column, pattern_column
from imgsim.tables.photo_names import PhotoNames
from imgsim.tables.table import Row, Table, read_table


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
