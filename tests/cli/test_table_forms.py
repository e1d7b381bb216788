"""Tables as shops have them: decimal commas, days first, prices; told once."""

import json
import shutil

import pytest

from imgsim.index.index import open_index

SHOP = "Datei;Preis;Größe;gesehen\n" + "".join(
    f"{number}.PNG;{price};M;{number + 1}.04.2024\n"
    for number, price in enumerate(["12,50", "1.299,00", "9,99", "20", "19,95", "", "7,00", "100,00"])
)
OPTIONS = ["--decimal", ",", "--dates", "dmy", "--encoding", "cp1252"]


@pytest.fixture
def table(shelf):
    table = shelf.parent / "items.csv"
    table.write_bytes(SHOP.encode("cp1252"))
    return table


def values(shelf, name):
    with open_index(shelf) as index:
        return [record.attributes.get(name) for record in index.photos()]


def said(result):
    assert result.code == 0, result.err
    return [line for line in result.err.splitlines() if line.startswith("items.csv")]


def test_each_columns_type_is_told_and_what_would_read_it(run, shelf, table):
    assert said(run("index", "shelf", "--attributes", "items.csv", "--encoding", "cp1252")) == [
        "items.csv: Größe: text",
        "items.csv: Preis: text, since '12,50' in line 2 is no number: --decimal ,",
        "items.csv: gesehen: text, since '1.04.2024' in line 2 is no date: --dates dmy",
        "items.csv: 8 rows with a name in other upper and lower case: line 2 (0.PNG), "
        "line 3 (1.PNG), line 4 (2.PNG), ...",
    ]
    assert values(shelf, "Preis")[:2] == ["12,50", "1.299,00"]


def test_what_is_told_once_holds_for_the_next_run(run, shelf, table):
    first = said(run("index", "shelf", "--attributes", "items.csv", *OPTIONS))
    assert first[0] == "items.csv: Preis: number; Größe: text; gesehen: date"
    assert values(shelf, "Preis") == [12.5, 1299, 9.99, 20, 19.95, None, 7, 100]
    assert values(shelf, "gesehen")[:2] == ["2024-04-01", "2024-04-02"]
    table.write_bytes(SHOP.replace("12,50", "11,00").encode("cp1252"))
    again = said(run("index", "shelf", "--attributes", "items.csv"))
    assert again[:2] == ["items.csv: read with --decimal , --dates dmy --encoding cp1252, as before", first[0]]
    assert values(shelf, "Preis")[0] == 11


def test_info_says_it_and_a_later_run_changes_it(run, shelf, table):
    run("index", "shelf", "--attributes", "items.csv", *OPTIONS, "--type", "Preis=money", "--type", "Größe=text")
    facts = json.loads(run("info", "shelf", "--format", "json").out)
    told = {name: facts[name] for name in ("decimal", "dates", "types", "encoding")}
    assert told == {"decimal": ",", "dates": "dmy", "types": ["Preis=money", "Größe=text"], "encoding": "cp1252"}
    assert "decimal: ,\n" in run("info", "shelf").out
    table.write_text("file,Preis\n0.png,1.299,\n".replace(",\n", "\n"), encoding="utf-8")
    result = run("index", "shelf", "--attributes", "items.csv", "--decimal", ".", "--type", "Größe=")
    assert said(result)[0] == "items.csv: read with --dates dmy --type Preis=money, as before"
    assert values(shelf, "Preis")[0] == 1.299
    facts = json.loads(run("info", "shelf", "--format", "json").out)
    assert (facts["decimal"], facts["types"]) == (".", ["Preis=money"])
    run("index", "shelf")
    assert json.loads(run("info", "shelf", "--format", "json").out)["types"] == ["Preis=money"]


def test_an_encoding_is_remembered_for_tables_that_are_not_utf_8_alone(run, shelf, table):
    run("index", "shelf", "--attributes", "items.csv", *OPTIONS)
    table.write_text("file;Größe\n0.png;größer\n", encoding="utf-8")
    lines = said(run("index", "shelf", "--attributes", "items.csv"))
    assert lines[0] == "items.csv: read with --decimal , --dates dmy, as before"
    assert values(shelf, "Größe")[0] == "größer"


