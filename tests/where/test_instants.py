"""Dates stand for the instants at which the local clock shows them, on the days when it is put too."""

import time
from itertools import pairwise

import pytest

from imgsim.where.instants import span_of

HOUR = 3600 * 10**9


@pytest.fixture(params=["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata"])
def zone(request, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def length(date):
    begin, end = span_of(date)
    return (end - begin) / HOUR


def test_days_follow_on_each_other(zone):
    days = [f"2018-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    for one, other in pairwise(days):
        if one[:7] == other[:7]:
            assert span_of(one).end == span_of(other).begin, one
    months = [f"2018-{month:02}" for month in range(1, 13)]
    assert [span_of(one).end for one in months[:-1]] == [span_of(one).begin for one in months[1:]]
    assert span_of("2024-02").end == span_of("2024-02-29").end
    assert span_of("2018-05").begin == span_of("2018-05-01T00:00").begin == span_of("2018-05-01T00:00:00").begin


@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
def test_clocks_are_put_forward_and_back(zone):
    assert (length("2026-03-29"), length("2026-10-25"), length("2026-10-26")) == (23, 25, 24)
    assert span_of("2026-10-25T01:59").end == span_of("2026-10-25T02:00").begin
    assert span_of("2026-10-25T02:59").end == span_of("2026-10-25T03:00").begin
    assert length("2026-03-29T02:30") < 0  # there was none


@pytest.mark.parametrize("zone", ["America/Sao_Paulo"], indirect=True)
def test_a_day_without_midnight(zone):
    assert length("2018-11-04") == 23
    assert span_of("2018-11-03").end == span_of("2018-11-04").begin


def test_parts_of_seconds(zone):
    begin = span_of("2026-05-01T10:30:00").begin
    assert span_of("2026-05-01T10:30:00").end - begin == 10**9
    assert span_of("2026-05-01T10:30:00.25") == (begin + 250_000_000, begin + 260_000_000)
    assert span_of("2026-05-01T10:30:00.1234567891") == (begin + 123_456_789, begin + 123_456_790)


def test_the_first_and_the_last_day_are_within_what_is_kept(zone):
    for date in ("0001-01-01", "0001-01", "9999-12-31", "9999-12", "9999-12-31T23:59:59"):
        assert all(abs(instant) < 2**63 for instant in span_of(date))
