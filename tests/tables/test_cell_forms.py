"""Numbers, prices and dates as people write them."""

import pytest

from imgsim.errors import ImgsimError
from imgsim.tables.cell_forms import CellForms, parse_types
from imgsim.tables.written_dates import read_date
from imgsim.tables.written_numbers import read_number, read_price


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("12,50", ",", 12.5),
        ("1.299,00", ",", 1299),
        ("1.299", ",", 1299),
        ("1 299 000,5", ",", 1299000.5),
        ("1\u00a0299", ",", 1299),
        ("1'299.50", ".", 1299.5),
        ("1,299,000", ".", 1299000),
        ("-0,5", ",", -0.5),
        ("\u22123,5", ",", -3.5),
        (",5", ",", 0.5),
        ("5,", ",", 5),
        ("12.50", ",", None),
        ("1.29,5", ",", None),
        ("1.299 000", ",", None),
        ("1.2345", ",", None),
        ("12,50", ".", None),
        ("007,5", ",", None),
        ("0.123", ",", None),
        ("", ",", None),
        (",", ",", None),
        ("\u0661\u0662", ",", None),
        ("1e999", ",", None),
        ("30,000", None, None),
    ],
)
def test_numbers(text, mark, value):
    assert read_number(text, mark) == value


@pytest.mark.parametrize(
    ("text", "mark", "price"),
    [
        ("€ 12,50", ",", (12.5, "EUR")),
        ("12.50 EUR", ".", (12.5, "EUR")),
        ("30,000 won", ".", (30000, "KRW")),
        ("30,000원", ".", (30000, "KRW")),
        ("₩30,000", ".", (30000, "KRW")),
        ("$5", None, (5, "USD")),
        ("-$5", None, (-5, "USD")),
        ("$-5", None, (-5, "USD")),
        ("US$ .5", None, (0.5, "USD")),
        ("CHF 1'299.50", ".", (1299.5, "CHF")),
        ("Rs. 100", None, (100, "INR")),
        ("100 kr.", None, (100, "kr")),
        ("5 ₫", None, (5, "₫")),
        ("5", None, (5, "")),
        ("€5€", None, (None, "")),
        ("5 kg", None, (None, "")),
        ("5 %", None, (None, "")),
        ("from 5", None, (None, "")),
        ("€", None, (None, "")),
        ("--5", None, (None, "")),
    ],
)
def test_prices(text, mark, price):
    assert read_price(text, mark) == price


@pytest.mark.parametrize(
    ("text", "order", "date"),
    [
        ("12.03.2024", "dmy", "2024-03-12"),
        ("12/03/2024", "dmy", "2024-03-12"),
        ("12-3-2024", "dmy", "2024-03-12"),
        ("12. 3. 2024", "dmy", "2024-03-12"),
        ("12/03/2024", "mdy", "2024-12-03"),
        ("2024/3/12", "ymd", "2024-03-12"),
        ("2024. 3. 12.", "ymd", "2024-03-12"),
        ("2024-03-12", "mdy", "2024-03-12"),
        ("12.03.68", "dmy", "2068-03-12"),
        ("12.03.69", "dmy", "1969-03-12"),
        ("29.02.2024", "dmy", "2024-02-29"),
        ("29.02.2023", "dmy", None),
        ("31.12.2024 9:05", "dmy", "2024-12-31T09:05:00"),
        ("31.12.2024, 23:59:59", "dmy", "2024-12-31T23:59:59"),
        ("31.12.2024 24:01", "dmy", None),
        ("3/12/2024 2:05 PM", "mdy", "2024-03-12T14:05:00"),
        ("3/12/2024 12:05 am", "mdy", "2024-03-12T00:05:00"),
        ("3/12/2024 13:05 PM", "mdy", None),
        ("12.03.2024 10:00+09:00", "dmy", "2024-03-12T10:00:00+09:00"),
        ("12.03-2024", "dmy", None),
        ("12.03", "dmy", None),
        ("12.13.2024", "dmy", None),
        ("12.03.2024", None, None),
    ],
)
def test_dates(text, order, date):
    assert read_date(text, order) == date


@pytest.mark.parametrize(
    ("forms", "reason"),
    [
        ({"decimal": ";"}, "';' is no decimal mark: choose . or ,"),
        ({"dates": "dym"}, "unknown order of dates 'dym': did you mean"),
        ({"types": {"price": "nmber"}}, "unknown type of price 'nmber': did you mean number"),
    ],
)
def test_forms_that_there_are_not(forms, reason):
    with pytest.raises(ImgsimError, match=reason):
        CellForms(**forms)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["price"], "price: write NAME=TYPE, for example price=number"),
        (["=number"], "write NAME=TYPE"),
        (["price=monney"], "unknown type in price=monney 'monney': did you mean money"),
        (["price=money", "price=text"], "price=text: price is given twice"),
    ],
)
def test_types_that_cannot_be_told(texts, reason):
    with pytest.raises(ImgsimError, match=reason):
        parse_types(texts)


def test_what_is_asked_takes_the_place_of_what_was():
    before = CellForms(",", "dmy", {"price": "money", "code": "text"})
    after = before.updated(CellForms(".", None, {"code": None, "sold": "boolean"}))
    assert after == CellForms(".", "dmy", {"price": "money", "sold": "boolean"})
    assert CellForms(**after.kept()) == after
