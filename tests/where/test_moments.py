"""Dates that are counted from the clock are what a calendar says, or named by their place."""

import time
from datetime import datetime

import pytest

from imgsim.errors import ExpressionError
from imgsim.where.parse import parse
from imgsim.where.select import select_photos

NOW = datetime(2024, 3, 1, 12, 30, 5, 250)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("today", "2024-03-01"),
        ("Yesterday", "2024-02-29"),
        ("today - 1 day", "2024-02-29"),
        ("today-7days", "2024-02-23"),
        ("today - 1 week - 1 days", "2024-02-22"),
        ("yesterday + 2 weeks", "2024-03-14"),
        ("now", "2024-03-01T12:30:05"),
        ("now - 2 hours", "2024-03-01T10:30:05"),
        ("now - 1 minute", "2024-03-01T12:29:05"),
        ("now - 1 day - 13 hours", "2024-02-28T23:30:05"),
    ],
)
def test_moments_are_counted_from_the_clock(written, expected):
    tree = parse(f"found = {written}", NOW)
    assert (tree.values, tree.type) == ((expected,), "date")


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("a > today - 7", 13, "expected days or weeks after 7, found nothing"),
        ("a > today - 7 and b = 1", 14, "expected days or weeks after 7, found and"),
        ("a > today - days", 10, "a whole number and its unit go here"),
        ("a > today - 1.5 days", 12, "a whole number and its unit"),
        ("a > today - 2 hours", 14, "hours are counted from now: now - 2 hours"),
        ("a > now - 2 months", 12, "found months, which differ in length"),
        ("a > now - 2 fortnights", 12, "expected minutes, hours, days or weeks after 2, found fortnights"),
        ("a > today-7", 4, "days are taken off as in today - 7 days"),
        ("a > today -", 10, "a whole number"),
        ("a > today - 99999999999 days", 4, "no calendar goes so far"),
        (f"a > today - {'9' * 5000} days", 4, "no calendar goes so far"),
        ("a > now - 99999999 hours", 4, "no calendar goes so far"),
        ("today - 7 days < a", 0, "a value comes after its operator"),
    ],
)
def test_what_is_no_moment_is_named_by_its_place(text, position, reason):
    with pytest.raises(ExpressionError, match=reason) as caught:
        parse(text, NOW)
    assert caught.value.position == position


def test_hours_pass_though_clocks_are_put_forward(monkeypatch):
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        tree = parse("a in (now - 1 hour, now - 1 day)", datetime(2026, 3, 29, 3, 30))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert tree.values == ("2026-03-29T01:30:00", "2026-03-28T03:30:00")


def test_photos_are_selected_by_the_clock(describe):
    days = ("2024-02-22", "2024-02-23T09:00:00", "2024-02-29T23:59:00", "2024-03-01", "2024-03-01T11:00:00")
    store = describe({f"{number}.jpg": {"found": day} for number, day in enumerate(days)})

    def selected(expression):
        chosen = select_photos(store.facts, [expression], store.photo_keys(), NOW).tolist()
        return [number for number, fits in enumerate(chosen) if fits]

    assert selected("found = today") == [3, 4]
    assert selected("found between yesterday and today") == [2, 3, 4]
    assert selected("found >= today - 7 days") == [1, 2, 3, 4]
    assert selected("found >= now - 2 hours") == [4]
    assert selected("found != yesterday") == [0, 1, 3, 4]
    assert selected("found in (yesterday, today - 1 week)") == [1, 2]