@pytest.mark.parametrize(
    ("cells", "options", "message"),
    [
        (
            "5,n/a",
            ["--type", "b=number"],
            "items.csv: line 2: 'n/a' is no number, and b is to be a number, such as 12.50",
        ),
        (
            "5,€ 6",
            ["--type", "b=number"],
            "is no number, and b is to be a number, such as 12.50: --type b=money leaves",
        ),
        (
            "5,31.2.2024",
            ["--type", "b=date", "--dates", "dmy"],
            "is no date, and b is to be a date, such as 2026-05-31",
        ),
        ("5,6", ["--type", "c=number"], "unknown column of items.csv 'c'"),
        ("5,6", ["--type", "b=nmber"], "unknown type in b=nmber 'nmber': did you mean number?"),
        ("5,6", ["--type", "b"], "b: write NAME=TYPE, for example price=number"),
        ("5,6", ["--decimal", ";"], "';' is no decimal mark: choose . or ,"),
        ("5,6", ["--dates", "dym"], "unknown order of dates 'dym': "),
    ],
)
@pytest.mark.parametrize("indexed", [True, False])
def test_what_cannot_be_read_as_told_changes_nothing(run, shelf, indexed, cells, options, message):
    if not indexed:
        shutil.rmtree(shelf / ".imgsim")
    (shelf.parent / "items.csv").write_text(f"file,a,b\n0.png,{cells}\n", encoding="utf-8")
    before = run("info", "shelf").out
    result = run("index", "shelf", "--attributes", "items.csv", *options)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert result.err.count("\n") == 1
    assert run("info", "shelf").out == before


def test_how_a_table_is_written_needs_a_table(run, shelf):
    for options in (["--decimal", ","], ["--dates", "dmy"], ["--type", "a=text"]):
        result = run("index", "shelf", *options)
        assert (result.code, "name it with --attributes" in result.err) == (2, True)


def test_what_was_declared_is_respected(run, shelf):
    run("set", "--declare", "price=number", "--index", "shelf")
    table = shelf.parent / "items.csv"
    table.write_text("file,price\n0.png,5\n1.png,cheap\n", encoding="utf-8")
    result = run("index", "shelf", "--attributes", "items.csv")
    assert result.code == 2
    assert result.err == (
        "imgsim: items.csv: line 3: 'cheap' is no number, and price is declared to be a number, such as 12.50; "
        "`imgsim set --declare price=` takes that back\n"
    )
    refused = run("index", "shelf", "--attributes", "items.csv", "--type", "price=text")
    assert (refused.code, refused.err) == (
        2,
        "imgsim: price=text: price is declared to be a number; `imgsim set --declare price=` takes that back\n",
    )
    assert values(shelf, "price") == [None] * 8
    table.write_text("file,price\n0.png,€ 5\n", encoding="utf-8")
    assert run("index", "shelf", "--attributes", "items.csv", "--type", "price=money").code == 0
    assert values(shelf, "price")[0] == 5


def test_a_type_once_told_is_refused_with_how_to_take_it_back(run, shelf):
    table = shelf.parent / "items.csv"
    table.write_text("file,price\n0.png,5\n", encoding="utf-8")
    run("index", "shelf", "--attributes", "items.csv", "--type", "price=number")
    table.write_text("file,price\n0.png,cheap\n", encoding="utf-8")
    result = run("index", "shelf", "--attributes", "items.csv")
    assert (result.code, "; --type price= takes that back\n" in result.err) == (2, True)
    assert run("index", "shelf", "--attributes", "items.csv", "--type", "price=").code == 0
    assert values(shelf, "price")[0] == "cheap"


def test_a_byte_order_mark_and_empty_cells_are_no_values(run, shelf):
    (shelf.parent / "items.csv").write_bytes("file;price\n0.png;12,50\n1.png;\n".encode("utf-8-sig"))
    run("index", "shelf", "--attributes", "items.csv", "--decimal", ",", "--type", "price=number")
    assert values(shelf, "price")[:2] == [12.5, None]


