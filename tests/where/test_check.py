"""Names are found among an index's attributes, and values have types that compare."""

import re

import pytest

from imgsim.errors import ExpressionError, UnknownNameError
from imgsim.where.check import check
from imgsim.where.conditions import AllOf, AnyOf, Compares, Has, Literal, NoneOf
from imgsim.where.parse import parse

CATALOGUE = {
    "price": {"number"},
    "brand": {"text"},
    "found": {"date"},
    "sold": {"boolean"},
    "mixed": {"number", "text", "date"},
    "tags": {"list", "text"},
    "colors": {"object"},
    "size": {"text"},
    "photo.width": {"text"},
}


def checked(text):
    return check(parse(text), text, CATALOGUE)


def compares(name, field, type_, operator, values):
    return Compares(name, operator, tuple(Literal(value, type_) for value in values), field=field)


def test_a_comparison_has_the_attributes_type():
    assert checked("price < 5") == compares("price", False, "number", "<", (5,))
    assert checked("found >= 2026-05") == compares("found", False, "date", ">=", ("2026-05",))
    assert checked("sold = true") == compares("sold", False, "boolean", "=", (True,))
    assert checked("tags = 'lost'") == compares("tags", False, "text", "=", ("lost",))


def test_quoted_dates_are_dates_where_there_are_dates():
    assert checked("found = '2026-05-01 10:30'").values == ("2026-05-01T10:30",)
    assert checked("found = '2026-05'").type == "date"
    assert checked("mixed = '2026-05-01'").type == "date"
    assert checked("mixed = '2026-05'").type == "text"
    assert checked("brand = '2026-05-01'").type == "text"


def test_several_values_are_several_comparisons():
    assert checked("mixed in (1, 'x')") == AnyOf(
        (compares("mixed", False, "number", "=", (1,)), compares("mixed", False, "text", "=", ("x",)))
    )
    assert checked("mixed like 'x%'") == AnyOf(
        (compares("mixed", False, "text", "like", ("x%",)), compares("mixed", False, "date", "like", ("x%",)))
    )
    assert checked("price between 1 and 2") == compares("price", False, "number", "between", (1, 2))


@pytest.mark.parametrize("text", ["price != 5", "price not in (5)"])
def test_other_values_need_the_attribute(text):
    assert checked(text) == AllOf((Has("price"), NoneOf(compares("price", False, "number", "=", (5,)))))


def test_every_photo_has_its_fields():
    assert checked("width < 5") == compares("width", True, "number", "<", (5,))
    assert checked("photo.height != 5") == AllOf((AllOf(()), NoneOf(compares("height", True, "number", "=", (5,)))))
    assert checked("has path") == AllOf(())
    assert checked("photo.path like '%x'") == compares("path", True, "text", "like", ("%x",))


def test_an_attribute_goes_before_a_field_of_its_name():
    assert checked("size = 'M'") == compares("size", False, "text", "=", ("M",))
    assert checked("photo.size > 1000") == compares("size", True, "number", ">", (1000,))
    assert checked("photo.width > 1000").field
    assert not checked("\"photo.width\" = 'x'").field
    with pytest.raises(UnknownNameError):
        checked('"height" = 3')


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("price < 'cheap'", 8, "price holds numbers, 'cheap' is text"),
        ("price = true", 8, "price holds numbers, true is a boolean"),
        ("price = 2026-05-01", 8, "2026-05-01 is a date"),
        ("brand = 5", 8, "brand holds text, 5 is a number; text goes in quotes"),
        ("brand < 20", 8, "not 12,50 or 12 EUR. and import them again"),
        ("brand between 5 and 9", 14, "texts are not in that order"),
        ("brand > 2026-05-01", 8, "as dates .2026-05-01, not 1.5.2026"),
        ("found > 'May'", 8, "found holds dates, 'May' is text"),
        ("sold > true", 7, "true and false have no order"),
        ("sold = 1", 7, "sold holds true or false, 1 is a number"),
        ("mixed = true", 8, "mixed holds dates and numbers and text"),
        ("colors = 'red'", 9, "colors holds objects"),
        ("price like '5%'", 11, "price holds numbers, like is for text"),
        ("brand contains 5", 15, "looks for text in quotes, not for 5"),
        ("mixed between 1 and 'b'", 20, "between begins with a number, 'b' is none"),
        ("brand = 'x' and (price = 1 or price in (2, 'y'))", 43, "'y' is text"),
        ("width = 'wide'", 8, "width holds numbers"),
    ],
)
def test_what_does_not_compare_is_named_by_its_place(text, position, reason):
    with pytest.raises(ExpressionError, match=reason) as caught:
        checked(text)
    assert caught.value.position == position


