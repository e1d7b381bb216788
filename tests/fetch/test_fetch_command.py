"""`imgsim fetch` against a shop on this machine: what comes, what does not, and what a later run makes of it."""

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import IMGSIM
from tests.fetch.conftest import rows_of
from tests.fetch.shop import photo_bytes


def listed(shop, count, **cells):
    return [
        {"url": shop.url(f"/photo/{n}.jpg"), "page": f"http://shop/{n}", "name": f"Bag {n}", "price": n * 1000} | cells
        for n in range(count)
    ]


def photos(folder="got"):
    return sorted(name for name in os.listdir(folder) if name.endswith((".jpg", ".png")))


def test_photos_come_and_the_index_takes_their_table(fetch, run, shop, table):
    rows = listed(shop, 5)
    rows.append(rows[2] | {"page": "http://shop/again", "price": 1})
    result = fetch(table(rows))
    assert result.code == 0
    assert result.out == ""
    assert result.err.startswith("got: 5 fetched, 6 new items in ")
    assert "6 of 6 items with a photo" in result.err
    items = rows_of("got/items.csv")
    assert [row["price"] for row in items] == ["0", "1000", "2000", "3000", "4000", "1"]
    assert items[5]["same_as"] == items[2]["file"] != ""
    assert items[5]["file"] == ""
    assert sorted(row["file"] for row in items if row["file"]) == photos()
    for n, row in enumerate(items[:5]):
        assert row["file"].startswith(f"Bag-{n}-")
        assert Path("got", row["file"]).read_bytes() == photo_bytes(n)
    assert rows_of("got/failures.csv") == []
    assert run("index", "got", "-x", "phash", "--attributes", "got/items.csv", "--strict").code == 0
    found = run("query", f"got/{items[4]['file']}", "--index", "got", "--where", "price < 3000", "--format", "jsonl")
    assert {json.loads(line)["attributes"]["price"] for line in found.out.splitlines()} == {0, 1000, 2000}


CASES = {  # path: what the ledger says, and whether only --retry-failed asks again
    "/slow.jpg": ("did not come within 0.5 s, or stopped coming, 3 times", "yes"),
    "/headless.jpg": ("did not come within 0.5 s, or stopped coming, 3 times", "yes"),
    "/truncated.jpg": ("the connection failed: peer closed connection without sending complete message body", "yes"),
    "/unmeasured.jpg": ("truncated after", "yes"),
    "/closed.jpg": ("the connection failed: Server disconnected without sending a response", "yes"),
    "/rubbish.jpg": ("the connection failed: ", "yes"),
    "/loop/0.jpg": ("redirected: more than 5 times", "when told to"),
    "/to/1.jpg?ftp://127.0.0.1/a.jpg": ("redirected: not an address that begins with http://", "when told to"),
    "/to/2.jpg?http:///b.jpg": ("redirected: there is no host in the address", "when told to"),
    "/html.jpg": ("a web page in place of a photo", "when told to"),
    "/text.jpg": ("not a picture that imgsim reads", "when told to"),
    "/psd.jpg": ("a PSD picture in place of a photo", "when told to"),
    "/empty.jpg": ("nothing in it", "when told to"),
    "/damaged.jpg": ("JPEG", "when told to"),
    "/packed.jpg": ("comes compressed", "when told to"),
    "/large.jpg": ("more than 2 MB", "when told to"),
    "/wide.jpg": ("6.0 megapixels, over the limit of 1", "when told to"),
    "/broken.jpg": ("the server answers 500, 3 times", "yes"),
    "/absent.jpg": ("there is none any more (404)", "when told to"),
}
ODD = {
    "": "no address",
    "ftp://127.0.0.1/a.jpg": "not an address that begins with http:// or https://, but with ftp:",
    "data:image/png;base64,AAAA": "but with data:",
    "just words": "not an address",
    "http://": "no host",
    "http://[::1/a.jpg": "not an address: ",
}


