"""`imgsim index --attributes`, `query --where`, `--color` and `--show`, `list` and `set`."""

import csv
import io
import json
import os
from datetime import datetime, timedelta

import PIL.Image
import pytest

from imgsim.index.index import open_index
from imgsim.index.sqlite.sqlite_store import SqliteStore
from imgsim.where.conditions import FIELDS

TABLE = """\
file,price,brand
0.png,5,Nord
1.png,7.5,Nord
2.png,30,Acme
3.png,,
4.png,30,
5.png,1,x
6.png,1,x
7.png,1,x
"""


@pytest.fixture
def described(run, shelf):
    (shelf.parent / "items.csv").write_text(TABLE)
    assert run("index", "shelf", "--attributes", "items.csv").code == 0
    return shelf


@pytest.fixture
def colored(described):
    store = SqliteStore.open_writer(str(described / ".imgsim"), str(described))
    with store.transaction():
        for number, red in enumerate([0.125, 0.875, 0.5]):
            probabilities = {"red": red, "blue": 1 - red}
            color = max(probabilities, key=probabilities.get)
            store.merge_attributes(f"{number}.png", {"color": color, "color_probabilities": probabilities})
    store.close()
    return described


def paths(text):
    return [line.split("\t")[2] for line in text.splitlines()]


# ------------------------------------------------------------------ index


def test_the_summary_counts_described_photos(run, shelf):
    (shelf.parent / "items.csv").write_text(TABLE)
    lines = run("index", "shelf", "--attributes", "items.csv").err.splitlines()
    assert lines[0] == "items.csv: price: number; brand: text"
    assert lines[1].startswith("shelf: 0 added, 8 unchanged, 7 described in ")
    again = json.loads(run("index", "shelf", "--attributes", "items.csv", "--format", "json").out)
    assert (again["described"], again["lost_rows"], again["without_row"]) == (0, 0, 0)


