"""Rows that come one at a time are those of the table read whole."""

import json

import pytest

from imgsim.cli.remedies import explain
from imgsim.errors import ImgsimError, TableError
from imgsim.tables.row_stream import STREAMS, is_undecoded, streamed_table
from imgsim.tables.table import READERS, read_table

ROWS = [{"url": "http://a/1.jpg", "name": "grün", "price": 5}, {"url": "http://a/2.jpg", "name": "a\nb", "tags": ["x"]}]


def write(path, rows=ROWS, encoding="utf-8"):
    if path.suffix == ".parquet":
        pa = pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
        pa.parquet = pytest.importorskip("pyarrow.parquet")
        pa.parquet.write_table(pa.Table.from_pylist(rows, schema=None), path)
    elif path.suffix in (".jsonl", ".ndjson"):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding=encoding)
    else:
        mark = "\t" if path.suffix == ".tsv" else ";"
        lines = [
            ["url", "name", "price"],
            *([row["url"], f'"{row["name"]}"', str(row.get("price", ""))] for row in rows),
        ]
        path.write_text("\n".join(mark.join(line) for line in lines), encoding=encoding)
    return str(path)


def test_every_kind_of_table_streams():
    assert list(STREAMS) == list(READERS)


@pytest.mark.parametrize("extension", list(STREAMS))
def test_streamed_rows_are_those_read(tmp_path, extension):
    path = write(tmp_path / f"items{extension}")
    whole = read_table(path)
    with streamed_table(path) as stream:
        assert (stream.columns, list(stream.rows), stream.unit) == (whole.columns, list(whole.rows), whole.unit)


@pytest.mark.parametrize("extension", [".csv", ".jsonl"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path, extension, encoding):
    path = write(tmp_path / f"items{extension}", encoding=encoding)
    with streamed_table(path) as stream:
        assert list(stream.rows) == list(read_table(path).rows)


def test_a_spreadsheet_tells_its_delimiter(tmp_path):
    (tmp_path / "items.csv").write_text("sep=;\nurl;name,s\nhttp://a;b,c\n")
    with streamed_table(str(tmp_path / "items.csv")) as stream:
        assert [(row.line, dict(row.cells)) for row in stream.rows] == [(3, {"url": "http://a", "name,s": "b,c"})]


def test_rows_of_another_encoding_are_known(tmp_path):
    (tmp_path / "items.csv").write_bytes(b"url,name\nhttp://a,\xc3\xa9\nhttp://b,\xe9\nhttp://c,e\n")
    with streamed_table(str(tmp_path / "items.csv")) as stream:
        assert [is_undecoded(row) for row in stream.rows] == [False, True, False]
    with streamed_table(str(tmp_path / "items.csv"), "cp1252") as stream:
        assert [row.cells["name"] for row in stream.rows] == ["Ã©", "é", "e"]


@pytest.mark.parametrize(
    ("name", "content", "encoding", "reason"),
    [
        ("a.csv", b"", None, "no columns"),
        ("a.csv", b"url,name\nx\n", None, "line 2 has 1 cells"),
        ("a.csv", b'url\n"x\n', None, "line 2 is not CSV"),
        ("a.csv", b"\xfcrl\nx\n", None, "line 1 is not UTF-8: name its encoding, for example --encoding cp1252"),
        ("a.csv", "url\nx\n".encode("utf-16-le"), None, "is it UTF-16? then add --encoding utf-16-le"),
        ("a.csv", b"\xff\xfeu\0r\0l\0\n\0x", None, "line 2 is not UTF-16"),
        ("a.csv", b"url\nx\n", "utf-99", "--encoding utf-99: no encoding"),
        ("a.jsonl", b'{"url": 1}\n[]\n', None, "line 2 is no object"),
        ("a.parquet", b"PAR1", None, "parquet"),
        ("a.xls", b"", None, "unknown kind of table"),
        ("nowhere/a.csv", None, None, "No such file"),
    ],
)
def test_what_is_refused_is_told_in_a_line(tmp_path, name, content, encoding, reason):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ImgsimError) as caught, streamed_table(str(tmp_path / name), encoding) as stream:
        list(stream.rows)
    assert reason in explain(caught.value)
    assert "\n" not in explain(caught.value)


def test_what_fails_meanwhile_is_not_blamed_on_the_table(tmp_path):
    path = write(tmp_path / "items.csv")
    with pytest.raises(OSError, match="full") as caught, streamed_table(path):
        raise OSError(28, "full")
    assert not isinstance(caught.value, TableError)
