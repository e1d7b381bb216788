"""JSON Lines."""

import pytest

from imgsim.errors import TableError
from imgsim.tables.table import read_table


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / "items.jsonl"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(str(path))

    return read


def test_values_have_their_types_and_lines_their_numbers(read):
    table = read(
        '{"file": "a.jpg", "price": 5, "tags": ["x"]}\r\n\n{"file": "b.jpg", "price": null, "new": "", "ok": false}'
    )
    assert table.columns == ("file", "price", "tags", "new", "ok")
    assert [(row.line, dict(row.cells)) for row in table.rows] == [
        (1, {"file": "a.jpg", "price": 5, "tags": ["x"]}),
        (3, {"file": "b.jpg", "ok": False}),
    ]
    assert not table.textual


def test_text_may_hold_what_ends_lines_elsewhere(read):
    assert read('{"file": "a\\u2028b\x85"}\n').rows[0].cells == {"file": "a\u2028b\x85"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"file": "a"}\n{"file": \n', "line 2 is not JSON: .* at column"),
        ('["a"]\n', "line 1 is no object"),
        ('{"file": "a", "file": "b"}', "line 1: the key 'file' comes twice"),
        ('{"a": ' + "[" * 100_000, "line 1"),
        (
            '{"a": ' + "9" * 5000 + "}",
            r"line 1: Exceeds the limit \(4300 digits\) for integer string conversion: [^;]*$",
        ),
        ("", "no columns"),
        (b'{"file": "\xe9"}', "line 1 is not UTF-8"),
    ],
)
def test_what_is_no_table_is_said_with_its_line(read, content, reason):
    with pytest.raises(TableError, match=reason):
        read(content)