def test_what_found_no_place_is_said_and_strict_makes_it_an_error(run, shelf):
    (shelf.parent / "items.csv").write_text("file,price\n0.png,5\n9.png,6\n1.png,n/a\n2.png,7\n3.png,8\n")
    result = run("index", "shelf", "--attributes", "items.csv")
    assert result.code == 0
    assert result.err.splitlines()[:3] == [
        "items.csv: price: text, since 'n/a' in line 4 is no number",
        "items.csv: 1 row without a photo: line 3 (9.png)",
        "items.csv: 4 photos without a row: 4.png, 5.png, 6.png, ...",
    ]
    assert "4 described, 1 lost rows, 4 without row" in result.err
    assert run("index", "shelf", "--attributes", "items.csv", "--strict").code == 2
    assert run("index", "shelf", "--strict").code == 0


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("file,price\n0.png,5\n0.png,6\n", [], "imgsim: items.csv: line 2 and line 3 are both about 0.png"),
        ("file,price\n0.png,5\n", ["--key", "fil"], "imgsim: unknown column 'fil': did you mean file?"),
        ("file,price\n0.png,\xf65\n".encode("latin-1"), [], "imgsim: items.csv: line 2 is not UTF-8"),
        ("", [], "imgsim: items.csv: there are no columns in it"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_line(run, shelf, content, options, message):
    (shelf.parent / "items.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    result = run("index", "shelf", "--attributes", "items.csv", *options)
    assert result.code == 2
    assert result.err.startswith(message)
    assert result.err.count("\n") == 1


def test_key_and_encoding_need_a_table(run, shelf):
    for options in (["--key", "file"], ["--encoding", "cp1252"]):
        result = run("index", "shelf", *options)
        assert (result.code, "--attributes" in result.err) == (2, True)


def test_info_lists_attributes(run, described):
    text = run("info", "shelf").out
    assert "attribute: brand: text, 6 photos\nattribute: price: number, 7 photos\n" in text
    facts = json.loads(run("info", "shelf", "--format", "json").out)["attributes"]
    assert facts[1] == {"name": "price", "types": ["number"], "photos": 7}


# ------------------------------------------------------------------ query


QUERY = ["query", "shelf/0.png", "--index", "shelf"]


def test_where_leaves_k_that_fit(run, described):
    everything = paths(run(*QUERY).out)
    fitting = [path for path in everything if path in ("2.png", "4.png", "1.png")]
    result = run(*QUERY, "--where", "price between 7 and 30", "-k", 2)
    assert (result.code, paths(result.out)) == (0, fitting[:2])
    narrowed = run(*QUERY, "--where", "price between 7 and 30", "--where", 'brand = "Nord"')
    assert paths(narrowed.out) == ["1.png"]


def test_attributes_are_shown(run, described):
    (row,) = map(json.loads, run(*QUERY, "--where", "price = 7.5", "--format", "jsonl").out.splitlines())
    assert row["attributes"] == {"price": 7.5, "brand": "Nord"}
    (row,) = map(
        json.loads, run(*QUERY, "--where", "price = 7.5", "--format", "jsonl", "--show", "price").out.splitlines()
    )
    assert row["attributes"] == {"price": 7.5}
    both = run(*QUERY, "--show", "brand, price", "--where", "price > 7")
    cells = {line.split("\t")[2]: line.split("\t")[4:] for line in both.out.splitlines()}
    assert cells == {"1.png": ["Nord", "7.5"], "2.png": ["Acme", "30"], "4.png": ["", "30"]}
    header, *_ = csv.reader(io.StringIO(run(*QUERY, "--show", "price", "--format", "csv").out))
    assert header == ["query", "rank", "path", "distance", "price"]
    table = run(*QUERY, "--show", "price", "--format", "table", "-k", 1).out
    assert table.splitlines()[0].split() == ["query", "rank", "path", "distance", "price"]


def test_an_attribute_named_like_a_column_is_told_from_it(run, described):
    run("set", "shelf/1.png", "rank=gold", "sold=true")
    header, *rows = csv.reader(
        io.StringIO(run(*QUERY, "--show", "rank,sold", "--format", "csv", "--where", "has rank").out)
    )
    assert header == ["query", "rank", "path", "distance", "attributes.rank", "sold"]
    assert [row[4:] for row in rows] == [["gold", "true"]]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--where", "prise < 5"], 2, "imgsim: unknown attribute 'prise': did you mean price?"),
        (["--where", "price < 'x'"], 2, "imgsim: column 9 of the expression: price holds numbers, 'x' is text"),
        (["--where", "brand = 'x"], 2, "imgsim: column 9 of the expression: this quote is not closed"),
        (["--where", "(price = 5"], 2, "imgsim: column 1 of the expression: this ( is not closed"),
        (["--where", "price < 0 and has brand"], 1, "imgsim: no photo has price < 0"),
        (["--where", "brand = 'nord'"], 1, "imgsim: no photo has brand = 'nord': did you mean 'Nord'?"),
        (["--show", "prise"], 2, "imgsim: unknown attribute 'prise': did you mean price?"),
        (["--color", "red"], 2, "has colours: `imgsim index"),
    ],
)
def test_mistakes_and_empty_answers_are_one_line(run, described, options, code, message):
    for command in (QUERY, ["list", "shelf"]):
        if command[0] == "list" and options[0] == "--color":
            continue
        result = run(*command, *options)
        assert (result.code, result.out) == (code, "")
        assert message in result.err
        assert result.err.count("\n") == 1


def test_an_attribute_that_no_photo_has_yet_counts_as_missing_with_one_note(run, described):
    note = (
        "imgsim: no photo has an attribute returned yet, so all count as without: "
        "`imgsim set --declare returned=boolean` says that it is meant\n"
    )
    listed = run("list", "shelf", "--where", "not returned = true and price < 6", "--where", "not returned = true")
    assert (listed.code, listed.err) == (0, note)
    assert listed.out == run("list", "shelf", "--where", "price < 6").out
    asked = run("query", "shelf/0.png", "shelf/1.png", "--index", "shelf", "--where", "not returned = true")
    assert (asked.code, asked.err, asked.out) == (0, note, run("query", "shelf/0.png", "shelf/1.png").out)
    wrong = run("list", "shelf", "--where", "not returned = true and price = 'x'")
    assert (wrong.code, wrong.err.count("\n")) == (2, 1)


def test_conditions_count_from_the_clock(run, described):
    days = [(datetime.now() - timedelta(days=ago)).date().isoformat() for ago in (0, 1, 9)]
    for number, day in enumerate(days):
        run("set", f"shelf/{number}.png", f"found_on={day}")
    recent = run("list", "shelf", "--where", "found_on >= today - 7 days")
    assert (recent.out, recent.err) == ("shelf/0.png\nshelf/1.png\n", "")
    assert run("list", "shelf", "--where", "found_on between yesterday and today").out == recent.out
    assert set(paths(run("query", "shelf/5.png", "--where", "found_on < yesterday").out)) == {"2.png"}
    refused = run("list", "shelf", "--where", "found_on > today - 7")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "imgsim: column 21 of the expression: expected days or weeks after 7, found nothing\n"