def test_unknown_attributes_get_a_suggestion():
    with pytest.raises(UnknownNameError, match="unknown attribute 'prise': did you mean price"):
        checked("prise < 5")
    with pytest.raises(UnknownNameError, match="unknown attribute 'height': did you mean photo.height"):
        checked('"height" = 3')


def test_an_attribute_that_no_photo_has_is_missing():
    nothing = AnyOf(())
    assert checked("xyz = 5") == nothing
    assert checked("has xyz") == nothing
    assert checked("not xyz = true") == NoneOf(nothing)
    assert checked("xyz != 5") == AllOf((nothing, NoneOf(nothing)))
    assert checked("xyz in (1, 'a') or price = 1") == AnyOf((nothing, checked("price = 1")))


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("xyz > true", 6, "true and false have no order"),
        ("xyz like 5", 9, "looks for text in quotes"),
        ("xyz between 1 and 'b'", 18, "between begins with a number"),
    ],
)
def test_what_compares_with_nothing_is_refused_of_any_attribute(text, position, reason):
    with pytest.raises(ExpressionError, match=reason) as caught:
        checked(text)
    assert caught.value.position == position


def test_today_is_a_name_where_an_attribute_is_called_so():
    with pytest.raises(ExpressionError, match="today is a date and comes after an operator") as caught:
        checked("price = 1 and today = 5")
    assert caught.value.position == 14
    with pytest.raises(ExpressionError, match="now is a date"):
        checked("has now")
    tree = parse('today = 5 or "today" = 6')
    assert [one.values for one in check(tree, "", {"today": {"number"}}).conditions] == [(5,), (6,)]


def test_a_moment_is_named_as_it_is_written():
    with pytest.raises(ExpressionError, match="price holds numbers, today - 7 days is a date"):
        checked("price > today - 7 days")
    assert checked('brand = "today"').values == ("today",)


def test_fields_that_are_dates():
    assert checked("added >= 2026-05") == compares("added", True, "date", ">=", ("2026-05",))
    assert checked("photo.modified = '2026-05-01 10:30'") == compares(
        "modified", True, "date", "=", ("2026-05-01T10:30",)
    )
    assert checked("has modified") == AllOf(())
    assert checked("added is missing") == NoneOf(checked("has added"))
    assert checked("has added") == compares("added", True, "date", ">=", ("0001-01-01",))
    typed = check(parse("added = 5"), "added = 5", {"added": {"number"}})
    assert typed == compares("added", False, "number", "=", (5,))


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("added > 5", 8, "added holds dates, 5 is a number"),
        ("added > 'soon'", 8, "added holds dates, 'soon' is text"),
        ("modified like '2026-05%'", 14, "modified holds dates, like is for text"),
        ("added >= '2026-05-01T10:30Z'", 9, "2026-05-01T10:30Z: a time is written as the clock showed it, without a"),
        ("added >= 2026-05-01T10:30+02:00", 9, "2026-05-01T10:30+02:00: a time is written as the clock showed it"),
        ("added >= 2026-02-29", 9, "2026-02-29 is no date: 2026-02 has 28 days"),
        ("added >= '2026-02-29'", 9, "added holds dates, '2026-02-29' is text"),
        ("added >= 2026-", 9, "2026- is no date: write a day as 2026-05-01, a month as 2026-05, a time as"),
        ("modified < 2026-05-01 and added = 2026-05-0", 34, "2026-05-0 is no date: write a day as 2026-05-01"),
        ("added >= 1.5.2026", 9, "1.5.2026 is no date: write a day as 2026-05-01"),
    ],
)
def test_what_is_no_moment_is_named_by_its_place(text, position, reason):
    with pytest.raises(ExpressionError, match=re.escape(reason)) as caught:
        check(parse(text), text, CATALOGUE)
    assert caught.value.position == position
