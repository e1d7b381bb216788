"""CSV as programs and people write it, and what is said of the rest."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsim.errors import ParameterError, TableError, UnknownNameError
from imgsim.tables.table import read_table


@pytest.fixture
def read(tmp_path):
    def read(content, encoding=None, name="items.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(str(path), encoding)

    return read


def cells(table):
    return [(row.line, dict(row.cells)) for row in table.rows]


PLAIN = "file,brand,price\na.jpg,Nord,5\nb.jpg,größer,\n"
EXPECTED = [(2, {"file": "a.jpg", "brand": "Nord", "price": "5"}), (3, {"file": "b.jpg", "brand": "größer"})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends(read, encoding, delimiter, newline):
    table = read(PLAIN.replace(",", delimiter).replace("\n", newline).encode(encoding))
    assert table.columns == ("file", "brand", "price")
    assert cells(table) == EXPECTED


def test_byte_order_marks_of_either_order(read):
    assert cells(read(b"\xfe\xff" + PLAIN.encode("utf-16-be"))) == EXPECTED


def test_an_encoding_can_be_named(read):
    assert cells(read(PLAIN.encode("cp1252"), "cp1252")) == EXPECTED
    assert cells(read(PLAIN.encode("utf-16-le"), "utf-16-le")) == EXPECTED
    assert cells(read(PLAIN.encode("utf-8-sig"), "utf-8")) == EXPECTED


def test_cells_hold_delimiters_quotes_and_line_ends(read):
    table = read('file,note\na.jpg,"red, ""old""\nand wet"\n\n b.jpg , x \n')
    assert cells(table) == [
        (2, {"file": "a.jpg", "note": 'red, "old"\nand wet'}),
        (5, {"file": "b.jpg", "note": "x"}),
    ]


def test_columns_without_a_name_are_passed_over(read):
    table = read(",file,\n0,a.jpg,x\n")
    assert table.columns == ("file",)
    assert cells(table) == [(2, {"file": "a.jpg"})]


def test_a_header_alone_is_a_table(read):
    assert cells(read("file,price\n")) == []


@pytest.mark.parametrize(
    ("content", "encoding", "reason"),
    [
        (PLAIN.encode("cp1252"), None, r"line 3 is not UTF-8 \(byte 0xF6 at 38\): name its encoding$"),
        (PLAIN.encode("utf-16-le"), None, "line 1 has a NUL: is it UTF-16"),
        (PLAIN.encode(), "ascii", "line 3 is not ASCII"),
        ("a,b\n1,\0\n", None, "line 2 has a NUL"),
        ("", None, "no columns"),
        ("\n\n", None, "no columns"),
        ("a,a\n1,2\n", None, "two columns are named 'a'"),
        ("a,b\n1,2\n1,2,3\n", None, "line 3 has 3 cells, the first line 2: a cell with a delimiter"),
        ("a,b\n1\n", None, "line 2 has 1 cells"),
        ('a,b\n1,"2\n3,4\n', None, "line 2 is not CSV"),
        ('a,b\n1,"2"x\n', None, "line 2 is not CSV"),
    ],
)
def test_what_is_no_table_is_said_with_its_line(read, content, encoding, reason):
    with pytest.raises(TableError, match=reason) as caught:
        read(content, encoding)
    assert str(caught.value).startswith(caught.value.path + ": ")
    assert "\n" not in str(caught.value)


def test_files_of_other_kinds(read, tmp_path):
    with pytest.raises(UnknownNameError, match=r"unknown kind of table '\.xlsx': choose from \.csv"):
        read("", name="items.xlsx")
    with pytest.raises(ParameterError, match="no encoding of this name"):
        read(PLAIN, "utf-99")
    with pytest.raises(TableError, match="No such file"):
        read_table(str(tmp_path / "gone.csv"))


@pytest.mark.parametrize("name", ["undefined", "idna", "hex", "rot13", "utf-8\0", "a" * 100_000, "../cp1252", " "])
def test_odd_names_of_encodings(read, name):
    with pytest.raises((ParameterError, TableError)):
        read("file,x\na.jpg,\udce9\n".encode("utf-8", "surrogateescape"), name)


@pytest.mark.parametrize(
    ("told", "delimiter"), [("sep=;\r\n", ";"), ('"sep=|"\n', "|"), ("SEP=,\r", ","), ("\ufeffsep=\t\n", "\t")]
)
def test_the_line_in_which_spreadsheets_tell_the_delimiter(read, told, delimiter):
    end = told.rstrip()[-1:] and told[len(told.rstrip("\r\n")) :]
    rows = [("file", "note"), ("a.jpg", "one"), ("b.jpg", "1;2" if delimiter != ";" else "1,2")]
    table = read(told + "".join(delimiter.join(row) + end for row in rows))
    assert table.columns == rows[0]
    assert [tuple(row.cells.values()) for row in table.rows] == rows[1:]
    assert [row.line for row in table.rows] == [3, 4]
    assert read("sep,note\na.jpg,x\n").columns == ("sep", "note")


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6).map(str.strip)


@given(st.lists(st.tuples(texts, texts), max_size=6), st.sampled_from(",;\t"))
def test_what_python_writes_is_read(tmp_path_factory, rows, delimiter):
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows([("file", "note"), *rows])
    path = tmp_path_factory.mktemp("table") / "items.tsv"
    path.write_text(buffer.getvalue(), encoding="utf-8", newline="")
    table = read_table(str(path))
    assert [(row.cells.get("file", ""), row.cells.get("note", "")) for row in table.rows] == rows