def test_quiet_keeps_an_empty_answer_silent(run, described):
    assert run(*QUERY, "--where", "price < 0", "-q").err == ""


def test_a_colours_name_ranks_without_a_photo(run, colored):
    result = run("query", "--color", "red", "--index", "shelf")
    assert result.code == 0
    assert result.out == "red\t1\t1.png\t0.125\nred\t2\t2.png\t0.5\nred\t3\t0.png\t0.875\n"
    assert paths(run("query", "--color", "red", "--index", "shelf", "--where", "price < 10", "-k", 1).out) == ["1.png"]
    assert paths(run("query", "--color", "red", "--index", "shelf", "--max-distance", "0.6").out) == ["1.png", "2.png"]
    found = run("query", "--color", "red", "--index", "shelf", "--format", "paths", "-k", 1).out
    assert found == os.path.join("shelf", "1.png") + "\n"
    nothing = run("query", "--color", "red", "--index", "shelf", "--where", "price = 1")
    assert (nothing.code, nothing.out) == (1, "")
    assert nothing.err == "imgsim: no photo has price = 1 and has color_probabilities\n"


def test_a_colours_name_with_a_photo_is_a_condition(run, colored):
    assert set(paths(run(*QUERY, "--color", "red").out)) == {"1.png", "2.png"}
    assert paths(run(*QUERY, "--color", "red", "--where", "price = 30").out) == ["2.png"]


def test_an_unknown_colour_gets_a_suggestion(run, colored):
    for command in (QUERY, ["query", "--index", "shelf"]):
        result = run(*command, "--color", "reed")
        assert result.code == 2
        assert "unknown colour 'reed': did you mean red?" in result.err


def test_the_grid_of_a_colour_has_matches_alone(run, colored):
    assert run("query", "--color", "red", "--index", "shelf", "--grid", "grid.png").code == 0
    run("query", "shelf/5.png", "--index", "shelf", "-k", 3, "--grid", "photo.png")
    with PIL.Image.open("grid.png") as without, PIL.Image.open("photo.png") as with_query:
        assert without.size[0] < with_query.size[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Missing argument 'PHOTO...', or --color"),
        (["--where", "price < 5"], "`imgsim list --where` lists photos"),
        (["--color", "red", "-x", "phash"], "--extractor is about comparing photos"),
        (["--color", "red", "-m", "cosine"], "--metric is about comparing photos"),
        (["--color", "red", "--include-self"], "--include-self is about comparing photos"),
    ],
)
def test_without_a_photo_there_must_be_a_colour(run, colored, options, message):
    result = run("query", "--index", "shelf", *options)
    assert result.code == 2
    assert message in result.err


# ------------------------------------------------------------------ list


def test_paths_open_from_where_the_user_stands(run, described, monkeypatch):
    assert run("list", "shelf", "--where", "price = 30").out == "shelf/2.png\nshelf/4.png\n"
    monkeypatch.chdir(described)
    assert run("list", "--where", "price = 30", "-0").out.split("\0") == ["./2.png", "./4.png", ""]
    assert len(run("list").out.splitlines()) == 8


def test_rows_of_a_list(run, described):
    options = ["list", "--index", "shelf", "--where", "price = 30"]
    size = (described / "2.png").stat().st_size
    assert run(*options, "--format", "tsv").out.splitlines()[0] == f"2.png\t48\t36\t{size}"
    assert run(*options, "--show", "brand,price").out == "2.png\tAcme\t30\n4.png\t\t30\n"
    assert run(*options, "--show", "brand", "--format", "csv").out == "path,brand\n2.png,Acme\n4.png,\n"
    first = json.loads(run(*options, "--format", "jsonl").out.splitlines()[0])
    assert first == {
        "path": "2.png",
        "width": 48,
        "height": 36,
        "size": size,
        "attributes": {"price": 30, "brand": "Acme"},
    }
    assert run(*options, "--format", "table").out.splitlines()[0].split() == ["path", "width", "height", "size"]