def test_a_shop_that_misbehaves_fills_a_ledger_and_nothing_else(fetch, shop, table, monkeypatch):
    monkeypatch.setattr("imgsim.fetch.host_queue.GIVE_UP", 100)
    urls = [*(shop.url(path) for path in CASES), *ODD]
    good = [shop.url(path) for path in ("/photo/1.jpg", "/moved.jpg", "/odd.jpg", "/busy.jpg")]
    options = ["--timeout", 0.5, "--max-megabytes", 2, "--max-megapixels", 1, "--retries", 2]
    result = fetch(table([{"url": url, "name": f"n{n}"} for n, url in enumerate([*good, *urls])]), *options)
    assert result.code == 0
    reasons = {row["url"]: (row["reason"], row["again"]) for row in rows_of("got/failures.csv")}
    assert set(reasons) == set(urls)
    for path, (reason, again) in CASES.items():
        said = reasons[shop.url(path)]
        assert reason in said[0], path
        assert said[1] == again, path
    for url, reason in ODD.items():
        assert reason in reasons[url][0]
    assert [row["url"] for row in rows_of("got/items.csv")] == good
    assert len(photos()) == 4
    assert os.listdir("got/.imgsim-fetch") == ["catalogue.sqlite"]
    assert all(line.startswith(("skipped ", "got: ")) for line in result.err.splitlines())
    assert fetch("items.csv", *options, "--strict").code == 2


def test_a_second_run_asks_only_for_what_changed(fetch, shop, table):
    rows = [
        *listed(shop, 6),
        {"url": shop.url("/absent.jpg"), "page": "p"},
        {"url": shop.url("/broken.jpg"), "page": "q"},
    ]
    fetch(table(rows), "--retries", 0)
    before = photos()
    rows[0]["price"] = 7777  # the same item
    rows[1]["url"] = shop.url("/photo/11.jpg")  # with another photo
    rows[2]["page"] = "http://shop/moved"  # known by the address
    del rows[3]  # gone
    rows[3] |= {"page": "http://shop/other", "url": shop.url("/photo/4.jpg?v=2")}  # known by the photo
    shop.asked.clear()
    result = fetch(table(rows, "newer.csv"), "--retries", 0)
    assert shop.photos_asked() == {"/photo/11.jpg": 1, "/photo/4.jpg": 1, "/broken.jpg": 1}
    assert result.code == 0
    assert "1 fetched, 1 the same as one that is here, 2 failed, 1 new item, 3 updated, 1 gone in" in result.err
    assert "gone: Bag 3 http://shop/3\n" in result.err
    assert "gone" not in fetch("newer.csv", "--retries", 0).err
    items = rows_of("got/items.csv")
    assert [row["price"] for row in items if not row["gone"]] == ["7777", "1000", "2000", "4000", "5000"]
    assert [row["price"] for row in items if row["gone"]] == ["3000", "1000"]
    assert items[2]["page"] == "http://shop/moved"
    assert items[3]["page"] == "http://shop/other"
    assert set(before) < set(photos())
    assert sorted(row["file"] for row in items) == photos()


def test_failures_that_last_are_asked_again_when_told_to(fetch, shop, table):
    fetch(table([{"url": shop.url("/absent.jpg")}]))
    assert fetch().code == 1  # there is no photo
    assert shop.photos_asked() == {"/absent.jpg": 1}
    assert fetch("items.csv", "--retry-failed").code == 1
    assert shop.photos_asked() == {"/absent.jpg": 2}


def test_photos_that_may_have_changed_are_asked_with_conditions(fetch, shop, table):
    fetch(table(listed(shop, 3)))
    shop.replaced["1"] = photo_bytes(100)
    first = photos()
    result = fetch("items.csv", "--refresh")
    assert "1 fetched, 2 unchanged in" in result.err
    conditions = [headers.get("If-None-Match") for path, headers in shop.headers if path != "/robots.txt"]
    assert [bool(one) for one in conditions] == [False] * 3 + [True] * 3
    assert set(first) < set(photos())
    items = rows_of("got/items.csv")
    assert [(row["name"], bool(row["gone"])) for row in items] == [
        ("Bag 0", False), ("Bag 1", False), ("Bag 2", False), ("Bag 1", True)
    ]  # fmt: skip