def test_texts_in_json_lines_are_read_alike(run, shelf):
    rows = [{"file": "0.png", "price": "12,50", "code": "10115"}, {"file": "1.png", "price": 13, "code": "20095"}]
    (shelf.parent / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert (
        "items.jsonl: price: number; code: text"
        in run("index", "shelf", "--attributes", "items.jsonl", "--decimal", ",").err
    )
    assert values(shelf, "price")[:2] == [12.5, 13]


def test_texts_in_parquet_are_read_alike(run, shelf):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {"file": ["0.png", "1.png"], "price": ["€ 12,50", "1.299 €"], "seen": ["3/14/2024", "3/15/2024 1:05 pm"]}
    parquet.write_table(pyarrow.table(columns), shelf.parent / "items.parquet")
    told = run("index", "shelf", "--attributes", "items.parquet").err
    assert "price: text, since '€ 12,50' in row 1 is no number: --decimal , --type price=money\n" in told
    assert "seen: text, since '3/14/2024' in row 1 is no date: --dates mdy\n" in told
    run("index", "shelf", "--attributes", "items.parquet", "--decimal", ",", "--type", "price=money", "--dates", "mdy")
    assert values(shelf, "price")[:2] == [12.5, 1299]
    assert values(shelf, "seen")[:2] == ["2024-03-14", "2024-03-15T13:05:00"]


# ------------------------------------------------------------------ conditions on what is text


def listed(run, expression):
    result = run("list", "shelf", "--where", expression)
    return result.code, [line for line in result.out.splitlines() if ".png" in line], result.err


def test_a_number_asked_of_text_proposes_how_to_read_the_table(run, shelf):
    prices = ["12,50", "1.299,00", "9,99", "20", "19,95", "3,00", "7,00", "100,00"]
    rows = "".join(f"{number}.png;{price}\n" for number, price in enumerate(prices))
    (shelf.parent / "items.csv").write_bytes(
        "".join(["Datei;Preis;Größe\n", *(f"{row};ß\n" for row in rows.splitlines())]).encode("cp1252")
    )
    run("index", "shelf", "--attributes", "items.csv", "--encoding", "cp1252")
    for expression in ("Preis < 20", "not Preis = 20", "Preis in (20, 30)", "Preis between 5 and 20"):
        code, _, err = listed(run, expression)
        assert code == 2
        assert "Preis is text ('1.299,00'), which can be read as numbers: " in err
        assert err.endswith("`imgsim index FOLDER --attributes TABLE --decimal ,`\n")
        assert "quotes" not in err
    wrong = listed(run, "Preis < '20'")[1]
    run("index", "shelf", "--attributes", "items.csv", "--decimal", ",")
    code, found, _ = listed(run, "Preis < 20")
    assert (code, len(found)) == (0, 5)
    assert len(wrong) != 5


@pytest.mark.parametrize(
    ("cells", "expression", "message"),
    [
        (["30,000", "5,000"], "x < 9", "can be read as numbers: `{index} --decimal . or --decimal ,`"),
        (["€ 5", "€ 6.50"], "x < 9", "can be read as numbers: `{index} --type x=money`"),
        (["5 EUR", "6,50 EUR"], "x < 9", "can be read as numbers: `{index} --decimal , --type x=money`"),
        (["3.4.2024", "5.6.2024"], "x < 2024-05-01", "can be read as dates: `{index} --dates dmy`"),
        (["3/4/2024", "5/6/2024"], "x < 2024-05-01", "can be read as dates: `{index} --dates dmy or --dates mdy`"),
        (["5", "6", "n/a"], "x < 9", "x is text, since 'n/a' is no number: correct that in its table, and import it "),
        (
            ["5,5", "6", "n/a"],
            "x < 9",
            "since 'n/a' is no number: correct that in its table, and import it again: `{index} --",
        ),
        (["red", "blue"], "x = 9", "x holds text, 9 is a number; text goes in quotes"),
        (["red", "blue"], "x < 9", "texts are not in that order"),
    ],
)
def test_what_reads_the_texts_is_proposed(run, shelf, cells, expression, message):
    rows = [{"file": f"{number}.png", "x": cell} for number, cell in enumerate(cells)]
    (shelf.parent / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))
    run("index", "shelf", "--attributes", "items.jsonl")
    result = run("list", "shelf", "--where", expression)
    assert result.code == 2
    assert message.format(index="imgsim index FOLDER --attributes TABLE") in result.err
    assert result.err.count("\n") == 1


def test_texts_that_are_numbers_as_they_stand_want_their_type_told(run, shelf):
    (shelf.parent / "items.jsonl").write_text('{"file": "0.png", "x": "5"}')
    run("index", "shelf", "--attributes", "items.jsonl")
    result = run("list", "shelf", "--where", "x < 9")
    assert (
        "x is text ('5'), which can be read as numbers: `imgsim index FOLDER --attributes TABLE --type x=number`"
        in (result.err)
    )
    run("index", "shelf", "--attributes", "items.jsonl", "--type", "x=number")
    assert run("list", "shelf", "--where", "x < 9").code == 0