def test_a_list_is_sorted_and_cut(run, described):
    assert run("list", "shelf", "--sort", "-price,path", "--limit", 3).out == "shelf/2.png\nshelf/4.png\nshelf/1.png\n"
    assert run("list", "shelf", "--limit", 2).out == "shelf/0.png\nshelf/1.png\n"
    options = ["list", "shelf", "--sort", "brand,-price", "--show", "brand,price,width"]
    assert run(*options, "--where", "has price").out == (
        "2.png\tAcme\t30\t48\n1.png\tNord\t7.5\t48\n0.png\tNord\t5\t48\n"
        "5.png\tx\t1\t48\n6.png\tx\t1\t48\n7.png\tx\t1\t48\n4.png\t\t30\t48\n"
    )
    assert run("list", "shelf", "--sort", "-path", "-0", "--limit", 1).out == "shelf/7.png\0"
    nothing = run("list", "shelf", "--sort", "price", "--limit", 1, "--where", "price < 0")
    assert (nothing.code, nothing.out, nothing.err) == (1, "", "imgsim: no photo has price < 0\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sort", "prise"], "imgsim: unknown attribute 'prise': did you mean price?"),
        (["--sort", "price,-brnd"], "imgsim: unknown attribute 'brnd': did you mean brand?"),
        (["--sort", ""], "imgsim: nothing to sort by: name an attribute"),
        (["--limit", "0"], "Invalid value for '--limit'"),
        (["--limit", "x"], "Invalid value for '--limit'"),
        (["--show", "widht"], "imgsim: unknown attribute 'widht': did you mean width?"),
    ],
)
def test_what_a_list_cannot_be_sorted_by_is_said(run, described, options, message):
    result = run("list", "shelf", *options)
    assert (result.code, result.out, message in result.err) == (2, "", True)
    assert result.err.count("\n") == 1 or "Usage:" in result.err


def test_what_every_photo_has_is_shown(run, described):
    size = (described / "2.png").stat().st_size
    where = ["--where", "price = 30 and has brand"]
    for names in ("size,price,width,path", "size, price ,photo.width"):
        assert run("list", "shelf", *where, "--show", names).out == f"2.png\t{size}\t30\t48\n"
        header, *_ = run("list", "shelf", *where, "--show", names, "--format", "csv").out.splitlines()
        assert header == "path,size,price,width"
        asked = run(*QUERY, *where, "--show", names).out.split("\t")
        assert asked[:3] + asked[4:] == ["shelf/0.png", "1", "2.png", str(size), "30", "48\n"]
    (row,) = map(json.loads, run(*QUERY, *where, "--show", "width", "--format", "jsonl").out.splitlines())
    assert (row["width"], "attributes" in row) == (48, False)
    (row,) = map(json.loads, run("list", "shelf", *where, "--show", "price,size", "--format", "jsonl").out.splitlines())
    assert row == {"path": "2.png", "size": size, "attributes": {"price": 30}}
    table = run("list", "shelf", *where, "--show", "height", "--format", "table").out.splitlines()
    assert [line.split() for line in table] == [["path", "height"], ["2.png", "36"]]


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_is_shown_and_sorted_by(run, described, field):
    listed = run("list", "shelf", "--show", field, "--sort", f"-{field}", "--format", "jsonl").out.splitlines()
    values = [json.loads(line)[field] for line in listed]
    assert values == sorted(values, reverse=True)
    assert (len(values), None in values) == (8, False)


def test_an_attribute_called_like_a_field_is_shown_first(run, described):
    run("set", "shelf/2.png", "width=wide", "unit price=3")
    options = ["list", "shelf", "--where", 'has "width"', "--format", "csv", "--show"]
    assert run(*options, "width").out == "path,width\n2.png,wide\n"
    assert run(*options, '"width"').out == "path,width\n2.png,wide\n"
    assert run(*options, "photo.width,width").out == "path,photo.width,width\n2.png,48,wide\n"
    assert run(*options, "photo.width,unit price").out == "path,width,unit price\n2.png,48,3\n"
    (row,) = map(json.loads, run(*options[:-2], "jsonl", "--show", "width,photo.width").out.splitlines())
    assert row == {"path": "2.png", "photo.width": 48, "attributes": {"width": "wide"}}


def test_a_list_of_nothing(run, described, tmp_path):
    (tmp_path / "empty").mkdir()
    run("index", "empty", "-x", "phash")
    nothing = run("list", "empty")
    assert (nothing.code, nothing.out, nothing.err) == (1, "", "")