def test_a_photo_that_was_moved_is_known_and_one_that_was_removed_comes_again(fetch, shop, table):
    fetch(table(listed(shop, 3)))
    os.mkdir("got/kept")
    os.rename(f"got/{photos()[0]}", "got/kept/mine.jpg")
    os.unlink(f"got/{photos()[1]}")
    shop.asked.clear()
    result = fetch()
    assert shop.photos_asked() == {"/photo/2.jpg": 1}
    assert "1 photo found elsewhere" in result.err
    assert [row["file"].partition("-")[0] for row in rows_of("got/items.csv")] == ["kept/mine.jpg", "Bag", "Bag"]


def test_what_somebody_typed_stays(fetch, shop, table):
    rows = listed(shop, 3)
    fetch(table(rows))
    items = rows_of("got/items.csv")
    items[0] |= {"price": "5", "note": "sold, then returned"}
    items[1] |= {"note": ""}
    items.append({"file": "own.jpg", "name": "mine", "note": "from the shelf"})
    table(items, "got/items.csv")
    for row in rows:
        row["price"] += 100
    result = fetch(table(rows, "newer.csv"))
    assert "2 cells typed in items.csv kept" in result.err
    kept = rows_of("got/items.csv")
    assert [row["name"] for row in kept] == ["Bag 0", "Bag 1", "Bag 2", "mine"]
    assert [row["price"] for row in kept] == ["5", "1100", "2100", ""]
    assert [row["note"] for row in kept] == ["sold, then returned", "", "", "from the shelf"]
    assert fetch("newer.csv").code == 0
    assert rows_of("got/items.csv") == kept
    kept[0]["price"] = "100"  # as the table has it: the table's again
    table(kept, "got/items.csv")
    rows[0]["price"] = 300
    fetch(table(rows, "newer.csv"))
    assert [row["price"] for row in rows_of("got/items.csv")] == ["300", "1100", "2100", ""]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"name,note\nBag 0,sold\n", "has no column file any more"),
        (b"file,name\na.jpg,\xe9\n", "line 2 is not UTF-8: save it so, or what was typed in it is lost"),
        (b"file,name\na.jpg\n", "line 2 has 1 cells, the first line 2"),
    ],
)
def test_what_somebody_typed_is_not_lost_where_it_cannot_be_read(fetch, shop, table, content, reason):
    fetch(table(listed(shop, 2)))
    Path("got/items.csv").write_bytes(content)
    result = fetch()
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert f"items.csv: {reason}" in result.err
    assert Path("got/items.csv").read_bytes() == content


def test_a_table_of_others_is_not_written_over(fetch, shop, table):
    os.mkdir("got")
    table(listed(shop, 1), "got/items.csv")
    for source in ("got/items.csv", table(listed(shop, 1))):
        result = fetch(source)
        assert result.code == 2
        assert result.err.count("\n") == 1
        assert "or choose another -o" in result.err
    assert len(rows_of("got/items.csv")) == 1


def run_apart(*options):
    arguments = ["fetch", "items.csv", "-o", "got", "--allow-private", "--rate", "0", "--connections", "2", *options]
    return subprocess.Popen(
        [*IMGSIM, *arguments], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, stderr=-1
    )


def wait_until_committed(count):
    """Wait until so many addresses are in the database, looked at as a copy: the run has it for itself."""
    for _ in range(600):
        time.sleep(0.05)
        if os.path.exists("got/.imgsim-fetch/catalogue.sqlite-journal"):
            for end in ("", "-journal"):  # in this order: what is not committed yet is rolled back
                shutil.copy(f"got/.imgsim-fetch/catalogue.sqlite{end}", f"copy.sqlite{end}")
            database = sqlite3.connect("copy.sqlite")
            try:
                if database.execute("SELECT count(*) FROM addresses").fetchone()[0] >= count:
                    return
            except sqlite3.Error:
                pass
            finally:
                database.close()
    raise TimeoutError


