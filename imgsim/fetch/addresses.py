"""Addresses of photos: which can be asked, of which host, and how they are told without what is secret in them."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from imgsim.errors import ImgsimError

SCHEMES = {"http": 80, "https": 443}
LONGEST = 8000  # characters, more than servers take
_SECRET = re.compile(
    r"(?i)([?&;](?:[\w.~%-]*(?:token|secret|passw|signature|credential|api[_-]?key|auth)[\w.~%-]*|sig|key|pwd)=)[^&;#]+"
)
_USER = re.compile(r"(?i)\b(https?://)[^/?#\s@]*@")


class AddressError(ImgsimError):
    """An address that is not asked."""


class Address(NamedTuple):
    """An address that can be asked: in one form, the host's name, and the scheme, host and port that rules are of."""

    text: str
    host: str
    origin: str


def parse_address(text: str, page: str = "") -> Address:
    """Read an address as a table has it, perhaps as seen from its page; AddressError says why it cannot be asked.

    Examples
    --------
    >>> parse_address("//cdn.shop/a b.jpg#top", "https://shop/bag").text
    'https://cdn.shop/a%20b.jpg'
    """
    text = text.strip()
    if not text:
        raise AddressError("no address")
    if len(text) > LONGEST:
        raise AddressError(f"an address of {len(text):,} characters")
    parts = _split(text)
    if not parts.scheme and page:
        parts = _split(urljoin(page.strip(), text))
    if parts.scheme not in SCHEMES:
        raise AddressError("not an address that begins with http:// or https://" + _of_scheme(parts))
    host = _host(parts)
    plain = re.sub(r"[\s\0-\x1f]", lambda found: f"%{ord(found[0]):02X}", urldefrag(parts.geturl()).url)
    return Address(plain, host, f"{parts.scheme}://{host}:{_port(parts)}")


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise AddressError(f"not an address: {error}") from error


def _of_scheme(parts: SplitResult) -> str:
    return f", but with {parts.scheme}:" if re.fullmatch(r"[a-z][a-z0-9+.-]{1,20}", parts.scheme) else ""


def _host(parts: SplitResult) -> str:
    try:
        host = (parts.hostname or "").rstrip(".")
        named = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise AddressError("no host of this name can be") from error
    if not named or re.search(r"[\s%\\<>^`{|}]", named) or "\\" in parts.netloc:  # which programs read differently
        raise AddressError("there is no host in the address")
    return f"[{named}]" if ":" in named else named


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or SCHEMES[parts.scheme]
    except ValueError as error:
        raise AddressError("no such port") from error


def without_secrets(text: str) -> str:
    """Leave out of addresses in a text who asks and by which key, for what is read by others.

    Examples
    --------
    >>> without_secrets("https://me:pass@shop/a.jpg?w=80&token=abc")
    'https://shop/a.jpg?w=80&token=...'
    """
    return _SECRET.sub(r"\1...", without_user(text))


def without_user(text: str) -> str:
    """Leave the user's name and password out of addresses in a text."""
    return _USER.sub(r"\1", text)