def test_null_writes_paths(run, described):
    for options in (["--format", "csv"], ["--show", "price"]):
        result = run("list", "shelf", "-0", *options)
        assert (result.code, "-0 writes paths" in result.err) == (2, True)


def test_a_list_feeds_a_pipeline(shell, described):
    line = "imgsim list shelf --where \"brand = 'x'\" | while read -r photo; do imgsim set $photo sold=true -q; done; "
    line += "imgsim list shelf --where 'sold = true' | wc -l"
    result = shell(line, described.parent)
    assert (result.stdout.split(), result.stderr) == ([b"3"], b"")


# ------------------------------------------------------------------ set


def test_set_says_what_it_did_and_keeps_galleries(run, described):
    galleries = sorted(path.name for path in (described / ".imgsim" / "cache").iterdir())
    result = run("set", "shelf/2.png", "price=31", "brand=", "sold=true", "note=from Line 2")
    assert result.code == 0
    assert result.err == 'shelf/2.png: price = 31, no brand, sold = true, note = "from Line 2"\n'
    assert run("list", "shelf", "--where", "price = 31 and sold = true and not has brand").out == "shelf/2.png\n"
    run(*QUERY)
    assert sorted(path.name for path in (described / ".imgsim" / "cache").iterdir()) == galleries


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shelf/0.png", "price=cheap"], "imgsim: price=cheap: on other photos price is a number"),
        (["shelf/0.png", "price"], "imgsim: price: write NAME=VALUE"),
        (["shelf/9.png", "price=5"], "imgsim: shelf/9.png: no such file"),
        (["items.csv", "price=5"], "imgsim: items.csv: not in the index of "),
    ],
)
def test_mistakes_of_set_are_one_line(run, described, arguments, message):
    result = run("set", *arguments, "--index", "shelf")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert result.err.startswith(message)
    assert run("set", "shelf/0.png").code == 2


@pytest.mark.parametrize(
    "arguments", [["shelf/0.png", "shelf/2.png", "sold=true"], ["sold=true", "shelf/0.png", "shelf/2.png"]]
)
def test_many_photos_are_set_at_once_in_either_order(run, described, arguments):
    result = run("set", *arguments, "brand=")
    assert (result.code, result.out, result.err) == (0, "", "2 photos changed: sold = true, no brand\n")
    assert run("list", "shelf", "--where", "sold = true and not has brand").out == "shelf/0.png\nshelf/2.png\n"
    again = run("set", *arguments, "shelf/3.png", "shelf/0.png")
    assert again.err == "1 of 3 photos changed, the others were so: sold = true\n"


def test_photos_to_be_set_come_from_stdin(run, described):
    listed = run("list", "shelf", "--where", "price = 30", "-0").out
    result = run("set", "sold=true", "-", "-0", stdin=listed)
    assert (result.code, result.err) == (0, "2 photos changed: sold = true\n")
    assert run("set", "-", "note=new", stdin="shelf/2.png\r\nshelf/5.png\n").err == '2 photos changed: note = "new"\n'
    assert run("set", "-", "shelf/0.png", "note=", stdin="shelf/2.png\n").err.startswith("1 of 2 photos changed")
    assert run("list", "shelf", "--where", "sold = true").out == "shelf/2.png\nshelf/4.png\n"
    for arguments in (["-", "price=1"], ["-", "--drop", "price"], ["-", "price=1", "--where", "has price"]):
        nothing = run("set", *arguments, stdin="")
        assert (nothing.code, nothing.err.count("\n")) == (1, 1)
    assert "attribute: price: number, 7 photos" in run("info", "shelf").out


def test_photos_to_be_set_are_those_for_which_a_condition_holds(run, described):
    result = run("set", "--index", "shelf", "--where", "price < 6", "cheap=true")
    assert (result.code, result.err) == (0, "4 photos changed: cheap = true\n")
    narrowed = run("set", "shelf/0.png", "shelf/2.png", "cheap=false", "--where", "price < 6")
    assert narrowed.err == "1 photo changed: cheap = false\n"
    assert run("list", "shelf", "--where", "cheap = false").out == "shelf/0.png\n"
    nothing = run("set", "--index", "shelf", "--where", "price < 0", "cheap=true")
    assert (nothing.code, nothing.err) == (1, "imgsim: no photo has price < 0\n")
    nothing = run("set", "shelf/2.png", "--where", "price < 6", "cheap=true")
    assert (nothing.code, nothing.err) == (1, "imgsim: of the photos named, none has price < 6\n")
    absent = run("set", "--index", "shelf", "--where", "not returned = true", "returned=true")
    assert (absent.code, absent.err.splitlines()[1]) == (0, "8 photos changed: returned = true")
    assert absent.err.startswith("imgsim: no photo has an attribute returned yet, so all count as without")