@pytest.mark.parametrize("number", [9, 15])
def test_a_run_that_was_stopped_is_gone_on_with(fetch, shop, table, number):
    rows = listed(shop, 12)
    for n in range(8, 12):
        rows[n]["url"] = shop.url(f"/held/{n}.jpg")
    table(rows)
    with run_apart() as process:
        wait_until_committed(8)
        process.send_signal(number)
        said = process.stderr.read().decode()
    assert process.returncode == (-9 if number == 9 else 128 + number)
    if number == 15:
        assert said.endswith("imgsim: terminated; what was committed is kept\n")
        assert len(rows_of("got/items.csv")) == 8
    shop.gate.set()
    asked = shop.photos_asked()
    assert fetch().code == 0
    for n in range(8):
        assert shop.asked[f"/photo/{n}.jpg"] == asked[f"/photo/{n}.jpg"] == 1
    assert len(photos()) == len(rows_of("got/items.csv")) == 12
    assert os.listdir("got/.imgsim-fetch") == ["catalogue.sqlite"]


@pytest.mark.parametrize("place", ["asker.look_at", "photo_places.os.replace"])
def test_a_full_disk_ends_the_run_in_a_line_and_the_next_goes_on(fetch, shop, table, monkeypatch, place):
    from imgsim.fetch import asker

    count = []

    def fails(*arguments):
        count.append(1)
        if len(count) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    real = {"asker.look_at": asker.look_at, "photo_places.os.replace": os.replace}[place]
    table(listed(shop, 10))
    with monkeypatch.context() as patch:
        patch.setattr(f"imgsim.fetch.{place}", fails)
        result = fetch()
    assert result.code == 2
    reason = "cannot be written (No space left on device): what was fetched is kept, run again to go on"
    assert result.err.splitlines() == [f"imgsim: got: {reason}"]
    assert len(photos()) == 3
    assert fetch().code == 0
    assert len(photos()) == 10


def test_two_runs_do_not_write_one_folder(fetch, shop, table):
    table([{"url": shop.url("/held/1.jpg")}])
    with run_apart() as process:
        while not shop.asked["/held/1.jpg"]:
            time.sleep(0.01)
        result = fetch()
        shop.gate.set()
        process.stderr.read()
    assert process.returncode == 0
    assert result.code == 2
    assert result.err == "imgsim: got: another `imgsim fetch` is at it: wait until it is done\n"


@pytest.mark.parametrize("there", [False, True])
def test_a_dry_run_tells_what_would_be_asked_and_does_nothing(fetch, shop, table, there):
    rows = listed(shop, 3)
    if there:
        fetch(table(rows[:1]))
    shop.asked.clear()
    before = sorted(os.listdir("got")) if there else None
    result = fetch(table([*rows, rows[1], {"url": "ftp://x/y"}], "newer.csv"), "--dry-run", "--format", "csv")
    assert result.code == 0
    asked = [f"line {n + 2},{rows[n]['url']},new" for n in range(1 if there else 0, 3)]
    assert result.out.splitlines() == ["row,url,why", *asked]
    assert shop.asked == {}
    assert (sorted(os.listdir("got")) if os.path.exists("got") else None) == before
    assert fetch("newer.csv").code == 0
    assert fetch("newer.csv", "--dry-run").code == 1


