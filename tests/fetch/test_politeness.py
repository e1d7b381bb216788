"""What the shop hears of a fetch: who asks, for what, and how much at once."""

import re

import pytest

import imgsim
from tests.fetch.conftest import rows_of


def rows(shop, count, folder="photo"):
    return [{"url": shop.url(f"/{folder}/{n}.jpg")} for n in range(count)]


def test_who_asks_is_told_and_nothing_else(fetch, shop, table):
    fetch(table(rows(shop, 1)))
    (_, robots), (_, photo) = shop.headers
    assert robots["User-Agent"] == photo["User-Agent"]
    assert photo["User-Agent"] == f"imgsim/{imgsim.__version__} (fetches the photos of a product table)"
    assert photo["Accept-Encoding"] == "identity"
    assert not {"Cookie", "Authorization", "Referer"} & {name.title() for name in photo}


def test_robots_txt_is_read_once_and_heeded(fetch, shop, table):
    shop.robots = ("User-agent: imgsim\nDisallow: /photo/2\nUser-agent: *\nAllow: /", 200)
    assert fetch(table(rows(shop, 4))).code == 0
    assert shop.asked == {"/robots.txt": 1, "/photo/0.jpg": 1, "/photo/1.jpg": 1, "/photo/3.jpg": 1}
    (row,) = rows_of("got/failures.csv")
    assert (row["reason"], row["again"]) == ("robots.txt asks programs not to take it", "yes")
    shop.asked.clear()
    fetch("items.csv", "--user-agent", "another/1.0 (me@example.org)", "--retry-failed")
    assert shop.photos_asked() == {"/photo/2.jpg": 1}


@pytest.mark.parametrize("status", [429, 503])
def test_a_site_whose_rules_cannot_be_had_is_not_asked(fetch, shop, table, status):
    shop.robots = ("", status)
    assert fetch(table(rows(shop, 40))).code == 1
    assert shop.photos_asked() == {}
    assert {row["reason"] for row in rows_of("got/failures.csv")} == {
        f"robots.txt: the server answers {status}, 4 times"
    }


def test_a_server_that_asks_to_wait_long_is_left_to_the_next_run(fetch, shop, table):
    listed = [{"url": shop.url("/later.jpg")}, *rows(shop, 300, "held")]
    assert fetch(table(listed), "--connections", 1).code == 1
    reasons = {row["reason"] for row in rows_of("got/failures.csv")}
    assert len(reasons) == 1
    assert reasons.pop().startswith("the server answers 503 and asks to wait 7,")
    assert len(rows_of("got/failures.csv")) == 301
    assert shop.photos_asked() == {"/later.jpg": 1}


def test_a_site_that_asks_for_one_request_a_day_is_left_alone(fetch, shop, table):
    shop.robots = ("User-agent: *\nCrawl-delay: 86400", 200)
    assert fetch(table(rows(shop, 3))).code == 1
    assert shop.photos_asked() == {}
    assert {row["reason"] for row in rows_of("got/failures.csv")} == {
        "robots.txt asks to wait 86,400 s between two requests"
    }


def test_who_asks_one_host_is_not_told_to_another(fetch, shop, table):
    url = shop.url("/to/1.jpg?http://localhost:PORT/photo/1.jpg").replace("PORT", str(shop.server_port))
    assert fetch(table([{"url": url.replace("//", "//me:pw@", 1)}])).code == 0
    told = {(headers["Host"].partition(":")[0], "Authorization" in headers) for path, headers in shop.headers[1:]}
    assert told == {("127.0.0.1", True), ("localhost", False)}


def test_a_host_that_was_given_up_because_of_others_is_not_begun(fetch, shop, table):
    there = shop.url("/").replace("127.0.0.1", "localhost")
    listed = [{"url": shop.url(f"/to/1.jpg?{there}later.jpg")}, *({"url": f"{there}photo/{n}.jpg"} for n in range(3))]
    assert fetch(table(listed), "--connections", 1).code == 1
    assert len(rows_of("got/failures.csv")) == 4
    assert shop.photos_asked() == {"/to/1.jpg": 1, "/later.jpg": 1}


def test_a_host_that_fails_again_and_again_is_given_up(fetch, shop, table):
    assert fetch(table(rows(shop, 300, "closed")), "--retries", 0).code == 1
    assert len(shop.photos_asked()) < 30
    assert len(rows_of("got/failures.csv")) == 300


def test_photos_that_came_before_their_host_was_given_up_stay(fetch, shop, table):
    result = fetch(table([*rows(shop, 20), *rows(shop, 300, "closed")]), "--retries", 0)
    assert len(rows_of("got/items.csv")) == 20
    assert len(rows_of("got/failures.csv")) == 300
    *single, together = (line for line in result.err.splitlines() if "skipped" in line)
    assert len(single) + int(re.search(r"(\d+) addresses of 127.0.0.1", together)[1]) == 300


def test_a_host_is_gone_on_with_over_the_same_connections(fetch, shop, table):
    listed = [one for n in range(60) for one in rows(shop, 1, f"photo/{n}")]
    other = [{"url": row["url"].replace("127.0.0.1", "localhost")} for row in listed]
    assert fetch(table(listed + other), "--per-host", 2).code == 0
    assert len(shop.headers) == 122
    assert shop.connections <= 4


def test_no_more_is_asked_at_once_than_told(fetch, shop, table):
    shop.gate.set()
    fetch(table(rows(shop, 40, "held")), "--per-host", 3)
    assert 1 <= shop.most_at_once <= 3
    assert len(rows_of("got/items.csv")) == 40


def test_nothing_of_a_cookie_comes_back(fetch, shop, table, monkeypatch):
    from tests.fetch.shop import Handler

    give = Handler.give
    monkeypatch.setattr(Handler, "give", lambda self, *a, **k: give(self, *a, Set_Cookie="id=1; Path=/", **k))
    fetch(table(rows(shop, 4)), "--connections", 1)
    assert len(shop.headers) == 5
    assert all("Cookie" not in headers for _, headers in shop.headers)