def test_what_a_file_or_photo_is_called_is_no_assignment(run, make_photos, monkeypatch):
    folder = make_photos("a=b.png", "c.png", folder="shelf")
    run("index", "shelf", "-x", "phash")
    monkeypatch.chdir(folder.parent)
    run("index", "shelf", "-x", "phash")
    assert run("set", "shelf/a=b.png", "x=1").err == "shelf/a=b.png: x = 1\n"
    assert run("set", "a=b.png", "c.png", "x=2", "--index", "shelf").err == "2 photos changed: x = 2\n"
    (folder.parent / "x=3").write_text("")
    refused = run("set", "shelf/c.png", "x=3")
    assert (refused.code, "x=3 is a file, and so a PHOTO: 'x =3' sets x" in refused.err) == (2, True)
    refused = run("set", "shelf/c.png", "x=3", "y=4")
    assert (refused.code, refused.err.startswith("imgsim: x=3: not in the index of ")) == (2, True)
    assert run("set", "shelf/c.png", "x =3").err == "shelf/c.png: x = 3\n"


def test_an_attribute_is_dropped_from_photos_or_from_all(run, described):
    assert run("set", "shelf/0.png", "--drop", "price").err == "shelf/0.png: no price\n"
    result = run("set", "--where", "price = 30", "--drop", "price", "sold=true", "--index", "shelf")
    assert result.err == "2 photos changed: sold = true, no price\n"
    run("set", "--declare", "price=number", "--declare", "empty=text", "--index", "shelf")
    result = run("set", "--drop", "price", "--drop", "brand", "--drop", "empty", "--index", "shelf")
    said = "price removed from 4 photos, brand removed from 6 photos, empty is no longer declared"
    assert (result.code, result.err) == (0, f"{os.path.join('shelf', '.imgsim')}: {said}\n")
    assert [line for line in run("info", "shelf").out.splitlines() if line.startswith("attribute")] == [
        "attribute: sold: boolean, 2 photos"
    ]
    assert run("index", "shelf", "--attributes", "items.csv").code == 0
    assert "attribute: price: number, 7 photos" in run("info", "shelf").out


def test_hidden_photos_lose_a_dropped_attribute_too(run, described):
    (described / "2.png").rename(described.parent / "away.png")
    run("index", "shelf")
    assert "brand removed from 6 photos" in run("set", "--drop", "brand", "--index", "shelf").err
    (described.parent / "away.png").rename(described / "2.png")
    run("index", "shelf")
    assert run("list", "shelf", "--where", "price = 30", "--show", "price").out == "2.png\t30\n4.png\t30\n"
    assert "brand" not in run("info", "shelf").out


