"""Politeness, on a clock of the test's own."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from imgsim.fetch.addresses import AddressError
from imgsim.fetch.fetch_options import FetchOptions
from imgsim.fetch.host_queue import GIVE_UP, Ask, HostQueue, led_to
from imgsim.fetch.robots_rules import RobotsRules

OPTIONS = FetchOptions(rate=2.0, per_host=2)


def queue_of(count, options=OPTIONS, delay=0.0):
    host = HostQueue("a.shop", options, random.Random(0))
    host.waiting.extend(Ask(f"http://a.shop/{n}.jpg") for n in range(count))
    host.robots["http://a.shop:80"] = RobotsRules(delay=delay)
    return host


def spend(host, seconds, each=0.1):
    """Ask for so long, each answer taking a while; give when each ask began."""
    began, running, now = [], [], 0.0
    while now < seconds:
        host.active -= sum(end <= now for end in running)
        running = [end for end in running if end > now]
        while ask := host.next_ask(now):
            host.begin(ask, now)
            began.append(now)
            running.append(now + each)
        now = round(now + 0.05, 2)
    return began


@pytest.mark.parametrize(
    ("rate", "delay", "gap"), [(2.0, 0.0, 0.5), (2.0, 3.0, 3.0), (0.0, 1.0, 1.0), (4.0, 0.0, 0.25)]
)
def test_asks_keep_their_distance_in_time(rate, delay, gap):
    began = spend(queue_of(100, replace(OPTIONS, rate=rate), delay), 9)
    gaps = [later - sooner for sooner, later in pairwise(began)]
    assert min(gaps) >= gap - 1e-9
    assert len(began) == round(9 / gap)


def test_no_more_at_once_than_allowed():
    host = queue_of(10, replace(OPTIONS, rate=0))
    asks = [host.next_ask(0)]
    host.begin(asks[0], 0)
    host.begin(host.next_ask(0), 0)
    assert host.next_ask(0) is None
    assert host.wakes() == float("inf")
    host.active -= 1
    assert host.next_ask(0).address == "http://a.shop/2.jpg"


def test_the_rules_of_a_site_come_before_all_else_of_it():
    host = queue_of(2)
    host.robots.clear()
    first = host.next_ask(0)
    assert (first.at, first.robots) == ("http://a.shop:80/robots.txt", True)
    assert host.next_ask(0) is None
    assert host.wakes() == float("inf")
    host.robots["http://a.shop:80"] = RobotsRules(rules=(("/0", False),))
    host.reading.clear()
    assert [host.disallows(host.next_ask(0)) for _ in range(2)] == [True, False]


def test_pauses_grow_and_what_a_server_asks_for_holds_for_the_whole_host(monkeypatch):
    monkeypatch.setattr("imgsim.fetch.host_queue.FIRST_PAUSE", 1.0)
    host = queue_of(5)
    ask = host.next_ask(0)
    pauses = []
    for _ in range(8):
        ask.tries += 1
        pauses.append(host.pause(ask, None, 0.0))
    middle = [min(2.0**n, 60.0) for n in range(8)]
    assert all(one / 2 <= pause <= one * 1.5 for one, pause in zip(middle, pauses, strict=True))
    assert len({pause / one for one, pause in zip(middle, pauses, strict=True)}) == 8  # none together with another
    until = host.pause(ask, 30.0, 100.0)
    assert 130.0 <= until <= 131.5
    assert host.next_ask(129.9) is None
    assert host.wakes() == 130.0
    assert host.next_ask(130.0) is not None


def test_a_host_with_faults_in_a_row_is_given_up():
    host = queue_of(5)
    for fault in [True] * (GIVE_UP - 1) + [False] + [True] * (GIVE_UP - 1):
        host.note(fault=fault)
    assert host.closed == ""
    host.note(fault=True)
    assert host.closed
    assert len(host.take_all()) == 5
    assert host.idle


def test_redirects_are_followed_so_often():
    ask = Ask("http://a.shop/1.jpg", etag="x")
    for place, at in (("2.jpg", "http://a.shop/2.jpg"), ("//b.shop/3.jpg", "http://b.shop/3.jpg")):
        ask = led_to(ask, place, 2)
        assert (ask.at, ask.address, ask.etag) == (at, "http://a.shop/1.jpg", "x")
    assert (ask.host, ask.origin, ask.path) == ("b.shop", "http://b.shop:80", "/3.jpg")
    with pytest.raises(AddressError, match="more than 2 times"):
        led_to(ask, "4.jpg", 2)