@pytest.mark.parametrize(
    ("content", "options", "reason"),
    [
        (b"", [], "there are no columns in it"),
        (
            b"photo,price\nx,5\n",
            [],
            "no column is named url, of photo, price: --url says which has the photos' addresses",
        ),
        (b"url\nx\n", ["--url", "adress"], "unknown column of items.csv 'adress': choose from url"),
        (b"url\nx\n", ["--page", "page"], "unknown column of items.csv 'page'"),
        (b"url,name\nx,\xe9\n", [], "line 2 is not UTF-8: name its encoding, for example --encoding cp1252"),
        (b"url,name\nx\n", [], "line 2 has 1 cells, the first line 2"),
        (b"url\nx\n", ["--encoding", "utf-99"], "--encoding utf-99: no encoding of this name"),
        (b"url\nx\n", ["--format", "csv"], "--format csv is for --dry-run"),
        (b"url\nx\n", ["--user-agent", "caf\xe9"], "plain characters of ASCII"),
    ],
)
def test_what_is_no_such_table_is_told_in_a_line(fetch, tmp_path, monkeypatch, content, options, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "items.csv").write_bytes(content)
    result = fetch("items.csv", *options)
    assert result.code == 2
    assert reason in result.err
    assert "Error" in result.err or result.err.count("\n") == 1


def test_rows_in_another_encoding_are_ledgered_where_one_was_named(fetch, shop, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = enumerate((b"\xc3\xa9", b"\xe9"))
    lines = [b"url,name", *(f"{shop.url(f'/photo/{n}.jpg')},".encode() + name for n, name in names)]
    (tmp_path / "items.csv").write_bytes(b"\n".join(lines))
    assert fetch("items.csv", "--encoding", "utf-8").code == 0
    assert [row["name"] for row in rows_of("got/items.csv")] == ["é"]
    assert [(row["row"], row["reason"]) for row in rows_of("got/failures.csv")] == [("line 3", "the row is not UTF-8")]


def test_other_columns_and_other_kinds_of_tables(fetch, shop, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.tsv").write_text(f"Name\tURL\nx\t{shop.url('/photo/2.jpg')}\n")
    assert fetch("other.tsv").code == 0
    assert photos()[0].startswith("x-")
    shutil.rmtree("got")
    rows = [{"image": shop.url("/photo/1.jpg"), "file": "old", "sizes": ["S", "M"], "price": 5.5, "sold": True}]
    (tmp_path / "feed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = fetch("feed.jsonl", "--url", "image", "--format", "json")
    assert json.loads(result.out)["fetched"] == 1
    (row,) = rows_of("got/items.csv")
    assert (row["file"], row["sizes"], row["price"], row["sold"]) == ("old", '["S", "M"]', "5.5", "true")
    assert row["fetched_file"] == photos()[0]


def test_a_damaged_catalogue_is_told(fetch, shop, table):
    fetch(table(listed(shop, 3)))
    before = photos()
    with open("got/.imgsim-fetch/catalogue.sqlite", "r+b") as stream:
        stream.write(b"no database at all" * 10)
    result = fetch()
    assert result.code == 2
    assert ".imgsim-fetch is damaged: move it and the tables away and run again" in result.err
    os.mkdir("away")
    for name in (".imgsim-fetch", "items.csv", "failures.csv"):
        shutil.move(f"got/{name}", "away")
    assert fetch().code == 0
    assert photos() == before


def test_of_what_is_secret_in_addresses_nothing_is_told(fetch, shop, table):
    url = shop.url("/absent.jpg?token=abc123").replace("http://", "http://me:hunter2@")
    result = fetch(table([{"url": url}, {"url": url.replace("absent", "photo/1")}]))
    items, failures = (Path("got", name).read_text() for name in ("items.csv", "failures.csv"))
    assert "hunter2" not in result.err + items + failures
    assert "abc123" not in result.err + failures
    assert "token=..." in result.err
    assert shop.headers[-1][1]["Authorization"].startswith("Basic ")


def test_without_httpx_it_says_what_to_install(shell, tmp_path):
    (tmp_path / "items.csv").write_text("url\nx\n")
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['httpx'] = None\n")
    result = shell('export PYTHONPATH="$PWD:$PYTHONPATH"; imgsim fetch items.csv -o got', tmp_path)
    assert result.returncode == 2
    assert result.stderr == b"imgsim: httpx is not installed: pip install 'imgsim[fetch]'\n"
    assert not (tmp_path / "got").exists()