def test_what_was_measured_is_not_dropped(run, described):
    store = SqliteStore.open_writer(str(described / ".imgsim"), str(described))
    with store.transaction():
        store.choose_color_measure("some")
        photo = store.photo_key("0.png")
        store.facts.write(photo, store.facts.held(photo), store.facts.held(photo)._replace(measured={"color": "red"}))
    store.close()
    refused = run("set", "--drop", "color", "--index", "shelf")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "color was measured of the photos, and typed of none" in refused.err
    run("set", "shelf/0.png", "color=blue")
    assert "color removed from 1 photo" in run("set", "--drop", "color", "--index", "shelf").err
    assert run("list", "shelf", "--where", "color = 'red'").out == "shelf/0.png\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shelf/0.png", "shelf/9.png", "price=9"], "imgsim: shelf/9.png: no such file"),
        (["-", "price=9"], "imgsim: gone: no such file"),
        (["shelf/0.png", "price=9", "brand=x", "price=cheap"], "imgsim: price=cheap: on other photos price is"),
        (["shelf/0.png", "price=9", "price=9"], "imgsim: price=9: price is given twice"),
        (["shelf/0.png", "price=9", "--drop", "price"], "imgsim: price is set and dropped"),
        (["shelf/0.png", "price=9", "--drop", "prise"], "imgsim: unknown attribute 'prise': did you mean price?"),
        (["--drop", "brand", "--drop", "prise"], "imgsim: unknown attribute 'prise': did you mean price?"),
        (["--drop", "width"], "imgsim: width: what every photo has by that name stays"),
        (["--where", "prise < 5", "price=9"], "imgsim: unknown attribute 'prise': did you mean price?"),
        (["--where", "price <", "price=9"], "imgsim: column 8 of the expression"),
        (["price=9"], "Missing argument 'PHOTO', or --where"),
        (["price=9", "--drop", "brand"], "Missing argument 'PHOTO', or --where"),
        (["--where", "has price"], "Missing argument 'NAME=VALUE...'"),
        (["shelf/0.png", "price=9", "-0"], "-0 is about paths on stdin"),
        (["--declare", "x=text", "--where", "has price"], "--declare is about the whole index"),
    ],
)
def test_what_is_wrong_with_many_changes_none(run, described, arguments, message):
    before = run("list", "shelf", "--format", "jsonl").out
    result = run("set", *arguments, "--index", "shelf", stdin="shelf/0.png\ngone\n")
    assert (result.code, message in result.err) == (2, True)
    assert result.err.count("\n") == 1 or "Usage:" in result.err
    assert run("list", "shelf", "--format", "jsonl").out == before


def test_a_picture_on_stdin_is_no_list_of_paths(shell, described):
    result = shell("imgsim set - price=9 < shelf/0.png", described.parent)
    assert (result.returncode, result.stderr.decode()) == (
        2,
        "imgsim: standard input: a picture, where paths are read, one a line\n",
    )


def test_a_photo_that_is_hidden_is_said_to_be_and_what_helps_does(run, described):
    (described / "0.png").rename(described.parent / "away.png")
    (described / "1.png").write_bytes(b"half")
    run("index", "shelf", "--exclude", "2.*")
    for photo, message in (
        ("0.png", "imgsim: shelf/0.png: missing: it is kept in the index until it is back\n"),
        ("1.png", "imgsim: shelf/1.png: cannot be read, and so is not in the index of "),
        ("2.png", "imgsim: shelf/2.png: left out of the index of "),
    ):
        result = run("set", f"shelf/{photo}", "price=1")
        assert (result.code, result.err.count("\n")) == (2, 1)
        assert result.err.startswith(message)
    assert "`imgsim index` with other --include or --exclude takes it in" in result.err
    run("index", "shelf", "--exclude", "")
    assert run("set", "shelf/2.png", "price=1").code == 0


def test_names_that_are_no_unicode_are_refused(run, described):
    result = run("set", "shelf/0.png", "note=" + os.fsdecode(b"\xff"))
    assert result.code == 2
    assert "not valid Unicode text" in result.err


def test_a_declared_attribute_is_seen_everywhere_and_survives(run, described):
    result = run("set", "--declare", "returned=boolean", "--index", "shelf")
    assert (result.code, result.err) == (0, f"{os.path.join('shelf', '.imgsim')}: returned is boolean\n")
    for _ in range(2):
        assert "attribute: returned: boolean, 0 photos\n" in run("info", "shelf").out
        listed = run("list", "shelf", "--where", "not returned = true", "--show", "returned")
        assert (listed.code, listed.err, len(listed.out.splitlines())) == (0, "", 8)
        assert run("index", "shelf", "--attributes", "items.csv").code == 0
    refused = run("set", "shelf/0.png", "returned=maybe")
    assert (refused.code, "returned is declared to be true or false" in refused.err) == (2, True)
    assert "other photos" not in refused.err
    assert run("set", "shelf/0.png", "returned=true").code == 0
    assert run("list", "shelf", "--where", "returned = true").out == "shelf/0.png\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--declare", "price=text"], "imgsim: price=text: price is number on 7 photos"),
        (["--declare", "sold=bool"], "imgsim: unknown type in sold=bool 'bool': did you mean boolean?"),
        (["--declare", "sold=boolean", "shelf/0.png"], "--declare is about the whole index"),
        ([], "Missing argument 'PHOTO'"),
    ],
)
def test_what_cannot_be_declared_is_said(run, described, arguments, message):
    result = run("set", *arguments, "--index", "shelf")
    assert result.code == 2
    assert message in result.err
    assert "sold" not in run("info", "shelf").out


