"""Addresses as tables have them, and names as file systems take them."""

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsim.fetch.addresses import AddressError, parse_address, without_secrets
from imgsim.fetch.arrived_photo import photo_name


@pytest.mark.parametrize(
    ("text", "page", "expected"),
    [
        (" https://a.shop/b.jpg \n", "", "https://a.shop/b.jpg"),
        ("HTTP://A.Shop/B.jpg#c", "", "http://A.Shop/B.jpg"),
        ("/b c.jpg", "https://a.shop/p", "https://a.shop/b%20c.jpg"),
        ("b.jpg?x=ü", "https://a.shop/p/1", "https://a.shop/p/b.jpg?x=ü"),
    ],
)
def test_addresses_that_can_be_asked(text, page, expected):
    assert parse_address(text, page).text == expected


@pytest.mark.parametrize(
    "text", ["", "b.jpg", "file:///etc/passwd", "javascript:alert(1)", "C:\\a.jpg", "http://a b/", "http://a:x/",
             "http://a\\@b/", "http://" + "a" * 70 + ".com/ü", "http://a/" + "b" * 9000, "//a/b"]
)  # fmt: skip
def test_addresses_that_cannot(text):
    if text.startswith("http://aaaa"):
        assert parse_address(text).host == "a" * 70 + ".com"
    else:
        with pytest.raises(AddressError):
            parse_address(text)


@given(st.text(), st.text())
def test_any_text_is_an_address_or_told_to_be_none(text, page):
    try:
        address = parse_address(text, page)
    except AddressError:
        return
    assert parse_address(address.text) == address


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("see https://me:pw@a.shop/x and http://k@b/?y", "see https://a.shop/x and http://b/?y"),
        ("https://a/?X-Amz-Signature=0f&w=1&sig=2&api_key=3", "https://a/?X-Amz-Signature=...&w=1&sig=...&api_key=..."),
        ("https://a/b@c?d=e@f", "https://a/b@c?d=e@f"),
    ],
)
def test_what_is_secret_is_left_out(text, told):
    assert without_secrets(text) == told


@given(st.text(max_size=300))
def test_a_name_is_one_that_every_file_system_takes(text):
    name = photo_name(text, "0123456789abcdef" * 2, ".jpg")
    assert name.endswith(".jpg")
    assert not set(name) & set('<>:"/\\|?*\0') | {one for one in name if unicodedata.category(one)[0] in "CZ"}
    assert len(os.fsencode(name)) <= 120
    assert name[0] not in ".-"
    assert unicodedata.normalize("NFC", name) == name


@pytest.mark.parametrize("text", ["CON", "nul", "..", "a/../../b", "-rf", "", "   ", "日本の鞄", "e\u0301", "x" * 500])
def test_names_that_are_trouble_elsewhere(text):
    name = photo_name(text, "0123456789abcdef" * 2, ".jpg")
    assert os.path.basename(name) == name
    assert name.upper().partition(".")[0] not in ("CON", "NUL")
