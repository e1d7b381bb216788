"""What a page of a report holds, as a browser would read it."""

import base64
import io
import re
from html.parser import HTMLParser

import PIL.Image

VOID = {"meta", "img", "br", "link", "input"}
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_LOADED = {"src", "href", "srcset", "action", "data", "poster", "background"}


class Page(HTMLParser):
    """Reads a page: its tags with their attributes, and its texts by the tag that they are in."""

    def __init__(self, path):
        super().__init__()
        self.source = path.read_bytes().decode("utf-8")
        self.tags, self.texts, self._open = [], [], []
        self.feed(self.source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if data.strip() and self._open[-1:] != ["style"]:
            self.texts.append(data.strip())

    def all(self, tag):
        """Give the attributes of each such tag."""
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self):
        return " ".join(self.texts)

    @property
    def alts(self):
        return [image["alt"] for image in self.all("img")]

    @property
    def images(self):
        """Decode each picture."""
        sources = [image["src"].partition(";base64,") for image in self.all("img")]
        return [PIL.Image.open(io.BytesIO(base64.b64decode(data, validate=True))) for _, _, data in sources]


def check_alone(page):
    """Make sure that a page needs nothing but itself: no script, no network, one policy that says so."""
    assert {"http-equiv": "Content-Security-Policy", "content": POLICY} in page.all("meta")
    assert not page.all("script") + page.all("link") + page.all("iframe")
    loaded = [value for _, attributes in page.tags for name, value in attributes.items() if name in _LOADED]
    assert all(value.startswith(("data:image/", "#")) for value in loaded)
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert not re.search(r"https?:|@import|url\(", re.sub(r"base64,[\w+/=]+", "", page.source))
    assert all(attributes.get("alt") for attributes in page.all("img"))
    assert page.all("html") == [{"lang": "en"}]