# ------------------------------------------------------- when photos came


@pytest.fixture
def days(described, monkeypatch):
    """The first four photos were added yesterday, the others today; 0.png was changed ten days ago."""
    today = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
    store = SqliteStore.open_writer(str(described / ".imgsim"), str(described))
    moment = int((today - timedelta(hours=3)).timestamp()) * 10**9
    with store.transaction():
        store._connection.execute("UPDATE images SET added_ns = ? WHERE path < CAST('4' AS BLOB)", (moment,))
        old = int((today - timedelta(days=10)).timestamp()) * 10**9
        store._connection.execute("UPDATE images SET mtime_ns = ? WHERE path = CAST('0.png' AS BLOB)", (old,))
    store.close()
    return today


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("added >= yesterday and added < today", "0123"),
        ("added = yesterday", "0123"),
        ("added >= today", "4567"),
        ("added > today", ""),
        ("added >= now - 2 hours", "4567"),
        ("modified < today - 7 days", "0"),
        ("modified >= today - 7 days and added between yesterday and today - 1 day", "123"),
        ("not has added", ""),
    ],
)
def test_photos_are_listed_by_when_they_came(run, days, where, expected):
    result = run("list", "shelf", "--where", where)
    assert "".join(os.path.basename(path)[0] for path in result.out.splitlines()) == expected
    assert result.code == (0 if expected else 1)


def test_a_record_tells_when_a_photo_came(days, described):
    with open_index(described) as index:
        first = next(iter(index))
    assert first.added == (days - timedelta(hours=3)).isoformat()
    assert first.modified == (days - timedelta(days=10)).isoformat()


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("added >= 2026-05-", "10: 2026-05- is no date: write a day as 2026-05-01, a month as 2026-05"),
        ("added >= 2026-05-0", "10: 2026-05-0 is no date: write a day as 2026-05-01"),
        ("modified < 2026-02-29", "12: 2026-02-29 is no date: 2026-02 has 28 days"),
        ("added >= 2026-05-01T10:30+09:00", "10: 2026-05-01T10:30+09:00: a time is written as the clock showed it"),
        ("added >= '2026-05-01T10:30Z'", "10: 2026-05-01T10:30Z: a time is written as the clock showed it"),
        ("added >= 2026-05-01 25:00", "10: 2026-05-01 25:00 is no date: times are 00:00 to 23:59"),
        ("added >= yesterday - 7", "23: expected days or weeks after 7, found nothing"),
    ],
)
def test_a_moment_that_is_none_is_one_line(run, described, where, message):
    result = run("list", "shelf", "--where", where)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"imgsim: column {message.replace(':', ' of the expression:', 1)}")
    assert result.err.count("\n") == 1


def test_a_slip_in_the_name_of_a_field_is_told(run, described):
    result = run("list", "shelf", "--where", "aded >= yesterday")
    assert (result.code, result.err) == (2, "imgsim: unknown attribute 'aded': did you mean added?\n")


def test_letters_of_any_script_are_said_as_they_are(run, make_photos, tmp_path):
    folder = make_photos(2)
    run("index", folder, "-x", "phash")
    assert '장소 = "시청역"' in run("set", "장소=시청역", folder / "0.png").err
    table = tmp_path / "tags.jsonl"
    table.write_text('{"file": "1.png", "tags": ["흰색", "Töpferei"]}\n', encoding="utf-8")
    run("index", folder, "--attributes", table)
    listed = run("list", folder, "--show", "tags,장소", "--format", "tsv").out
    assert listed.splitlines() == ["0.png\t\t시청역", '1.png\t["흰색", "Töpferei"]\t']


def test_photos_whose_value_is_text_are_said_where_numbers_are_compared(run, make_photos):
    folder = make_photos(3)
    run("index", folder, "-x", "phash")
    run("set", folder / "0.png", "price=5")
    run("set", folder / "1.png", 'price="12,50"')
    result = run("list", folder, "--where", "not price > 9 and has price")
    assert [line.rpartition("/")[2] for line in result.out.splitlines()] == ["0.png", "1.png"]
    assert result.err == (
        "imgsim: price is text on some photos, such as '12,50', and those are not compared with numbers\n"
    )
    assert run("list", folder, "--where", "price = '12,50'").err == ""
    assert run("query", folder / "2.png", "--index", folder, "--where", "price < 9").err == result.err
